"""The package as it is installed from a wheel."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import evercreds
from evercreds._library.loading import library
from evercreds._library.wasm import WasmLibrary

pytestmark = pytest.mark.skipif(
    "EVERCREDS_INSTALLED" not in os.environ,
    reason="the package is not installed from a wheel (./task test:python-wheel does that)",
)


def test_it_is_the_installed_package_that_is_tested() -> None:
    here = Path(evercreds.__file__)
    assert here.is_relative_to(sys.prefix)
    listed = {str(path) for path in importlib.metadata.files("evercreds") or ()}
    assert "evercreds/__init__.py" in listed
    assert "evercreds/py.typed" in listed
    assert f"evercreds/_native/{'evercreds.wasm' if IS_FOR_ANY else 'libevercreds.so'}" in listed
    assert isinstance(library(), WasmLibrary) is IS_FOR_ANY


def test_nothing_of_it_needs_a_compiler() -> None:
    tags = importlib.metadata.distribution("evercreds").read_text("WHEEL") or ""
    assert "Root-Is-Purelib: false" in tags
    kind = "any" if IS_FOR_ANY else "manylinux_2_17_" if sys.platform == "linux" else "macosx_"
    assert f"Tag: py3-none-{kind}" in tags


IS_FOR_ANY = os.environ.get("EVERCREDS_INSTALLED") == "any"

# boto3 has no types of its own, and what derives from it is "partially unknown" for that alone.
_BOTO3 = ("base class", "metaclass", "partially unknown")


# Stubs: what they describe has its docstring where it is, and overloads are no annotation.
_OF_STUBS = ("No docstring found", "Overload[")


def test_every_public_name_has_a_type() -> None:
    """As a type checker sees it that reads the installed package."""
    command = ["-m", "pyright", "--verifytypes", "evercreds", "--ignoreexternal", "--outputjson"]
    # It looks for the package in the environment of the python that it finds on the PATH.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, *command],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    symbols = json.loads(done.stdout)["typeCompleteness"]["symbols"]
    assert len(symbols) > 100
    wrong = [
        f"{symbol['name']}: {diagnostic['message']}"
        for symbol in symbols
        for diagnostic in symbol["diagnostics"]
        if not any(text in diagnostic["message"] for text in _BOTO3 + _OF_STUBS)
    ]
    assert wrong == []
