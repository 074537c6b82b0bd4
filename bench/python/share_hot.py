"""What fresh credentials cost a caller whose session shares: beside one that does not.

The store is a directory, and one whose calls never return, which are under way meanwhile. The
rounds are interleaved; `./task share -- store-hang` judges their ratios.
"""

from __future__ import annotations

import datetime
import tempfile
import threading
import time
from typing import Any

from evercreds import RefreshableSession
from rounds import fewer, interleave, per_call

ROUNDS = fewer(21, 5)
CALLS = fewer(20_000, 2_000)


class HungStore:
    """A store that takes calls and says nothing."""

    def __init__(self) -> None:
        self.ends = threading.Event()
        self.asked = 0

    def _hang(self, *given: Any, **more: Any) -> Any:
        self.asked += 1
        self.ends.wait()
        raise ConnectionError

    read = campaign = publish = resign = _hang


def fetch() -> dict[str, str]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    keys = dict.fromkeys(("access_key", "secret_key", "token"), "A")
    return keys | {"expiry_time": expiry.isoformat()}


def session_of(**share: Any) -> RefreshableSession:
    return RefreshableSession(
        method="custom", custom_credentials_method=fetch, region_name="us-east-1", **share
    )


def main() -> None:
    hung = HungStore()
    with tempfile.TemporaryDirectory() as directory:
        sessions = {
            "off": session_of(),
            "on": session_of(share=directory, share_id="bench"),
            "hung": session_of(share=hung, share_key=b"k" * 32, share_id="bench"),
        }
        contenders = {}
        for name, session in sessions.items():
            call = session.get_credentials().get_frozen_credentials
            call()
            contenders[name] = per_call(call, CALLS, "ns")
        while not hung.asked:
            time.sleep(0.01)
        interleave("python-share-hot", "ns", ROUNDS, contenders)
        assert hung.asked <= 8, "a caller inside a lease asks the store"
        hung.ends.set()
        for session in sessions.values():
            session.close()


if __name__ == "__main__":
    main()
