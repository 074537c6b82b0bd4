"""What commands print and how they end, in a table that every language is held to."""

from __future__ import annotations

import json
import os
import pathlib
import threading
import tracemalloc
from typing import Any

import pytest

from evercreds._library import abi_generated as abi
from evercreds._sources import replies as _replies
from evercreds._sources.mfa import mfa_provider
from evercreds.errors import EvercredsError

ROWS: list[dict[str, Any]] = json.loads(
    (pathlib.Path(__file__).parents[3] / "testdata" / "sources" / "mfa.json").read_text()
)["rows"]
CLASSES = {abi.ErrorClass.PERMANENT: "permanent", abi.ErrorClass.RECOVERABLE: "recoverable"}


@pytest.mark.skipif(os.name == "nt", reason="the table's commands are a Unix shell's")
@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_commands_for_codes_are_judged_alike(row: dict[str, Any]) -> None:
    kwargs = {"timeout": row["timeout_s"]} if "timeout_s" in row else None
    provider = mfa_provider(row["command"], kwargs)
    tracemalloc.start()
    try:
        assert provider() == "123456"
        outcome = "accepted"
    except EvercredsError as error:
        outcome = CLASSES[abi.ErrorClass(_replies.classify(abi.Method.STS, error).error_class)]
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert outcome == row["class"]
    assert peak < 4 << 20


def test_a_command_reads_what_it_is_given() -> None:
    provider = mfa_provider(["cat"], {"input": "code 123456\n" + "x" * 200_000})
    with pytest.raises(EvercredsError, match="no six-digit code"):
        provider()
    assert mfa_provider(["cat"], {"input": "x" * 200_000 + " 123456"})() == "123456"
    assert mfa_provider(["cat"], {"input": "123456", "encoding": "utf-16"})() == "123456"


def test_no_thread_is_left() -> None:
    before = set(threading.enumerate())  # one may wait for the child that goes on
    for _ in range(5):
        assert mfa_provider(["echo", "123456"], None)() == "123456"
    assert not [t for t in set(threading.enumerate()) - before if t.name == "evercreds-command"]


def test_a_time_out_may_pass_and_a_refusal_stays() -> None:
    slow = mfa_provider(["sleep", "60"], {"timeout": 0.1})
    with pytest.raises(EvercredsError, match="timed out") as caught:
        slow()
    assert caught.value.code == "mfa_timed_out"
    assert _replies.classify(abi.Method.STS, caught.value).error_class == abi.ErrorClass.RECOVERABLE
