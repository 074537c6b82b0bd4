"""What method="iot" takes, and how it says what it does not take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import IOT_ENDPOINT, SessionMaker
from evercreds import (
    PKCS11,
    EvercredsConfigurationError,
    EvercredsError,
    EvercredsValidationError,
    EvercredsWarning,
    RefreshableSession,
)
from evercreds.methods.iot.x509 import IOTX509RefreshableSession

SECRET = "SentinelPin0123456789"
KEY_TEXT = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"
CERTIFICATE_TEXT = f"-----BEGIN CERTIFICATE-----\n{SECRET}\n-----END CERTIFICATE-----\n"


def test_the_factory_makes_a_session_of_the_class(iot_session: SessionMaker) -> None:
    session = iot_session()
    assert type(session) is IOTX509RefreshableSession
    assert isinstance(session, RefreshableSession)
    assert session.refresh_method == session.get_credentials().method == "iot-x509"
    assert RefreshableSession.get_available_methods() == ["custom", "iot", "sts"]


@pytest.mark.parametrize(
    "endpoint",
    [
        # X1: what the predecessor lets pass, and more of the kind.
        "attacker.example:443/.credentials.iot.",
        "https://id.credentials.iot.us-east-1.amazonaws.com",
        "id.credentials.iot.us-east-1.amazonaws.com/",
        "id.credentials.iot.us-east-1.amazonaws.com:443/path",
        "id.credentials.iot.us-east-1.amazonaws.com.attacker.example",
        "id.credentials.iot.us-east-1.attacker.example",
        "user@id.credentials.iot.us-east-1.amazonaws.com",
        "id.credentials.iot.us-east-1.amazonaws.com:0",
        "id.credentials.iot.us-east-1.amazonaws.com:99999",
        "id.credentials.iot.us-east-1.amazonaws.com\n",
        "id.credentials.iot.us-east-1.amazonaws.com\0",
        "\u0456d.credentials.iot.us-east-1.amazonaws.com",
        "id.iot.us-east-1.amazonaws.com",
        "-ats.iot.us-east-1.amazonaws.com",
        "id" * 200 + ".credentials.iot.us-east-1.amazonaws.com",
        "",
        None,
        7,
        b"id.credentials.iot.us-east-1.amazonaws.com",
    ],
)
def test_x1_no_other_host_passes(iot_session: SessionMaker, endpoint: Any) -> None:
    with pytest.raises(EvercredsValidationError, match="IoT credentials endpoint") as caught:
        iot_session(endpoint=endpoint)
    assert caught.value.param == "endpoint"


@pytest.mark.parametrize(
    "endpoint",
    [
        "id.credentials.iot.us-east-1.amazonaws.com",
        "id.credentials.iot.us-east-1.amazonaws.com:8443",
        "id.credentials.iot.cn-north-1.amazonaws.com.cn",
    ],
)
def test_endpoints_of_aws_pass(iot_session: SessionMaker, endpoint: str) -> None:
    assert iot_session(endpoint=endpoint)._endpoint == endpoint


def test_a_data_endpoint_is_corrected_with_a_warning(iot_session: SessionMaker) -> None:
    with pytest.warns(EvercredsWarning, match="data endpoint") as caught:
        session = iot_session(endpoint="abc123-ats.iot.eu-west-1.amazonaws.com:8443")
    assert session._endpoint == "abc123.credentials.iot.eu-west-1.amazonaws.com:8443"
    assert "abc123" not in str(caught[0].message)


class Mine(IOTX509RefreshableSession):
    """A class of a user's, with a constructor of its own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


def test_warnings_point_to_the_users_line(stand_in: Any) -> None:
    names = ("role_alias", "certificate", "private_key", "ca")
    given = {name: stand_in.introduction[name] for name in names}
    given["endpoint"] = "abc123-ats.iot.eu-west-1.amazonaws.com"
    for make in (
        lambda: RefreshableSession(method="iot", **given),
        lambda: IOTX509RefreshableSession(**given),
        lambda: Mine(**given),
    ):
        with pytest.warns(EvercredsWarning, match="data endpoint") as caught:
            make()
        assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("role_alias", ""),
        ("role_alias", "a" * 129),
        ("role_alias", "a/../b"),
        ("role_alias", "al\u00efas"),
        ("role_alias", "alias\n"),
        ("role_alias", None),
        ("thing_name", ""),
        ("thing_name", "a" * 129),
        ("thing_name", "thing\r\nx-other: 1"),
        ("thing_name", 5),
        ("verify_peer", None),
        ("verify_peer", 0),
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
        ("timeout", 3601),
        ("timeout", 10**400),
        ("timeout", "10"),
        ("timeout", True),
        ("duration_seconds", 0),
        ("duration_seconds", 899),
        ("duration_seconds", 43201),
        ("duration_seconds", 10**400),
        ("duration_seconds", 900.0),
        ("duration_seconds", "900"),
        ("duration_seconds", True),
        ("awscrt_log_level", 7),
        ("awscrt_log_level", "Debug"),
        ("awscrt_log_level", True),
        ("certificate", None),
        ("certificate", 7),
        ("certificate", bytearray(CERTIFICATE_TEXT.encode())),
        ("ca", 7),
        ("ca", b""),
        ("refresh_timeout", "60"),
        ("advisory_timeout", -1),
    ],
)
def test_a_bad_value_is_refused_by_name(
    iot_session: SessionMaker, param: str, value: object
) -> None:
    with pytest.raises(EvercredsValidationError, match=param) as caught:
        iot_session(**{param: value})
    assert caught.value.param == param


def test_good_values_pass(iot_session: SessionMaker) -> None:
    iot_session(role_alias="a" * 128, thing_name="a:b_c-1", timeout=0.5, duration_seconds=900)
    iot_session(role_alias="_=,@-", timeout=3600, duration_seconds=43200, verify_peer=False)
    iot_session(awscrt_log_level=0)


def test_what_is_missing_or_unknown_is_a_type_error(iot_session: SessionMaker) -> None:
    with pytest.raises(TypeError, match="endpoint"):
        RefreshableSession(method="iot")
    with pytest.raises(TypeError, match="thing"):
        iot_session(thing="x")


def test_the_class_takes_arguments_by_position(iot_session: SessionMaker, stand_in: Any) -> None:
    given = stand_in.introduction
    session = IOTX509RefreshableSession(
        IOT_ENDPOINT, "alias", given["certificate"], "thing", given["private_key"]
    )
    assert session._thing_name == "thing"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"private_key": None}, "neither"),
        ({"private_key": None, "pkcs11": {}}, "neither"),
        ({"pkcs11": {"pkcs11_lib": "/none"}}, "both"),
    ],
)
def test_exactly_one_of_private_key_and_pkcs11(
    iot_session: SessionMaker, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(EvercredsConfigurationError, match=told) as caught:
        iot_session(**given)
    assert caught.value.param == "private_key/pkcs11"


def test_an_empty_pkcs11_counts_as_none(iot_session: SessionMaker) -> None:
    assert iot_session(pkcs11={}).credentials["access_key"]


@pytest.mark.parametrize("param", ["certificate", "private_key", "ca"])
@pytest.mark.parametrize(
    "value",
    [
        # X5: the predecessor repeats each of these in its error.
        KEY_TEXT,
        CERTIFICATE_TEXT,
        SECRET,
        SECRET.encode(),
        SECRET * 500,
        f"{SECRET}\0",
        f"~{SECRET}/key.pem",
        KEY_TEXT.encode()[:-9],
        KEY_TEXT.replace("BEGIN", "BEGIN ENCRYPTED").replace("END", "END ENCRYPTED").encode(),
        f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{SECRET}\n"
        "-----END RSA PRIVATE KEY-----".encode(),
        "",
        ".",
    ],
)
def test_x5_what_may_be_a_key_is_not_repeated(
    iot_session: SessionMaker, param: str, value: object
) -> None:
    with pytest.raises(EvercredsValidationError, match=param) as caught:
        iot_session(**{param: value})
    assert caught.value.param == param
    assert SECRET not in str(caught.value) + repr(caught.value) + repr(vars(caught.value))
    assert caught.value.__cause__ is None


def test_an_encrypted_key_is_called_so(iot_session: SessionMaker) -> None:
    text = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nx\n-----END ENCRYPTED PRIVATE KEY-----"
    with pytest.raises(EvercredsValidationError, match="not encrypted"):
        iot_session(private_key=text)


def test_a_file_that_cannot_be_read_says_why(
    iot_session: SessionMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.pem"
    path.write_text(KEY_TEXT)

    def no_open(*_: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", no_open)
    with pytest.raises(EvercredsValidationError, match=r"certificate.*Permission denied"):
        iot_session()


def test_the_home_directory_is_expanded(
    iot_session: SessionMaker, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, _, name = stand_in.introduction["certificate"].rpartition(os.sep)
    monkeypatch.setenv("HOME", directory)
    assert iot_session(certificate=f"~/{name}").credentials["access_key"]


LIBRARY = {"pkcs11_lib": __file__}  # a file, which is all that the checks ask for


@pytest.mark.parametrize(
    ("pkcs11", "told"),
    [
        (SECRET, "a dict"),
        ([SECRET], "a dict"),
        ({**LIBRARY, "pin": SECRET}, "'pin'"),
        ({**LIBRARY, f"user pin {SECRET}": 1}, "keys"),
        ({**LIBRARY, "user_pin": [SECRET]}, "user_pin, got list"),
        ({**LIBRARY, "user_pin": 98765432}, "user_pin, got int"),
        ({**LIBRARY, "user_pin": ""}, "user_pin"),
        ({**LIBRARY, "user_pin": SECRET, "slot_id": SECRET}, "slot_id, got str"),
        ({**LIBRARY, "slot_id": -1}, "slot_id"),
        ({**LIBRARY, "slot_id": True}, "slot_id"),
        ({**LIBRARY, "token_label": 7}, "token_label"),
        ({**LIBRARY, "private_key_label": b"x"}, "private_key_label"),
        ({"pkcs11_lib": f"/none/{SECRET}", "user_pin": SECRET}, "no such file"),
        ({"pkcs11_lib": 7}, "pkcs11_lib, got int"),
    ],
)
def test_a_bad_pkcs11_is_refused_without_a_value_of_it(
    iot_session: SessionMaker, pkcs11: Any, told: str
) -> None:
    with pytest.raises(EvercredsValidationError, match=told) as caught:
        iot_session(private_key=None, pkcs11=pkcs11)
    assert caught.value.param == "pkcs11"
    shown = str(caught.value) + repr(caught.value) + repr(vars(caught.value))
    assert SECRET not in shown
    assert "98765432" not in shown


def test_pkcs11_needs_a_library(iot_session: SessionMaker) -> None:
    with pytest.raises(EvercredsConfigurationError, match="pkcs11_lib") as caught:
        iot_session(private_key=None, pkcs11={"user_pin": SECRET})
    assert caught.value.param == "pkcs11"
    assert SECRET not in str(caught.value)


def test_the_callers_pkcs11_is_not_written_to(iot_session: SessionMaker) -> None:
    given: PKCS11 = {"pkcs11_lib": __file__, "user_pin": SECRET}
    session = iot_session(private_key=None, pkcs11=given)
    assert given == {"pkcs11_lib": __file__, "user_pin": SECRET}
    assert SECRET not in repr(session._tls_identity) + repr(session._tls_identity.token)


def test_a_library_that_is_none_is_told_at_the_first_need(iot_session: SessionMaker) -> None:
    session = iot_session(private_key=None, pkcs11={"pkcs11_lib": __file__, "user_pin": SECRET})
    with pytest.raises(EvercredsError, match=r"pkcs11.*cannot be loaded") as caught:
        session.refresh()
    assert SECRET not in repr(caught.value)


HIDDEN = """
import importlib.abc, importlib.machinery, sys

class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("awscrt", "awsiot", "_awscrt"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hide())
import evercreds
from evercreds import RefreshableSession
assert not evercreds.IOT_EXTRA_INSTALLED
assert RefreshableSession.get_available_methods() == ["custom", "sts"]
for name in ("IOTX509RefreshableSession", "PKCS11", "Transport"):
    assert not hasattr(evercreds, name) and name not in evercreds.__all__
try:
    RefreshableSession(method="iot", endpoint="x")
except evercreds.EvercredsValidationError as error:
    assert 'pip install "evercreds[iot]"' in str(error), error
    assert (error.param, error.value) == ("method", "iot")
else:
    raise SystemExit("made")
from evercreds.methods.iot.x509 import IOTX509RefreshableSession
try:
    IOTX509RefreshableSession("x", "y", "z")
except evercreds.EvercredsConfigurationError as error:
    assert 'pip install "evercreds[iot]"' in str(error), error
else:
    raise SystemExit("made")
assert RefreshableSession.get_available_methods() == ["custom", "sts"]
"""

NOT_IMPORTED = """
import sys

def loaded():
    return {name for name in sys.modules if name.startswith(("awscrt", "_awscrt", "awsiot"))}

import boto3, botocore.session, botocore.signers  # which load some of it, where it is there
before = loaded()
import evercreds
assert evercreds.IOT_EXTRA_INSTALLED
assert "IOTX509RefreshableSession" in evercreds.__all__
assert loaded() == before, loaded() - before
"""

BROKEN = """
import sys
import evercreds
sys.modules["awscrt.http"] = None
try:
    evercreds.RefreshableSession(method="iot", endpoint="x", role_alias="y", certificate="z")
except evercreds.EvercredsConfigurationError as error:
    assert "cannot be imported" in str(error) and "evercreds[iot]" in str(error), error
else:
    raise SystemExit("made")
"""


@pytest.mark.parametrize("program", [HIDDEN, NOT_IMPORTED, BROKEN])
def test_with_and_without_the_extra(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
