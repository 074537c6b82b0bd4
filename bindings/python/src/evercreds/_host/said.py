"""What is known of a failed attempt, in words that can be shown."""

from __future__ import annotations

import re
from typing import NamedTuple

from evercreds._library import abi_generated as abi
from evercreds.errors import EvercredsError

__all__ = [
    "NOTHING",
    "Said",
    "answered",
    "begin_with",
    "first_sentence",
    "own_word",
    "shown_name",
    "trouble_sentence",
]

_CODE = re.compile(abi.CODE_SHAPE)
_NAME = re.compile(abi.NAME_SHAPE)


class Said(NamedTuple):
    """What is known of a failed attempt."""

    code: str | None = None
    """The service's error code, or our word for what is wrong."""
    by_service: bool = False
    """A service has told it."""
    trouble: str | None = None
    """Our name for the trouble, where it is known."""


NOTHING = Said()
_TIMED_OUT = Said(abi.TIMED_OUT)


def answered(method: int, code: object, status: object, message: object) -> Said:
    """Read a service's answer. Of a code that does not look like one nothing is shown."""
    is_code = isinstance(code, str) and code not in abi.NO_CODES
    shown = str(code) if is_code and _CODE.fullmatch(str(code)) else ""
    begun = message if isinstance(message, str) else ""
    for methods, codes, statuses, start, trouble in abi.ANSWERS:
        by_code = shown in codes and begun.startswith(start)
        if method in methods and (by_code or (not shown and status in statuses)):
            return Said(shown or trouble, bool(shown), trouble)
    return Said(shown, True) if shown else NOTHING


def own_word(trouble: str) -> Said:
    """Name what kept a service from answering."""
    return Said(trouble, trouble=trouble)


def shown_name(name: object) -> str | None:
    """Give the name of a session or a role, if it can stand in a line."""
    if not isinstance(name, str) or len(name) > abi.LONGEST_NAME:
        return None
    return name if _NAME.fullmatch(name) else None


def first_sentence(method: int, code: int, role: str | None, said: Said) -> str:
    """Say what is wrong and what to do, by whose word, and what it was about."""
    text = abi.REASONS[code][1]
    if code not in abi.OF_ATTEMPTS:
        return text
    if code == abi.Code.TIMED_OUT:
        said = _TIMED_OUT
    if said.trouble is not None:
        text = abi.TROUBLES[said.trouble]
    service, doing = abi.SERVICES.get(method, abi.SERVICES[abi.Method.CUSTOM])
    facts = []
    if said.code is not None:
        facts.append(f"{service if said.by_service else abi.OWN_WORD}: {said.code}")
    if role is not None:
        facts.append(doing.replace("{role}", role))
    return f"{text} ({'; '.join(facts)})" if facts else text


def trouble_sentence(trouble: str) -> str:
    """Say what is wrong with a set-up, where no refresh has begun."""
    return f"{abi.TROUBLES[trouble]} ({abi.OWN_WORD}: {trouble})"


def begin_with(text: str, error: Exception) -> None:
    """Have an error of ours or of botocore's begin with a sentence, and no other."""
    arguments = error.args
    is_ours = isinstance(error, EvercredsError)
    if not (is_ours or type(error).__module__.startswith("botocore.")):
        return
    if arguments and isinstance(arguments[0], str) and not arguments[0].startswith(text):
        error.args = (f"{text}: {arguments[0]}", *arguments[1:])
        if is_ours:
            error.message = error.args[0]  # type: ignore[attr-defined]
