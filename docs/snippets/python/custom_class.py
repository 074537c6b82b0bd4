import typing
from datetime import datetime, timedelta, timezone


def read_vault(path: str) -> dict[str, typing.Any]:
    end = datetime.now(timezone.utc) + timedelta(hours=1)
    return {"access_key": path, "secret_key": "s", "token": "t", "expiry_time": end}


from typing import Any

from evercreds import RefreshableSession


class VaultSession(RefreshableSession, method="vault"):
    def __init__(self, path: str, **kwargs: Any) -> None:
        self.path = path
        super().__init__(**kwargs)

    def fetch_credentials(self) -> dict[str, Any]:
        return read_vault(self.path)  # access_key, secret_key, token, expiry_time


session = VaultSession(path="aws/job", region_name="us-east-1")
assert session.credentials["access_key"] == "aws/job"
