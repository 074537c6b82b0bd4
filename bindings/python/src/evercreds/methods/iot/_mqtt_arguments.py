"""The checks of what ``mqtt()`` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evercreds._library import rules
from evercreds._library.options import given_as
from evercreds.errors import EvercredsConfigurationError, EvercredsValidationError
from evercreds.methods.iot import _material, _pkcs11
from evercreds.methods.iot._tls import ClientIdentity

__all__ = [
    "alpn_protocols",
    "callbacks",
    "client_id",
    "connection_identity",
    "data_endpoint",
    "keep_alive_s",
    "port_number",
    "signing_region",
    "switch",
    "transport_name",
]

_LONGEST_CLIENT_ID_BYTES = 128  # for AWS IoT; the protocol allows more
_SHORTEST_KEEP_ALIVE_S = 5  # an answer to a ping is waited for three seconds
_LONGEST_KEEP_ALIVE_S = 65535
_HTTPS_PORT = 443
_MQTT_PORT = 8883
_ALPN = {"x509": "x-amzn-mqtt-ca", "ws": "http/1.1"}


def data_endpoint(given: object) -> tuple[str, str]:
    """Check the endpoint for data; give it, and the region that it is in.

    Raises:
        EvercredsValidationError: It is none. Nobody but AWS is to see a signed request.
    """
    credentials_endpoint = rules.iot_endpoint(given) if isinstance(given, str) else None
    wanted = "must be the account's data endpoint, as in ID-ats.iot.REGION.amazonaws.com"
    if not isinstance(given, str) or credentials_endpoint is None:
        raise _refused("endpoint", f"{wanted}, got {given_as(given)}")
    if credentials_endpoint == given:
        raise _refused(
            "endpoint",
            f"{wanted}, got the credentials endpoint, which takes no MQTT: "
            "aws iot describe-endpoint --endpoint-type iot:Data-ATS tells the right one",
        )
    if ":" in given:
        raise _refused("endpoint", f"{wanted}, without a port: use the parameter port")
    return given, rules.region_of(credentials_endpoint)


def client_id(given: object) -> str:
    """Check the name of this client. Raises EvercredsValidationError."""
    if isinstance(given, str) and "\0" not in given:
        try:
            length = len(given.encode())
        except UnicodeEncodeError:  # half a character
            length = 0
        if 0 < length <= _LONGEST_CLIENT_ID_BYTES:
            return given
    raise _refused(
        "client_id",
        f"must be a string of 1 to {_LONGEST_CLIENT_ID_BYTES} bytes in UTF-8, without null "
        f"characters, got {given_as(given)}",
    )


def transport_name(given: object) -> str:
    """Check the transport. Raises EvercredsValidationError."""
    if not isinstance(given, str) or given not in _ALPN:
        raise _refused("transport", f"must be 'x509' or 'ws', got {given_as(given)}")
    return given


def keep_alive_s(given: object) -> int:
    """Check the seconds between pings. Raises EvercredsValidationError."""
    return _whole("keep_alive_secs", given, _SHORTEST_KEEP_ALIVE_S, _LONGEST_KEEP_ALIVE_S)


def switch(param: str, given: object) -> bool:
    """Check a truth value. Raises EvercredsValidationError."""
    if not isinstance(given, bool):
        raise _refused(param, f"must be True or False, got {given_as(given)}")
    return given


def callbacks(given: Mapping[str, object]) -> dict[str, Callable[..., None] | None]:
    """Check the user's functions, by their parameters' names. Raises EvercredsValidationError."""
    for param, function in given.items():
        if function is not None and not callable(function):
            raise _refused(param, f"must be callable, got {given_as(function)}")
    return dict(given)  # type: ignore[arg-type]


def port_number(given: object, transport: str, use_alpn: bool) -> int:
    """Check the port, or choose it. Raises EvercredsValidationError."""
    if given is None:
        return _HTTPS_PORT if use_alpn or transport == "ws" else _MQTT_PORT
    return _whole("port", given, 1, 65535)


def alpn_protocols(transport: str, port: int, use_alpn: bool) -> tuple[str, ...]:
    """Give the names for Application Layer Protocol Negotiation.

    On port 443 AWS IoT tells MQTT and HTTP apart by them, so that they are sent there in any case.

    Raises:
        EvercredsConfigurationError: ``use_alpn`` is given, and this system has none.
    """
    from awscrt.io import is_alpn_available

    if is_alpn_available():
        return (_ALPN[transport],) if use_alpn or port == _HTTPS_PORT else ()
    if use_alpn:
        raise EvercredsConfigurationError(
            "use_alpn: awscrt has no Application Layer Protocol Negotiation on this system",
            param="use_alpn",
        )
    return ()


def signing_region(given: object, of_endpoint: str, transport: str) -> str:
    """Check the region that requests are signed for; ``None``: that of the endpoint.

    Raises:
        EvercredsValidationError: It is no string; or another one, where there is something to
            sign, which the endpoint would refuse.
    """
    if given is not None and not isinstance(given, str):
        raise _refused("region", f"must be a string, got {given_as(given)}")
    if given is not None and given != of_endpoint and transport == "ws":
        raise _refused(
            "region", f"must be that of the endpoint, {of_endpoint!r}, or left out; got another one"
        )
    return of_endpoint


def connection_identity(
    own: ClientIdentity,
    transport: str,
    certificate: object,
    private_key: object,
    pkcs11: object,
    ca: object,
    alpn: tuple[str, ...],
) -> ClientIdentity:
    """Check what a TLS connection is made with; what is not given is the session's own.

    Args:
        own: The session's.

    Raises:
        EvercredsValidationError: One of them is not what it has to be.
        EvercredsConfigurationError: Both ``private_key`` and ``pkcs11`` are given.
    """
    has_token = pkcs11 is not None and pkcs11 != {}
    if private_key is not None and has_token:
        raise EvercredsConfigurationError(
            "at most one of private_key and pkcs11 can be given, got both",
            param="private_key/pkcs11",
        )
    shown = own.certificate
    if certificate is not None:
        shown = _material.certificates(certificate, "certificate")
    key, token = own.private_key, own.token
    if private_key is not None:
        key, token = _material.private_key(private_key), None
    elif has_token:
        key, token = None, _pkcs11.token(pkcs11)
    trusted = own.ca if ca is None else _material.certificates(ca, "ca")
    if transport == "ws":  # who this is, the signature tells
        shown = key = token = None
    return ClientIdentity(shown, key, token, trusted, verify_peer=True, alpn=alpn)


def _whole(param: str, given: object, least: int, most: int) -> int:
    is_whole = isinstance(given, int) and not isinstance(given, bool)
    if not is_whole or not least <= given <= most:  # type: ignore[operator]
        raise _refused(
            param, f"must be a whole number from {least} to {most}, got {given_as(given)}"
        )
    return int(given)  # type: ignore[call-overload, no-any-return]


def _refused(param: str, problem: str) -> EvercredsValidationError:
    return EvercredsValidationError(f"{param} {problem}", param=param)
