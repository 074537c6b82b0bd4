"""TLS with a certificate of one's own, as awscrt does it."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from typing import Any

from evercreds._immortal import keep_for_ever
from evercreds.errors import EvercredsConfigurationError
from evercreds.methods.iot._crt import error_name
from evercreds.methods.iot._material import Material
from evercreds.methods.iot._pkcs11 import Token, loaded_library

__all__ = ["ClientIdentity"]

# A token locks itself after a few wrong PINs, so that one is tried but once.
_WRONG_PIN = ("PIN_INCORRECT", "PIN_INVALID", "PIN_LEN_RANGE", "PIN_LOCKED", "PIN_EXPIRED")


@dataclasses.dataclass(frozen=True, slots=True)
class _Texts:
    certificate: bytes | None
    private_key: bytes | None
    ca: bytes | None

    def digest(self) -> bytes:
        """Name these texts in a form that does not tell them."""
        result = hashlib.sha256()
        for text in (self.certificate, self.private_key, self.ca):
            result.update(hashlib.sha256(b"-" if text is None else b"+" + text).digest())
        return result.digest()


class ClientIdentity:
    """Who this side is for a TLS peer, and whom it takes for that peer.

    Args:
        certificate: Of this side, with its chain if there is one; ``None``: it shows none.
        private_key: Of the certificate; ``None`` where a token has it.
        token: Has the private key; ``None`` where ``private_key`` is given.
        ca: The authorities to trust; ``None``: those of the system.
        verify_peer: Whether the peer must show a certificate of an authority that is trusted.
        alpn: The protocols to offer, where there is a choice.
    """

    def __init__(
        self,
        certificate: Material | None,
        private_key: Material | None,
        token: Token | None,
        ca: Material | None,
        verify_peer: bool,
        alpn: tuple[str, ...] = (),
    ) -> None:
        self.certificate = certificate
        self.private_key = private_key
        self.token = token
        self.ca = ca
        self.verify_peer = verify_peer
        self._alpn = alpn
        self._lock = threading.Lock()
        self._context: Any = None
        self._digest = b""
        self._wrong_pin = ""  # what awscrt called the refusal

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @property
    def may_change(self) -> bool:
        """Whether what is wrong with certificate or key now may be right at the next attempt.

        Files are replaced one after the other, so that for a moment they do not go together. And
        who takes a token out may put it in again.
        """
        texts = (self.certificate, self.private_key, self.ca)
        has_files = any(text is not None and text.may_change for text in texts)
        return not self._wrong_pin and (has_files or self.token is not None)

    def after_fork(self) -> None:
        """Give up, in a forked child, what was made in the parent."""
        keep_for_ever(self._context)
        self._lock, self._context, self._digest = threading.Lock(), None, b""

    def context(self) -> Any:
        """Give the ``awscrt.io.ClientTlsContext``: the same one until a text changes.

        Raises:
            EvercredsValidationError: A file cannot be read, or is not what it has to be.
            EvercredsConfigurationError: Certificate and key do not go together, or the token does
                not let its key be used.
        """
        from awscrt.io import ClientTlsContext

        with self._lock:
            texts = self._read()
            digest = texts.digest()
            if self._context is None or self._digest != digest:
                options = self._options(texts)
                try:
                    context = ClientTlsContext(options)
                except Exception as error:
                    raise self._unusable(error_name(error)) from None
                self._context, self._digest = context, digest
            return self._context

    def options(self) -> Any:
        """Make ``awscrt.io.TlsContextOptions``, for a context of the caller's. Raises as above."""
        return self._options(self._read())

    def _read(self) -> _Texts:
        return _Texts(
            None if self.certificate is None else self.certificate.read(),
            None if self.private_key is None else self.private_key.read(),
            None if self.ca is None else self.ca.read(),
        )

    def _options(self, texts: _Texts) -> Any:
        from awscrt.io import TlsContextOptions

        if self._wrong_pin:
            raise self._unusable(self._wrong_pin)
        if texts.certificate is None:
            options = TlsContextOptions()
        elif self.token is None:
            options = TlsContextOptions.create_client_with_mtls(
                texts.certificate, texts.private_key
            )
        else:
            # Any of these may be None, of which awscrt's own types know nothing.
            place: dict[str, Any] = {
                "slot_id": self.token.slot_id,
                "token_label": self.token.token_label,
                "private_key_label": self.token.private_key_label,
            }
            options = TlsContextOptions.create_client_with_mtls_pkcs11(
                pkcs11_lib=loaded_library(self.token.library),
                user_pin=self.token.user_pin,
                cert_file_contents=texts.certificate,
                **place,
            )
        if texts.ca is not None:
            options.override_default_trust_store(texts.ca)
        options.verify_peer = self.verify_peer
        options.alpn_list = list(self._alpn) or None
        return options

    def _unusable(self, name: str) -> EvercredsConfigurationError:
        if self.certificate is None:
            return EvercredsConfigurationError(f"ca cannot be used ({name})", param="ca")
        if self.token is None:
            return EvercredsConfigurationError(
                f"certificate, private_key and ca cannot be used, or do not go together ({name})",
                param="certificate/private_key",
            )
        if name.endswith(_WRONG_PIN):
            self._wrong_pin = name
        return EvercredsConfigurationError(
            "pkcs11: the token does not let the certificate's key be used: check user_pin, "
            f"slot_id, token_label and private_key_label ({name})",
            param="pkcs11",
        )
