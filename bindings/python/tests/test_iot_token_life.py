"""Tokens that are taken out, put back, reset and made anew while sessions use them."""

from __future__ import annotations

import pytest

from device_token import DeviceToken

pytestmark = pytest.mark.once

AGAIN = """
one = session()
fresh(one)
first = one.get_credentials().get_frozen_credentials()
"""

TOLD = """
def told(error):
    "The token is blamed, by its name, and the session may try again."
    assert type(error) is EvercredsConfigurationError and error.param == "pkcs11", repr(error)
    assert "token" in str(error) and "endpoint" not in str(error), error
    assert not is_permanent(one, error)
"""

CHANGES = {
    "taken out and put back": """
token.remove()
told(failure(lambda: fresh(one)))
error = failure(lambda: fresh(one))
told(error)
assert LABEL in str(error), error
token.put_back()
""",
    "taken out and put back in a moment": "token.pull()",
    "reset": "token.reset()",
    "deleted and made anew": """
token.delete()
told(failure(lambda: fresh(one)))
token.add()
""",
    "deleted and made anew in a moment": "token.delete(); token.add()",
}


# token goes; caller A asks; source fails; token comes back; A asks; source answers
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_next_refresh_logs_in_anew(device_token: DeviceToken, change: str) -> None:
    body = """
begun = time.monotonic()
fresh(one)
print(time.monotonic() - begun)
assert one.get_credentials().get_frozen_credentials() != first
fresh(one)
"""
    seconds = device_token.run(AGAIN + TOLD + change + body)
    assert float(seconds) < 20  # it takes milliseconds; the machine may be busy
    logins = [line.split()[3] for line in device_token.lines()]
    assert len(logins) > 1
    assert {*logins} <= {"0x0", "0x100"}


def test_it_comes_back_to_many_sessions_and_each_time(device_token: DeviceToken) -> None:
    body = """
all = [one, *(session() for _ in range(3))]
for turn in range(5):
    token.pull() if turn % 2 else token.reset()
    threads = [threading.Thread(target=fresh, args=[each]) for each in all]
    before = [each.get_credentials().get_frozen_credentials() for each in all]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    after = [each.get_credentials().get_frozen_credentials() for each in all]
    assert not set(before) & set(after), turn
"""
    device_token.run(AGAIN + body, seconds=120)


def test_a_token_that_is_out_from_the_start(device_token: DeviceToken) -> None:
    device_token.remove()
    body = """
one = session()
told(failure(lambda: fresh(one)))
token.put_back()
fresh(one)
"""
    device_token.run(TOLD + body)


def test_a_pin_that_was_changed_meanwhile_is_tried_once(device_token: DeviceToken) -> None:
    body = """
token.delete()
token.add(pin="424242424")
refused(one, failure(lambda: fresh(one)))
refused(one, failure(lambda: fresh(one)))
"""
    device_token.run(AGAIN + body)
    assert [line.split()[3] for line in device_token.lines()] == ["0x0", "0xa0"]


# token T of session A goes; B, with another token of the same library, asks; source answers
def test_another_token_of_the_library_goes_on(device_token: DeviceToken) -> None:
    device_token.add(label="another")
    body = """
from evercreds.methods.iot import _libraries
_libraries._OTHERS_PAUSE_S = 2.0
other = session(token_label="another")
fresh(other)
token.delete()
for _ in range(3):
    told(failure(lambda: fresh(one)))
    fresh(other)
token.add()
threading.Thread(target=fresh, args=[other]).start()
end = time.monotonic() + 100
while True:
    try:
        fresh(one)
        break
    except EvercredsConfigurationError as error:
        told(error)
        assert time.monotonic() < end
        time.sleep(0.5)
fresh(other)
"""
    device_token.run(AGAIN + TOLD + body, seconds=200)


def test_a_library_that_others_have_initialized_is_theirs(device_token: DeviceToken) -> None:
    """Who has not begun it does not end it."""
    body = """
import awscrt.io
theirs = awscrt.io.Pkcs11Lib(file=str(token.module))
one = session()
fresh(one)
token.pull()
fresh(one)
token.remove()
told(failure(lambda: fresh(one)))
token.put_back()
fresh(one)
"""
    device_token.run(TOLD + body)
    assert device_token.lines("C_Finalize") == []


@pytest.mark.slow
def test_a_slow_token_is_named_where_the_time_is_over(device_token: DeviceToken) -> None:
    body = """
one = session()
fresh(one)
one._https._timeout_s = 2.0
token.slow(6)
error = failure(lambda: fresh(one))
assert "token" in str(error), error
"""
    device_token.run(body)
