"""What a type checker makes of the factory."""

from __future__ import annotations

import re
from pathlib import Path

from mypy import api

PROGRAM = """
from evercreds import (
    PKCS11,
    IOTX509RefreshableSession,
    RefreshableSession,
    STSRefreshableSession,
    Transport,
)

reveal_type(RefreshableSession(assume_role_kwargs={}))
reveal_type(RefreshableSession("sts", assume_role_kwargs={}))
reveal_type(RefreshableSession(method="custom", custom_credentials_method=print))
reveal_type(RefreshableSession(method="iot", endpoint="x", role_alias="y", certificate=b"z"))
reveal_type(STSRefreshableSession({}))
reveal_type(IOTX509RefreshableSession("x", "y", "z", pkcs11={"pkcs11_lib": "l"}, timeout=3))

token: PKCS11 = {"pkcs11_lib": "l", "user_pin": None, "slot_id": 1}
transport: Transport = "ws"

def registered(method: str) -> None:
    with RefreshableSession(method=method) as session:
        reveal_type(session)
"""


def test_the_factory_has_the_type_of_its_method(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    given = ["--strict", "--cache-dir", str(tmp_path / "cache"), str(program)]
    out, err, status = api.run(given)
    assert status == 0, out + err
    assert re.findall(r'type is "[\w.]*?(\w+)"', out) == [
        "STSRefreshableSession",
        "STSRefreshableSession",
        "CustomRefreshableSession",
        "IOTX509RefreshableSession",
        "STSRefreshableSession",
        "IOTX509RefreshableSession",
        "RefreshableSession",
    ]
