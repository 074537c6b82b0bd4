"""Sessions of the package under test, on the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import SessionMaker, StandIn
from defects.names import package


@pytest.fixture(autouse=True)
def say_what_is_right(request: pytest.FixtureRequest, record_property: Any) -> None:
    """Put the test's own sentence into the report."""
    record_property("right", request.function.__doc__)


@pytest.fixture
def sts_session(stand_in: StandIn, base_keys: None, role: str) -> Iterator[SessionMaker]:
    """Makes sessions on the stand-in, by default with this test's role."""
    made: list[Any] = []

    def make(**kwargs: Any) -> Any:
        kwargs.setdefault("assume_role_kwargs", {"RoleArn": role})
        kwargs.setdefault("sts_client_kwargs", {"endpoint_url": stand_in.endpoint})
        made.append(package.RefreshableSession(**kwargs))
        return made[-1]

    yield make
    for session in made:
        # The predecessor's sessions have no end.
        getattr(session, "close", lambda: None)()
