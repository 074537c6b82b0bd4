"""freezegun sets the clock: an hour passes at once. time-machine does it too."""

from datetime import datetime, timedelta, timezone

from evercreds import RefreshableSession
from freezegun import freeze_time

fetched = 0


def fetch() -> dict[str, str]:
    global fetched
    fetched += 1
    expiry = datetime.now(timezone.utc) + timedelta(hours=1)
    return {
        "access_key": f"TESTING{fetched}",
        "secret_key": "testing",
        "token": "testing",
        "expiry_time": expiry.isoformat(),
    }


def test_credentials_follow_the_clock() -> None:
    with freeze_time("2030-01-01") as clock:
        session = RefreshableSession(
            method="custom", custom_credentials_method=fetch, region_name="us-east-1"
        )
        assert session.credentials["access_key"] == "TESTING1"
        clock.tick(timedelta(minutes=30))
        assert session.credentials["access_key"] == "TESTING1"
        clock.tick(timedelta(minutes=31))
        assert session.credentials["access_key"] == "TESTING2"
