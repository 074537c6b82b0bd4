"""The table of devices' tokens that all languages are tested on (docs/guides/devices.md)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import ROOT
from device_token import DeviceToken

pytestmark = pytest.mark.slow  # each has processes of its own

TABLE = json.loads((ROOT / "internal/awstest/testdata/devices.json").read_text())
WORDS = {
    "pin": "user_pin",
    "label": "token_label",
    "token": "token",
    "key": "private_key_label",
    "library": "pkcs11_lib",
}

BODY = """
row = more["row"]
from evercreds import EvercredsValidationError
meant = {
    "library": {"none": "/none.so", "text": given["introduction"]["ca"]},
    "label": {"another": "another", "empty": "", None: None},
    "slot": {"its": more["slot"], "none": 7},
    "pin": {"wrong": WRONG_PIN, "short": "9", "empty": "", None: None},
    "key": {"another": "another", None: None},
}
names = {
    "library": "pkcs11_lib", "label": "token_label", "slot": "slot_id", "pin": "user_pin",
    "key": "private_key_label",
}
pkcs11 = {names[name]: meant[name][value] for name, value in row.get("given", {}).items()}


def one():
    return session(**pkcs11)


def told(error):
    assert isinstance(error, (EvercredsConfigurationError, EvercredsValidationError)), error
    assert error.param == "pkcs11" and more["word"] in str(error), error


if row["expected"] == "accepted":
    one().refresh()
elif row["expected"] == "refused when given":
    told(failure(one))
else:
    for _ in range(2):
        made = one()
        for call in (made.refresh, made.refresh, lambda: made.mqtt(**MQTT)):
            error = failure(call)
            told(error)
            assert is_permanent(made, error) == (row["expected"] == "refused for good"), error
"""


# a device has a token in this state, and these parameters; caller A asks, and asks again
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_a_row_of_the_table(device_token: DeviceToken, row: dict[str, Any]) -> None:
    slot = device_token.slot()
    state = row.get("token", "ready")
    if state == "two":
        device_token.add(pin="111222333", has_key=False)
    elif state == "locked":
        device_token.lock()
    elif state == "pad":
        device_token.pad()
    elif state == "out":
        device_token.remove()
    else:
        assert state == "ready"
    device_token.run(BODY, row=row, slot=slot, word=WORDS.get(row.get("blames", ""), ""))
    logins = len(device_token.lines())
    if "logins" in row:
        assert logins == row["logins"]
    assert logins <= row.get("most_logins", logins)
