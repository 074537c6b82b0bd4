"""The example of embedding the module is as small as its pages say, and right with threads.

`./task conformance` and `./task hosts` play all scenarios on it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EMBED = ROOT / "examples" / "embed"
MODULE = ROOT / "build" / "evercreds.wasm"
pytestmark = pytest.mark.once

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def lines_of_code(name: str) -> int:
    """Count the lines of a program without comments, docstrings and blanks."""
    path = EMBED / name
    prose: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case (
                ast.Module(body=[ast.Expr(ast.Constant(str())) as text, *_])
                | ast.ClassDef(body=[ast.Expr(ast.Constant(str())) as text, *_])
                | ast.FunctionDef(body=[ast.Expr(ast.Constant(str())) as text, *_])
            ):
                prose.update(range(text.lineno, (text.end_lineno or 0) + 1))
    with path.open("rb") as file:
        tokens = [t for t in tokenize.tokenize(file.readline) if t.type not in _NO_CODE]
    used = {line for t in tokens[1:] for line in range(t.start[0], t.end[0] + 1)}
    return len(used - prose)


@pytest.mark.parametrize(
    ("names", "bound"),
    [
        (["module.py", "core_executor.py"], 200),
        (["module.py", "words.py", "host.py", "host_executor.py"], 500),
        (["sharing.py", "scripted_store.py"], 250),
    ],
)
def test_an_embedder_is_small(names: list[str], bound: int) -> None:
    assert 50 < sum(map(lines_of_code, names)) < bound


def test_threads_fall_into_no_trap() -> None:
    """Threads ask and reject; the source answers; nobody gets a rejected set, all are woken."""
    pytest.importorskip("wasmtime")
    if not MODULE.exists():
        pytest.skip("build/evercreds.wasm is not built (./task build:wasm)")
    done = subprocess.run(
        [sys.executable, EMBED / "hammer.py", MODULE, "2"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(": 0 rejected sets served, 0 wake-ups lost\n"), done.stdout
