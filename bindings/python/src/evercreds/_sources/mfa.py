"""One-time codes for AssumeRole: one per refresh, and none sent twice."""

from __future__ import annotations

import hashlib
import inspect
import os
import secrets
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any

from evercreds._errors.frames import calls_user_code
from evercreds._host.marks import cancelled
from evercreds._library import rules
from evercreds._library.options import given_as, is_token_code
from evercreds._sources.command import run
from evercreds._waiting.bell import Bell
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsCredentialError,
    EvercredsValidationError,
)

__all__ = [
    "SUBPROCESS_ALLOWED_PARAMETERS",
    "MfaProvider",
    "OneTimeCodes",
    "TokenProvider",
    "mfa_provider",
    "send_once",
]

TokenProvider = Callable[..., str] | str | list[str]
MfaProvider = Callable[[], str]

_PARAM = "mfa_token_provider"
_TIMEOUT_S = 30
_CODE_LASTS_MS = 30_000  # until the next one of a device
_ALLOWED = frozenset(
    {*inspect.signature(subprocess.run).parameters, *inspect.signature(subprocess.Popen).parameters}
) - {"popenargs", "kwargs", "args"}
_CAPTURED = ("stdout", "stderr")
# What would run something else than the command that was given.
_UNSAFE = ("shell", "executable", "preexec_fn")

SUBPROCESS_ALLOWED_PARAMETERS = _ALLOWED.difference(_CAPTURED, _UNSAFE)
"""What mfa_token_provider_kwargs may have in it for a command."""


def mfa_provider(
    provider: TokenProvider, kwargs: Mapping[str, Any] | None, *, is_attended: bool = False
) -> MfaProvider:
    """Check a provider of codes and its arguments, and make one function of them.

    A command that a person attends may ask on the terminal, and has no end of its own.

    Raises:
        EvercredsValidationError: The provider or its arguments are of the wrong type.
        EvercredsConfigurationError: A command that is empty, or arguments that it cannot have.
    """
    if kwargs is not None and not isinstance(kwargs, Mapping):
        raise EvercredsValidationError(
            f"mfa_token_provider_kwargs must be a dict, got {given_as(kwargs)}",
            param="mfa_token_provider_kwargs",
        )
    arguments = dict(kwargs or {})
    if isinstance(provider, str):
        command = _split(provider)
    elif isinstance(provider, list) and all(isinstance(part, str) for part in provider):
        command = list(provider)
    elif callable(provider):
        return lambda: _from_callable(provider, arguments)
    else:
        raise EvercredsValidationError(
            "mfa_token_provider must be a callable, a command, or the command and its arguments "
            f"as a list of strings, got {given_as(provider)}",
            param=_PARAM,
        )
    if not command or not command[0].strip():
        raise EvercredsConfigurationError("mfa_token_provider: the command is empty", param=_PARAM)
    options = _options(arguments, is_attended)
    return lambda: _from_command(command, options)


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command, posix=os.name != "nt")
    except ValueError:
        # The text of the command may hold a secret, so it is not repeated.
        raise EvercredsConfigurationError(
            "mfa_token_provider has an unterminated quote", param=_PARAM
        ) from None


def _options(arguments: dict[str, Any], is_attended: bool) -> dict[str, Any]:
    for name in arguments:
        unsafe = name in _UNSAFE and arguments[name]
        if name not in _ALLOWED or name in _CAPTURED or unsafe:
            raise EvercredsConfigurationError(
                f"Invalid mfa_token_provider_kwargs: {name!r} cannot be given for a command",
                param="mfa_token_provider_kwargs",
            )
    kept = {name: value for name, value in arguments.items() if name not in _UNSAFE}
    kept.pop("capture_output", None)
    stderr = None if is_attended else subprocess.DEVNULL
    timeout = None if is_attended else _TIMEOUT_S
    return {"timeout": timeout, **kept, "stderr": stderr}


@calls_user_code
def _from_callable(provider: Callable[..., str], arguments: dict[str, Any]) -> str:
    try:
        code = provider(**arguments)
    except Exception as error:
        raise EvercredsCredentialError(
            f"mfa_token_provider raised {type(error).__name__}", code="mfa_refused", param=_PARAM
        ) from error
    if not is_token_code(code):
        form = f"{len(code)} characters" if isinstance(code, str) else type(code).__name__
        raise EvercredsValidationError(
            f"mfa_token_provider must return a string of six digits, got {form}", param=_PARAM
        )
    return code


def _from_command(command: list[str], options: dict[str, Any]) -> str:
    """Run the command. Neither it nor its output goes into an error: both may hold secrets."""
    try:
        output, is_cut = run(command, **options)
    except OSError as error:
        problem = _not_started(error, options.get("cwd"))
    except subprocess.TimeoutExpired as error:
        problem = _failed("the command timed out", code="mfa_timed_out", timeout=error.timeout)
    except subprocess.CalledProcessError as error:
        problem = _failed("the command failed", returncode=error.returncode)
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError):
        # subprocess has no check of its own for many of them: it fails where it uses them.
        problem = _failed("Invalid mfa_token_provider_kwargs")
    else:
        code = rules.mfa_code(output, is_cut=is_cut)
        if code is not None:
            return code
        problem = _failed("the command printed no six-digit code")
    raise problem  # out here, or the command would be in its context


def _not_started(error: OSError, cwd: Any) -> EvercredsConfigurationError:
    if isinstance(error, PermissionError):
        return _failed("Permission denied")
    if cwd is not None and not os.path.isdir(cwd):
        return _failed("there is no directory at the cwd of mfa_token_provider_kwargs")
    if isinstance(error, FileNotFoundError):
        return _failed("the command was not found")
    return _failed("Error occurred", errno=error.errno)


def _failed(
    problem: str, *, code: str | None = None, **details: Any
) -> EvercredsConfigurationError:
    return EvercredsConfigurationError(
        f"mfa_token_provider: {problem}", code=code, param=_PARAM, details=details or None
    )


class OneTimeCodes:
    """Remembers which code was sent last, in a form that does not tell it."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._last: bytes | None = None

    def use(self, code: str) -> str:
        """Give the code, once.

        Raises:
            EvercredsCredentialError: It was sent already, so that the service would refuse it.
        """
        named = hashlib.sha256(self._salt + code.encode()).digest()
        if named == self._last:
            raise EvercredsCredentialError(
                "the one-time code was sent before, and a service accepts a code only once: each "
                "refresh needs a new code (from mfa_token_provider)",
                code="mfa_code_reused",
                param="TokenCode",
            )
        self._last = named
        return code


def send_once(
    age_ms: Callable[[str, str], int | None],
    serial: str,
    parameters: dict[str, Any],
    another: MfaProvider | None,
) -> None:
    """Have a code sent once by all processes that share, whichever gets it.

    Args:
        age_ms: Writes down that a code is sent, and tells how long ago it was sent before.
        serial: Of the device.
        parameters: Of AssumeRole; another code may take the place of the one in there.
        another: Gives a code without asking a person. ``None``: there is only this one.

    Raises:
        EvercredsCredentialError: It was sent before.
        Exception: It cannot be written down; so it must not be sent.
    """
    for is_last in (another is None, True):
        sent_ago_ms = age_ms(serial, parameters["TokenCode"])
        if sent_ago_ms is None:
            return
        if is_last or another is None:
            break
        bell, end = cancelled(), time.monotonic() + max(0, _CODE_LASTS_MS - sent_ago_ms) / 1000
        (bell or Bell()).wait(lambda end=end: end - time.monotonic())  # type: ignore[misc]
        parameters["TokenCode"] = another()
    raise EvercredsCredentialError(
        "another process has sent this one-time code, and a service accepts a code only once: wait "
        "for the next code",
        code="mfa_code_reused",
        param="TokenCode",
    )
