# A clock frozen by freezegun is heeded: a session serves, signs, and fetches again once the test
# moves past the expiry.
# framework: freezegun
# sets: 0
# short: yes
from datetime import datetime, timedelta, timezone

from evercreds import RefreshableSession
from freezegun import freeze_time

fetched = 0


def fetch() -> dict[str, str]:
    """Give credentials that live for an hour of the clock that the test moves."""
    global fetched
    fetched += 1
    expiry = datetime.now(timezone.utc) + timedelta(hours=1)
    return {
        "access_key": f"TESTING{fetched}",
        "secret_key": "testing",
        "token": "testing",
        "expiry_time": expiry.isoformat(),
    }


def test_credentials_follow_the_clock_of_the_test() -> None:
    with freeze_time("2030-01-01") as clock:
        session = RefreshableSession(
            method="custom", custom_credentials_method=fetch, region_name="us-east-1"
        )
        s3 = session.client("s3")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        assert "TESTING1" in url
        clock.tick(timedelta(minutes=30))
        assert session.credentials["access_key"] == "TESTING1"
        clock.tick(timedelta(minutes=31))
        assert session.credentials["access_key"] == "TESTING2"
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        assert "TESTING2" in url


test_credentials_follow_the_clock_of_the_test()
