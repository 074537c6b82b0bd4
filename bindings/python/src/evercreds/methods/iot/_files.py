"""Files that the user names."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["existing_file"]


def existing_file(given: str | os.PathLike[str]) -> Path | None:
    """Give the path of a file that is there, with ``~`` expanded; ``None`` for any other text."""
    try:
        path = Path(given).expanduser()
        return path if path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # too long, no home, a null character
        return None
