"""How many histories are played, and by which library."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from conftest import ROOT
from evercreds._library import loading as _library

_SUFFIX = ".dylib" if sys.platform == "darwin" else ".so"

# The same histories each time, so that a failure is the change's. `./task test:python-properties`
# plays others, and more of them.
settings.register_profile(
    "quick",
    derandomize=True,
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "long",
    settings.get_profile("quick"),
    derandomize=False,
    max_examples=int(os.environ.get("EVERCREDS_EXAMPLES", "2000")),
    stateful_step_count=80,
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(autouse=True)
def quiet_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """What thousands of histories log is kept by nobody."""
    monkeypatch.setattr(logging.getLogger("evercreds"), "propagate", False)


@pytest.fixture
def library_that_fails(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use the build of the library that fails on demand, where there is one."""
    path = ROOT / "build" / f"libevercreds_panic{_SUFFIX}"
    if path.exists():
        monkeypatch.setenv("EVERCREDS_LIBRARY", str(path))
        monkeypatch.setattr(_library._loader, "_current", _library._Loader().get())
    return
