"""What a set is for: what processes with the same record agree in.

docs/reference/sharing-stores.md has the rules.
"""

from __future__ import annotations

import hashlib
import urllib.parse
from collections.abc import Mapping
from typing import Any

__all__ = ["caller_principal", "custom_inputs", "endpoint_url", "iot_inputs", "sts_inputs"]

_PORTS = {"https": ":443", "http": ":80"}
_HOUR_S = 3600


def sts_inputs(
    parameters: Mapping[str, Any], session_name: str, endpoint: str, region: str, principal: str
) -> dict[str, Any]:
    """Give what AssumeRole's credentials are for.

    Args:
        parameters: Of AssumeRole. The one-time code is not among what counts.
        session_name: Where the parameters have none.
        endpoint: The URL that the client calls.
        region: That it signs for.
        principal: Who calls.

    Raises:
        ValueError: The endpoint is no such URL.
    """
    given = parameters.get
    return {
        "format": 1,
        "method": "sts",
        "role_arn": given("RoleArn") or "",
        "session_name": given("RoleSessionName") or session_name,
        "duration_s": given("DurationSeconds") or _HOUR_S,
        "external_id": given("ExternalId") or "",
        "source_identity": given("SourceIdentity") or "",
        "policy": given("Policy") or "",
        "policy_arns": sorted(each["arn"] for each in given("PolicyArns") or ()),
        "tags": sorted([each["Key"], each["Value"]] for each in given("Tags") or ()),
        "transitive_tag_keys": sorted(given("TransitiveTagKeys") or ()),
        "provided_contexts": sorted(
            [each.get("ProviderArn") or "", each.get("ContextAssertion") or ""]
            for each in given("ProvidedContexts") or ()
        ),
        "serial_number": given("SerialNumber") or "",
        "minimum_token_size": given("MinimumSessionTokenSize") or 0,
        "endpoint": endpoint_url(endpoint),
        "region": region,
        "principal": principal,
    }


def iot_inputs(
    endpoint: str, role_alias: str, thing_name: str | None, public_key: bytes
) -> dict[str, Any]:
    """Give what the credentials of a role alias are for.

    Args:
        endpoint: The host.
        role_alias: The alias.
        thing_name: The thing's name, if it is sent.
        public_key: The SubjectPublicKeyInfo of the certificate, in DER.
    """
    return {
        "format": 1,
        "method": "iot",
        "endpoint": endpoint.lower(),
        "role_alias": role_alias,
        "thing_name": thing_name or "",
        "certificate": hashlib.sha256(public_key).hexdigest(),
    }


def custom_inputs(share_id: str) -> dict[str, Any]:
    """Give what a function's credentials are for: the user's word."""
    return {"format": 1, "method": "custom", "share_id": share_id}


def endpoint_url(given: str) -> str:
    """Write a URL in one way. Raises ValueError where it has a user, a query or a fragment."""
    url = urllib.parse.urlsplit(given)
    if not url.scheme or not url.netloc or "@" in url.netloc or url.query or url.fragment:
        raise ValueError("the endpoint must be a URL without user, query and fragment")
    host = url.netloc.lower()
    host = host.removesuffix(_PORTS.get(url.scheme, "\0"))
    return f"{url.scheme}://{host}{url.path.rstrip('/')}"


def caller_principal(arn: str) -> str:
    """Name the caller of AWS: of a role without the session, since its processes are one."""
    # arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[5].startswith("assumed-role/"):
        parts[5] = "/".join(parts[5].split("/")[:2])
    return "caller:" + ":".join(parts)
