"""A PKCS#11 token of SoftHSM's with the stand-in's client keys in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

LABEL = "evercreds-things"
PIN = "86420975310"
_SO_PIN = "13579024680"
_KEYS = {"rsa": "rsa_private_key", "ec": "private_key"}
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


class SoftToken:
    """Where the token is; ``pkcs11`` makes the argument of a session."""

    def __init__(self, library: str) -> None:
        self.library = library
        self.label = LABEL
        self.pin = PIN

    def pkcs11(self, key: str, **changes: Any) -> dict[str, Any]:
        """Name a key, ``"rsa"`` or ``"ec"``."""
        return {
            "pkcs11_lib": self.library,
            "user_pin": self.pin,
            "token_label": self.label,
            "private_key_label": key,
            **changes,
        }


def softhsm_library() -> str:
    """Find SoftHSM; skip where there is none, or fail where CI is to have it."""
    given = os.environ.get("SOFTHSM2_LIBRARY")
    found = next((path for path in (given, *_PLACES) if path and Path(path).is_file()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        reason = "SoftHSM is not installed (./task services installs it)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def soft_token(directory: Path, introduction: dict[str, str]) -> Iterator[SoftToken]:
    """Make a token in a directory, with the keys that the stand-in's introduction names.

    It is one for all tests of a process: SoftHSM reads where its tokens are but once.
    """
    library = softhsm_library()
    (directory / "tokens").mkdir()
    configuration = directory / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {directory / 'tokens'}\nobjectstore.backend = file\n"
        "log.level = ERROR\n"
    )
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    _util("--init-token", "--free", "--label", LABEL, "--so-pin", _SO_PIN)
    for number, (label, key) in enumerate(_KEYS.items(), 1):
        _util(
            *("--import", introduction[key], "--token", LABEL),
            *("--label", label, "--id", f"{number:02}"),
        )
    yield SoftToken(library)
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def _util(*arguments: str) -> None:
    command = ["softhsm2-util", *arguments, "--pin", PIN]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
