"""AWS Lambda: between two invocations the process is frozen, and nothing may be under way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from conftest import StandIn, until
from running import addresses, started

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="Lambda runs on Linux"),
]

# A runtime: the function is loaded once, and called for each line.
RUNTIME = """
import json, sys, threading
from refreshing import make_session, sign

session = make_session(**json.loads(sys.argv[1]))

def handler(event):
    return {"key": sign(session)} if event == "use" else {}

print("ready", flush=True)
for line in sys.stdin:
    answer = handler(line.strip())
    status = session.status()
    answer.update(
        threads=sorted(thread.name for thread in threading.enumerate()),
        is_refreshing=status.refreshing,
        starts=status.counters["starts"],
        installs=status.counters["installs"],
        phase=status.phase,
    )
    print(json.dumps(answer), flush=True)
"""


def invoke(process: subprocess.Popen[str], event: str = "use") -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(event + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    assert not answer["is_refreshing"]
    assert "evercreds-timer" not in answer["threads"]
    return answer


@pytest.mark.parametrize("defer_refresh", [True, False], ids=["deferred", "eager"])
def test_a_function_that_is_frozen_between_its_calls(
    stand_in: StandIn, role: str, defer_refresh: bool
) -> None:
    life_s = 8  # which is more than a busy machine takes for a call
    stand_in.lifetime(role, life_s)
    options = {"advisory_timeout": 3, "mandatory_timeout": 0, "defer_refresh": defer_refresh}
    environment = addresses(stand_in, role) | {"AWS_LAMBDA_FUNCTION_NAME": "function"}
    with started(
        ["-c", RUNTIME, json.dumps(options)],
        environment=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert stand_in.calls(role)["attempts"] == (0 if defer_refresh else 1)
        first = invoke(process)

        # The advisory refresh is over when the call is.
        until(lambda: invoke(process, "look")["phase"] == "advisory")
        stand_in.fault("latency", role=role, latency_ms=200)
        second = invoke(process)
        assert second["installs"] == first["installs"] + 1
        assert second["key"] != first["key"]
        stand_in.clear_faults()

        # Frozen for longer than the credentials live, and thawed: nothing happens by itself.
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(life_s + 0.2)
        os.kill(process.pid, signal.SIGCONT)
        thawed = invoke(process, "look")
        assert thawed["phase"] == "expired"
        assert thawed["starts"] == stand_in.calls(role)["attempts"] == second["starts"]
        third = invoke(process)
        assert third["installs"] == second["installs"] + 1
        assert third["key"] != second["key"]


def test_elsewhere_an_eager_session_has_a_timer(stand_in: StandIn, role: str) -> None:
    with started(
        ["-c", RUNTIME, '{"defer_refresh": false}'],
        environment=addresses(stand_in, role),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(AssertionError, match="evercreds-timer"):
            invoke(process)
