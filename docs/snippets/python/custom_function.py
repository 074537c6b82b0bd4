from datetime import datetime, timedelta, timezone


class Vault:
    def read(self, path: str) -> dict[str, str]:
        end = datetime.now(timezone.utc) + timedelta(hours=1)
        return {"access_key": path, "secret_key": "s", "token": "t", "end": end.isoformat()}


vault = Vault()

from typing import Any

from evercreds import RefreshableSession


def fetch() -> dict[str, Any]:
    lease = vault.read("aws/job")
    return {
        "access_key": lease["access_key"],
        "secret_key": lease["secret_key"],
        "token": lease["token"],
        "expiry_time": lease["end"],  # RFC 3339 text with an offset, or an aware datetime
    }


session = RefreshableSession(method="custom", custom_credentials_method=fetch)
assert session.credentials["access_key"] == "aws/job"
