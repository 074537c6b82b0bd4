"""Tells PyInstaller where the package's hook is (its manual, "Providing PyInstaller Hooks")."""

from __future__ import annotations

from pathlib import Path

__all__ = ["get_hook_dirs"]


def get_hook_dirs() -> list[str]:
    """Name the folder of the hook."""
    return [str(Path(__file__).parent)]
