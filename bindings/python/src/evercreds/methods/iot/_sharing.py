"""What the credentials of a role alias are for, to those who share them."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificates

from evercreds.methods.iot._tls import ClientIdentity
from evercreds.share._names import iot_inputs

__all__ = ["inputs_of"]


def inputs_of(
    endpoint: str, role_alias: str, thing_name: str | None, identity: ClientIdentity
) -> dict[str, Any]:
    """Tell it by the certificate's public key, which is read anew, as for each request."""
    assert identity.certificate is not None, "a session shows a certificate"
    first = load_pem_x509_certificates(identity.certificate.read())[0]
    public_key = first.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return iot_inputs(endpoint, role_alias, thing_name, public_key)
