"""Plays histories with botocore's RefreshableCredentials, on a clock of its own."""

import datetime
import json
import logging
import sys

from botocore.credentials import DeferredRefreshableCredentials

logging.getLogger("botocore").setLevel(logging.CRITICAL)


def play(asks):
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    state = {"sets": 0, "called": False}

    def source():
        state["called"] = True
        if ask["fails"]:
            raise OSError("the source is down")
        state["sets"] += 1
        expiry = now + datetime.timedelta(milliseconds=ask["lifetime_ms"])
        return {
            "access_key": str(state["sets"]),
            "secret_key": "x",
            "token": "x",
            "expiry_time": expiry.isoformat(),
        }

    credentials = DeferredRefreshableCredentials(source, "model", time_fetcher=lambda: now)
    answers = []
    for ask in asks:
        now += datetime.timedelta(milliseconds=ask["after_ms"])
        state["called"] = False
        try:
            served = int(credentials.get_frozen_credentials().access_key)
        except Exception:
            served = 0
        answers.append({"served": served, "called": state["called"]})
    return answers


print(json.dumps([play(history) for history in json.load(sys.stdin)]))
