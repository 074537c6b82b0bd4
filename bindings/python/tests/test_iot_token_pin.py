"""What a PIN that is wrong, or is not given, does to a token: as little as can be."""

from __future__ import annotations

import pytest

from device_token import DeviceToken

pytestmark = pytest.mark.slow  # each has processes of its own

# caller A asks; token refuses the PIN; A asks again, others too, in all ways that there are
WRONG_PIN = """
errors = []
one = session(user_pin=WRONG_PIN)
for _ in range(3):
    errors.append((one, failure(one.refresh)))
for more in ({}, {"port": 443}, {"keep_alive_secs": 30}):
    errors.append((one, failure(lambda: one.mqtt(**MQTT, **more))))
two = session(user_pin=WRONG_PIN)
errors.append((two, failure(two.refresh)))
errors.append((two, failure(two.get_credentials().get_frozen_credentials)))
by_argument = session_arguments(token, user_pin=WRONG_PIN)["pkcs11"]
errors.append((two, failure(lambda: session().mqtt(**MQTT, pkcs11=by_argument))))
for each, error in errors:
    refused(each, error)
    assert "PIN_INCORRECT" in str(error), error
"""


def test_a_wrong_pin_reaches_the_token_once(device_token: DeviceToken) -> None:
    device_token.run(WRONG_PIN)
    assert [line.split()[3] for line in device_token.lines()] == ["0xa0"]


def test_a_wrong_pin_reaches_the_token_once_from_many_threads(device_token: DeviceToken) -> None:
    body = """
sessions = [session(user_pin=WRONG_PIN) for _ in range(8)]
errors = []
def work(each):
    for _ in range(3):
        errors.append((each, failure(each.refresh)))
threads = [threading.Thread(target=work, args=(each,)) for each in sessions]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(errors) == 24
for each, error in errors: refused(each, error)
"""
    device_token.run(body)
    assert len(device_token.lines()) == 1


def test_a_token_is_known_by_its_slot_too(device_token: DeviceToken) -> None:
    body = """
refused(one := session(user_pin=WRONG_PIN), failure(one.refresh))
slot = int(token.lines()[0].split()[2])
for named in ({"token_label": None}, {"token_label": None, "slot_id": slot}, {"slot_id": slot}):
    error = failure((two := session(user_pin=WRONG_PIN, **named)).refresh)
    assert is_permanent(two, error), error
"""
    device_token.run(body)
    assert len(device_token.lines()) == 1


def test_another_pin_is_tried(device_token: DeviceToken) -> None:
    """A right one works, and does not bring the wrong one back."""
    body = """
refused(one := session(user_pin=WRONG_PIN), failure(one.refresh))
session().refresh()
refused(one, failure(one.refresh))
"""
    device_token.run(body)
    results = [line.split()[3] for line in device_token.lines()]
    assert results == ["0xa0", "0x0"]


def test_another_wrong_pin_is_tried_too(device_token: DeviceToken) -> None:
    body = """
for pin in (WRONG_PIN, WRONG_PIN + "0", WRONG_PIN):
    refused(one := session(user_pin=pin), failure(one.refresh))
"""
    device_token.run(body)
    assert len(device_token.lines()) == 2


def test_a_child_knows_what_its_parent_has_learnt(device_token: DeviceToken) -> None:
    body = """
refused(one := session(user_pin=WRONG_PIN), failure(one.refresh))
pid = os.fork()
if pid == 0:
    try:
        refused(one, failure(one.refresh))
        refused(two := session(user_pin=WRONG_PIN), failure(two.refresh))
        os._exit(0)
    finally:
        os._exit(1)
assert os.waitpid(pid, 0)[1] == 0
"""
    device_token.run(body)
    assert len(device_token.lines()) == 1


def test_without_a_pin_the_login_of_others_is_used(device_token: DeviceToken) -> None:
    body = """
mine = session()
mine.refresh()
session(user_pin=None).refresh()
"""
    device_token.run(body)
    assert [line.split()[3] for line in device_token.lines()] == ["0x0", "0x100"]
