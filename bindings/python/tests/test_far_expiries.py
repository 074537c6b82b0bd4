"""Credentials that expire in a far year cost no processor time, and no time is negative."""

from __future__ import annotations

import time

import pytest

from evercreds import RefreshableSession

FAR = ["2099-01-01T00:00:00Z", "2300-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]


@pytest.mark.parametrize("expiry", FAR)
@pytest.mark.parametrize("is_deferred", [True, False], ids=["deferred", "eager"])
def test_a_far_expiry_is_a_long_life(expiry: str, is_deferred: bool) -> None:
    """Caller A asks; the source answers with a set for centuries; A is served, nothing spins."""
    fetches = 0

    def fetch() -> dict[str, str]:
        nonlocal fetches
        fetches += 1
        return {"access_key": "A", "secret_key": "s", "token": "t", "expiry_time": expiry}

    with RefreshableSession(
        method="custom",
        custom_credentials_method=fetch,
        defer_refresh=is_deferred,
        region_name="us-east-1",
    ) as session:
        assert session.get_credentials().get_frozen_credentials().access_key == "A"
        used = time.process_time()
        time.sleep(0.3)  # a timer that spins takes all of it
        assert time.process_time() - used < 0.2
        status = session.status()
        assert status.remaining is not None
        assert status.lifetime is not None
        assert min(status.remaining, status.lifetime) > 365 * 86_400
        assert fetches == 1
