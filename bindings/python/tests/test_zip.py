"""The package is imported from a zip, where no file of it can be opened."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import evercreds
from conftest import ROOT

PROGRAM = """
import os, sys
sys.path.insert(0, sys.argv[1])
import evercreds
from evercreds import NEVER_EXPIRES, RefreshableSession

assert sys.argv[1] in evercreds.__file__, evercreds.__file__
keys = {"access_key": "a", "secret_key": "s", "token": "t", "expiry_time": NEVER_EXPIRES}
session = RefreshableSession(
    method="custom", custom_credentials_method=lambda: keys, region_name="us-east-1"
)
assert session.credentials["access_key"] == "a"
child = os.fork()
if not child:
    session.refresh()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.parametrize("name", ["shared library", "module"])
def test_a_session_from_a_zip(name: str, tmp_path: Path) -> None:
    package = Path(evercreds.__file__).parent
    module = ROOT / "build" / "evercreds.wasm"
    if name == "module" and not (module.exists() and find_spec("wasmtime")):
        pytest.skip("there is no module, or nothing that runs it")
    if name == "shared library" and not [*package.glob("_native/libevercreds.*")]:
        pytest.skip("there is no shared library here")
    packed = tmp_path / "packages.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in package.rglob("*"):
            if file.is_file() and file.parent.name not in ("_native", "__pycache__"):
                archive.write(file, file.relative_to(package.parent))
        if name == "module":
            archive.write(module, "evercreds/_native/evercreds.wasm")
        for library in package.glob("_native/libevercreds.*") if name != "module" else ():
            archive.write(library, library.relative_to(package.parent))
    ran = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", PROGRAM, str(packed)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
