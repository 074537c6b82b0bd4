"""Methods that users register."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from evercreds import CustomRefreshableSession, EvercredsWarning, RefreshableSession

GOOD = {
    "access_key": "ASIAOWN",
    "secret_key": "secret",
    "token": "token",
    "expiry_time": "2999-01-01T00:00:00Z",
}


@pytest.fixture(autouse=True)
def methods() -> Iterator[dict[str, Any]]:
    """The methods that are registered; they are put back as they were."""
    registered = RefreshableSession._methods
    before = dict(registered)
    yield registered
    registered.clear()
    registered.update(before)


def test_a_class_of_ones_own_is_made_by_the_factory() -> None:
    class Own(CustomRefreshableSession, method="own"):
        """What a user derives."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(lambda: GOOD, **kwargs)

    session = RefreshableSession(method="own", region_name="eu-west-1")
    assert type(session) is Own
    assert session.credentials["access_key"] == "ASIAOWN"
    assert session.refresh_method == session.get_credentials().method == "own"
    assert "own" in RefreshableSession.get_available_methods()


def test_a_name_that_is_taken_is_taken_over_with_a_warning(methods: dict[str, Any]) -> None:
    with pytest.warns(EvercredsWarning, match="'custom'") as caught:

        class Own(CustomRefreshableSession, method="custom"):
            """What a user derives."""

    assert caught[0].filename == __file__
    assert methods["custom"] is Own
