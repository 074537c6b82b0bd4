# A clock moved by time-machine is heeded: a session serves, signs, and fetches again once the
# test moves past the expiry.
# framework: time-machine
# sets: 0
from datetime import datetime, timedelta, timezone

import time_machine
from evercreds import RefreshableSession

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
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=timezone.utc), tick=False) as clock:
        session = RefreshableSession(
            method="custom", custom_credentials_method=fetch, region_name="us-east-1"
        )
        s3 = session.client("s3")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        assert "TESTING1" in url
        clock.shift(timedelta(minutes=30))
        assert session.credentials["access_key"] == "TESTING1"
        clock.shift(timedelta(minutes=31))
        assert session.credentials["access_key"] == "TESTING2"
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        assert "TESTING2" in url


test_credentials_follow_the_clock_of_the_test()
