"""TLS with a certificate of one's own, as awscrt does it."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from evercreds._library.immortal import keep_for_ever
from evercreds.errors import EvercredsConfigurationError, EvercredsValidationError
from evercreds.methods.iot._crt import error_name
from evercreds.methods.iot._login import Login, is_of_token, token_problem
from evercreds.methods.iot._material import Material
from evercreds.methods.iot._pkcs11 import Token

__all__ = ["ClientIdentity"]

# Who replaces two files does it one after the other, and for a moment they do not go together. A
# little patience spares a caller that error. On a busy machine the moment may be long.
_PATIENCE_S = 1.0
_PAUSE_S = 0.02


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
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
        self.alpn = alpn
        self._lock = threading.Lock()
        self._context: Any = None
        self._login: Login | None = None  # which the context is of, where there is a token
        self._digest = b""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @property
    def may_change(self) -> bool:
        """Whether what is wrong with certificate or key now may be right at the next attempt.

        Files are replaced one after the other, so that for a moment they do not go together. And
        who takes a token out may put it in again.
        """
        return self._has_files or self.token is not None

    @property
    def _has_files(self) -> bool:
        texts = (self.certificate, self.private_key, self.ca)
        return any(text is not None and text.may_change for text in texts)

    def after_fork(self) -> None:
        """Give up, in a forked child, what was made in the parent."""
        keep_for_ever(self._context)
        keep_for_ever(self._login)
        self._lock, self._context, self._digest = threading.Lock(), None, b""
        self._login = None

    def context(self) -> Any:
        """Give the ``awscrt.io.ClientTlsContext``, as ``lease`` does, but not for a handshake."""
        context, leave = self.lease()
        leave()
        return context

    def lease(self, patience_s: float = _PATIENCE_S) -> tuple[Any, Callable[[], None]]:
        """Give the ``awscrt.io.ClientTlsContext``: the same one until a text changes.

        Args:
            patience_s: How long to read files again that do not go together.

        Returns:
            The context, and what is to be called when its handshake has ended: until then nobody
            begins the library of its token anew.

        Raises:
            EvercredsValidationError: A file cannot be read, or is not what it has to be.
            EvercredsConfigurationError: Certificate and key do not go together, or the token does
                not let its key be used.
        """
        end = time.monotonic() + patience_s
        with self._lock:
            while True:
                try:
                    return self._lease_of(self._read())
                except (EvercredsValidationError, EvercredsConfigurationError) as error:
                    is_of_files = self._has_files and error.param != "pkcs11"
                    if not is_of_files or time.monotonic() >= end:
                        raise
                # At random: who replaces them time and again must not be met in step.
                time.sleep(_PAUSE_S * random.uniform(0.5, 1.5))

    def drop(self, context: Any) -> None:
        """Give up a context whose token has forgotten its login."""
        with self._lock:
            if self._context is context:
                self._context = self._login = None

    def token_problem(self, name: str) -> EvercredsConfigurationError:
        """Make the error for a handshake that the token has failed; ``name`` is awscrt's."""
        assert self.token is not None
        return token_problem(self.token, name)

    def _read(self) -> _Texts:
        return _Texts(
            None if self.certificate is None else self.certificate.read(),
            None if self.private_key is None else self.private_key.read(),
            None if self.ca is None else self.ca.read(),
        )

    def _lease_of(self, texts: _Texts) -> tuple[Any, Callable[[], None]]:
        digest = texts.digest()
        is_same = self._context is not None and self._digest == digest
        if self.token is None:
            if not is_same:
                self._context, self._digest = self._made(texts), digest
            return self._context, _nothing
        if self._login is None or not is_same or not self._login.enter():
            if self._login is not None and not self._login.is_good():
                # To close its session might close another's that has the same number now.
                keep_for_ever(self._login)
            self._login = Login.new(self.token, lambda handle: self._made(texts, handle))
            self._context, self._digest = self._login.context, digest
        return self._context, self._login.library.leave

    def _made(self, texts: _Texts, library: Any = None) -> Any:
        from awscrt.io import ClientTlsContext

        try:
            return ClientTlsContext(self._options(texts, library))
        except Exception as error:
            name = error_name(error)
            if is_of_token(name):
                raise
            raise self._unusable(name) from None

    def _options(self, texts: _Texts, library: Any) -> Any:
        from awscrt.io import TlsContextOptions, TlsVersion

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
                pkcs11_lib=library,
                user_pin=self.token.user_pin,
                cert_file_contents=texts.certificate,
                **place,
            )
        if texts.ca is not None:
            options.override_default_trust_store(texts.ca)
        options.min_tls_ver = TlsVersion.TLSv1_2
        options.verify_peer = self.verify_peer
        options.alpn_list = list(self.alpn) or None
        return options

    def _unusable(self, name: str) -> EvercredsConfigurationError:
        if self.certificate is None:
            return EvercredsConfigurationError(f"ca cannot be used ({name})", param="ca")
        if self.token is not None:
            return EvercredsConfigurationError(
                f"certificate or ca cannot be used ({name})", param="certificate"
            )
        return EvercredsConfigurationError(
            f"certificate, private_key and ca cannot be used, or do not match ({name})",
            param="certificate/private_key",
        )


def _nothing() -> None:
    """Leave what was not entered."""
