"""Runs a program of the predecessor's as its user would after changing the import lines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["PROGRAMS", "Interpreter", "converted", "interpreters"]

PROGRAMS = Path(__file__).parent / "programs"

_NAMES = {"boto3_refresh_session": "evercreds", "boto3_client_cache": "evercreds.cache"}
_IMPORT = re.compile(rf"^(\s*(?:from|import)\s+)({'|'.join(_NAMES)})\b", re.MULTILINE)
_LONGEST_S = 120


def converted(program: str) -> str:
    """Change the import lines of a program, and nothing else."""
    return _IMPORT.sub(lambda found: found[1] + _NAMES[found[2]], program)


class Interpreter:
    """A Python that has one of the two packages.

    Args:
        executable: Its path.
        is_predecessor: Whether it has boto3-refresh-session, for which programs stay as they are.
    """

    def __init__(self, executable: str, *, is_predecessor: bool) -> None:
        self.executable = executable
        self.is_predecessor = is_predecessor

    def __repr__(self) -> str:
        return "boto3-refresh-session" if self.is_predecessor else "evercreds"

    def run(self, name: str, environment: Mapping[str, str], directory: Path) -> list[str]:
        """Run one of the programs, and give the lines that it printed.

        Args:
            name: The program's, without its ending.
            environment: All that it has of one.
            directory: Where it runs, and where it is written to.
        """
        text = (PROGRAMS / f"{name}.py").read_text()
        program = directory / f"{name}.py"
        program.write_text(text if self.is_predecessor else converted(text))
        done = subprocess.run(
            [self.executable, str(program)],
            cwd=directory,
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
        assert done.returncode == 0, f"{name} on {self}:\n{done.stdout}\n{done.stderr}"
        assert self.is_predecessor or not done.stderr, done.stderr
        return done.stdout.splitlines()


def interpreters() -> list[Interpreter]:
    """Give the interpreters to run with: this one, and the predecessor's if one is named."""
    found = [Interpreter(sys.executable, is_predecessor=False)]
    other = os.environ.get("EVERCREDS_PREDECESSOR_PYTHON")
    if other:
        found.append(Interpreter(other, is_predecessor=True))
    return found
