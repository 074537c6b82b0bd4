"""What a new user's first program does, on an installed package alone."""

import datetime
import importlib.metadata
import sys
from pathlib import Path

import evercreds
from evercreds import RefreshableSession


def fetch():
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return {"access_key": "AKIA", "secret_key": "s", "token": "t", "expiry_time": expiry}


assert Path(evercreds.__file__).is_relative_to(sys.prefix), evercreds.__file__
assert importlib.metadata.version("evercreds") == evercreds.__version__
with RefreshableSession(method="custom", custom_credentials_method=fetch) as session:
    client = session.client("s3", region_name="us-east-1")
    url = client.generate_presigned_url("list_buckets")
    assert "X-Amz-Security-Token=t" in url or "x-amz-security-token=t" in url, url
    assert session.status().counters["installs"] == 1
print("wheel: installed alone, and used")
