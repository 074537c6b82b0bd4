"""Runs a program of the predecessor's as its user would after changing the import lines."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["PROGRAMS", "converted", "run_program"]

PROGRAMS = Path(__file__).parent / "programs"

_NAMES = {"boto3_refresh_session": "evercreds", "boto3_client_cache": "evercreds.cache"}
_IMPORT = re.compile(rf"^(\s*(?:from|import)\s+)({'|'.join(_NAMES)})\b", re.MULTILINE)
_LONGEST_S = 120


def converted(program: str) -> str:
    """Change the import lines of a program, and nothing else."""
    return _IMPORT.sub(lambda found: found[1] + _NAMES[found[2]], program)


def run_program(name: str, environment: Mapping[str, str], directory: Path) -> list[str]:
    """Run one of the programs, and give the lines that it printed.

    Args:
        name: The program's, without its ending.
        environment: All that it has of one.
        directory: Where it runs, and where it is written to.
    """
    program = directory / f"{name}.py"
    program.write_text(converted((PROGRAMS / f"{name}.py").read_text()))
    done = subprocess.run(
        [sys.executable, str(program)],
        cwd=directory,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, f"{name}:\n{done.stdout}\n{done.stderr}"
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()
