"""``method="custom"``: credentials from a function of yours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from evercreds._boto3.base import BaseCredentials
from evercreds._host.source import Source
from evercreds._library.options import given_as
from evercreds._session.shapes import Identity
from evercreds._sources.custom import NEVER_EXPIRES, CustomSource
from evercreds.errors import EvercredsValidationError
from evercreds.session import RefreshableSession

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from evercreds._session.shapes import SessionOptions

__all__ = ["NEVER_EXPIRES", "CustomRefreshableSession"]


class CustomRefreshableSession(RefreshableSession, method="custom", refresh_method="custom"):
    """A session with the credentials that a function gives.

    Args:
        custom_credentials_method: Returns a dict with ``access_key``, ``secret_key``, ``token``
            (strings) and ``expiry_time`` (ISO 8601 text or a datetime, with an offset; or
            ``NEVER_EXPIRES``), and optionally ``account_id``. It may be a coroutine function. It
            is called in a thread of its own, with the context variables of the caller, and may
            use clients of this session: they sign with the base credentials there.
        custom_credentials_method_args: Its keyword arguments. Default: none.
        **kwargs: As for :class:`RefreshableSession`.

    Raises:
        EvercredsValidationError: An argument is of the wrong type or out of range.
        TypeError: custom_credentials_method is missing, or a name is unknown.
    """

    if TYPE_CHECKING:
        # That of the factory, above, is not for this class and those below.
        def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...

    def __init__(
        self,
        custom_credentials_method: Callable[..., Any],
        custom_credentials_method_args: Mapping[str, Any] | None = None,
        **kwargs: Unpack[SessionOptions],
    ) -> None:
        if not callable(custom_credentials_method):
            raise EvercredsValidationError(
                "custom_credentials_method must be callable, got "
                f"{given_as(custom_credentials_method)}",
                param="custom_credentials_method",
            )
        arguments = custom_credentials_method_args
        if arguments is not None and not (
            isinstance(arguments, Mapping) and all(isinstance(name, str) for name in arguments)
        ):
            raise EvercredsValidationError(
                "custom_credentials_method_args must be a dict of keyword arguments, got "
                f"{given_as(arguments)}",
                param="custom_credentials_method_args",
            )
        self._custom_method = custom_credentials_method
        self._custom_arguments = {} if arguments is None else arguments
        super().__init__(**kwargs)

    def _make_source(self, base: BaseCredentials, timeout_s: float | None) -> Source:
        return CustomSource(self._custom_method, self._custom_arguments)

    def get_identity(self) -> Identity:
        """Name the source: ``{"method": "custom", "source": ...}``."""
        # Its repr might show arguments, so that an object without a name is called by its type.
        method = self._custom_method
        return {
            "method": "custom",
            "source": repr(getattr(method, "__name__", type(method).__name__)),
        }
