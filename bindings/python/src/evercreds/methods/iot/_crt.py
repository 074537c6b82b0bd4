"""What awscrt says went wrong."""

from __future__ import annotations

import re

__all__ = ["error_name"]

_NAME = re.compile(r"\bAWS_[A-Z0-9_]+")


def error_name(error: BaseException) -> str:
    """Give the name of an error of awscrt's; nothing else of its text, which may quote things."""
    name = getattr(error, "name", None)
    found = _NAME.search(name if isinstance(name, str) else str(error))
    return found.group() if found else type(error).__name__
