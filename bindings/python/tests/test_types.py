"""What type checkers make of the package: what they accept, what they refuse, and what it is."""

# ruff: noqa: E501 (a comment tells the type of its line)
from __future__ import annotations

import inspect
import json
import pydoc
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import evercreds
from conftest import ROOT
from test_snippets import SNIPPETS

pytestmark = pytest.mark.once

# Each line with a comment is one that checkers give this type.
ACCEPTED = """
from typing import Any

import boto3
import evercreds.cache
from evercreds import (
    PKCS11,
    AssumeRoleConfig,
    CustomRefreshableSession,
    IOTX509RefreshableSession,
    RefreshableSession,
    STSRefreshableSession,
    SessionOptions,
    Transport,
)
from typing_extensions import Unpack

ROLE = "arn:aws:iam::123456789012:role/reader"

reveal_type(RefreshableSession(assume_role_kwargs={"RoleArn": ROLE}))  # STSRefreshableSession
reveal_type(RefreshableSession("sts", assume_role_kwargs=AssumeRoleConfig(RoleArn=ROLE)))  # STSRefreshableSession
reveal_type(RefreshableSession(method="custom", custom_credentials_method=print))  # CustomRefreshableSession
reveal_type(RefreshableSession(method="iot", endpoint="x", role_alias="y", certificate=b"z"))  # IOTX509RefreshableSession
reveal_type(STSRefreshableSession({"RoleArn": ROLE}))  # STSRefreshableSession
reveal_type(IOTX509RefreshableSession("x", "y", "z", pkcs11={"pkcs11_lib": "l"}, timeout=3))  # IOTX509RefreshableSession
RefreshableSession(method="iot", endpoint="x", role_alias="y", certificate=b"z").mqtt(
    endpoint="x", client_id="y"
)

token: PKCS11 = {"pkcs11_lib": "l", "user_pin": None, "slot_id": 1}
transport: Transport = "ws"
chained: RefreshableSession = RefreshableSession(
    assume_role_kwargs={"RoleArn": ROLE, "Tags": [{"Key": "a", "Value": "b"}]},
    sts_client_kwargs={"region_name": "eu-west-1"},
    advisory_timeout="auto",
    mandatory_timeout=60,
    stability="static",
    source=CustomRefreshableSession(dict, region_name="eu-west-1"),
)
plain: boto3.Session = chained


def registered(method: str, **anything: Any) -> None:
    with RefreshableSession(method=method, **anything) as made:
        reveal_type(made)  # RefreshableSession


def untyped(anything: Any) -> None:
    RefreshableSession(assume_role_kwargs=anything)
    RefreshableSession(method="custom", custom_credentials_method=anything, max_wait=anything)
    Vault(path=anything, jitter=anything)


class Vault(RefreshableSession, method="vault"):
    def __init__(self, path: str, **kwargs: Unpack[SessionOptions]) -> None:
        self.path = path
        super().__init__(**kwargs)

    def fetch_credentials(self) -> dict[str, str]:
        return {}


class Loose(RefreshableSession, method="loose"):
    def __init__(self, path: str, **kwargs: Any) -> None:
        self.path = path
        super().__init__(**kwargs)


class Bare(RefreshableSession, method="bare"):
    extra = 1


class Mine(CustomRefreshableSession, method="mine"):
    extra = 1


class OfRole(STSRefreshableSession):
    extra = 1


reveal_type(Vault(path="x", max_wait=3))  # Vault
reveal_type(Loose("x", max_wait=3).path)  # str
reveal_type(Bare(defer_refresh=False).extra)  # int
reveal_type(Mine(custom_credentials_method=dict).extra)  # int
reveal_type(OfRole({"RoleArn": ROLE}, jitter=True).extra)  # int
reveal_type(Mine.__enter__(Mine(dict)))  # Mine
"""

WITH_STUBS = """
reveal_type(chained.client("s3"))  # S3Client
reveal_type(chained.client("s3", "eu-west-1", eviction_policy="LFU", max_size=3))  # S3Client
reveal_type(chained.resource("s3", shared=True))  # S3ServiceResource
reveal_type(evercreds.cache.client("s3"))  # S3Client
reveal_type(evercreds.cache.Session().client("s3"))  # S3Client
"""

REFUSED = """
RefreshableSession(assume_role_kwargs={"RoleArn": ROLE}, advisory_timeuot=900)
RefreshableSession(assume_role_kwargs={"RoleArn": ROLE}, stability=7)
RefreshableSession(assume_role_kwargs={"RoleArn": ROLE}, policy="adaptiv")
RefreshableSession(asume_role_kwargs={"RoleArn": ROLE})
RefreshableSession(assume_role_kwargs={"RoleArm": ROLE})
RefreshableSession(assume_role_kwargs=ROLE)
RefreshableSession("sts", assume_role_kwargs={"RoleArn": ROLE}, mfa_provider=print)
RefreshableSession(method="custom", custom_credential_method=dict)
RefreshableSession(method="custom", custom_credentials_method=7)
RefreshableSession(method="iot", endpoint="x", role_alias="y", certificate=b"z", timeout="3")
RefreshableSession(assume_role_kwargs={"RoleArn": ROLE}, source="base")
STSRefreshableSession({"RoleArn": ROLE}, defer_refresh="no")
CustomRefreshableSession(dict, region="eu-west-1")
Vault(pth="x")
Vault(path="x", max_wiat=3)
Bare(max_wait="x")
Mine(custom_credentials_method=dict, jiter=True)
OfRole({"RoleArn": ROLE}, attended=1)
"""

LINES_REFUSED = [line for line in REFUSED.splitlines() if line]


def _examples() -> str:
    """Put each program that the pages show into a function of its own."""
    folder = ROOT / "docs" / "snippets" / "python"
    programs = [path.read_text() for path in folder.glob("*.py") if path.stem in SNIPPETS]
    assert len(programs) > 10
    functions = [
        f"def example_{at}() -> None:\n{textwrap.indent(program, '    ')}"
        for at, program in enumerate(programs)
    ]
    return "\n".join(functions)


def _mypy(program: Path, tmp_path: Path, *, with_stubs: bool) -> list[tuple[int, str, str]]:
    config = tmp_path / "mypy.ini"
    off = "[mypy-boto3.*,botocore.*]\nfollow_imports = skip\nfollow_imports_for_stubs = True\n"
    config.write_text("[mypy]\n" + ("" if with_stubs else off))
    command = ["mypy", "--strict", "--output=json", "--config-file", str(config), str(program)]
    command += ["--cache-dir", str(ROOT / "build" / f"mypy-{with_stubs}")]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, check=False)
    assert done.returncode < 2, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return [(each["line"], each["severity"], each["message"]) for each in said]


def _pyright(program: Path, tmp_path: Path) -> list[tuple[int, str, str]]:
    command = ["pyright", "--outputjson", "--pythonpath", sys.executable, str(program)]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, check=False)
    said = json.loads(done.stdout)["generalDiagnostics"]
    return [
        (each["range"]["start"]["line"] + 1, each["severity"], each["message"]) for each in said
    ]


def _wanted(program: str) -> dict[int, str]:
    lines = enumerate(program.splitlines(), 1)
    return {at: line.rpartition("# ")[2] for at, line in lines if "reveal_type" in line}


@pytest.mark.parametrize("checker", ["mypy", "mypy without stubs", "pyright"])
def test_a_checker_knows_the_package(checker: str, tmp_path: Path) -> None:
    accepted = ACCEPTED + WITH_STUBS * (checker != "mypy without stubs")
    accepted += _examples()
    program = tmp_path / "program.py"
    program.write_text(accepted + REFUSED)
    if checker == "pyright":
        said = _pyright(program, tmp_path)
    else:
        said = _mypy(program, tmp_path, with_stubs=checker == "mypy")
    revealed = {
        at: found.group(1)
        for at, _, text in said
        if (found := re.search(r'(?:type is |is )"(?:[\w.]+\.)?(\w+)"$', text))
    }
    assert revealed == _wanted(accepted)
    first = accepted.count("\n") + 2
    # Of awscrt there are no types to be had.
    errors = [each for each in said if each[1] == "error" and '"awscrt.mqtt"' not in each[2]]
    refused = {at: text for at, _, text in errors}
    wrong = [line for at, line in enumerate(LINES_REFUSED, first) if at not in refused]
    assert wrong == [], "accepted, although wrong"
    assert {at: text for at, text in refused.items() if at < first} == {}


SESSIONS = (
    evercreds.RefreshableSession,
    evercreds.STSRefreshableSession,
    evercreds.CustomRefreshableSession,
    evercreds.IOTX509RefreshableSession,
)


@pytest.mark.parametrize("kind", SESSIONS)
def test_signature_and_help_show_every_parameter(kind: Any) -> None:
    from evercreds._library.options import DEFAULTS

    shown = inspect.signature(kind).parameters
    for name, default in DEFAULTS.items():
        assert shown[name].default is default or name == "max_wait"  # which tests set
    assert shown["region_name"].default is None
    for own in (evercreds.STSRefreshableSession, kind):
        if issubclass(own, kind):  # the factory shows those of all methods
            assert not set(inspect.signature(own).parameters) - set(shown)
    assert not [each for each in shown.values() if each.kind is each.VAR_KEYWORD]
    text = pydoc.plain(pydoc.render_doc(kind))
    head = text[text.index(f"\n |  {kind.__name__}(") : text.index("\n |  \n")]
    assert all(name in head for name in shown), head


def test_what_is_shown_of_a_users_own_class_is_its_constructor() -> None:
    class Vault(evercreds.RefreshableSession):
        def __init__(self, path: str, **kwargs: Any) -> None:
            self.path = path
            super().__init__(**kwargs)

    assert list(inspect.signature(Vault).parameters) == ["path", "kwargs"]


def test_types_tell_of_every_parameter() -> None:
    """The types for checkers, and what constructors take, name the same."""
    from evercreds._library.options import DEFAULTS

    stub = (Path(evercreds.__file__).parent / "_session" / "parameters.pyi").read_text()
    for kind in SESSIONS[1:]:
        own = set(inspect.signature(kind).parameters) - set(
            evercreds.SessionOptions.__annotations__
        )
        assert own
        assert all(f"    {name}: " in stub for name in own)
    boto3s = {"region_name", "profile_name", "botocore_session", "source"}
    keys = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_account_id"}
    assert set(evercreds.SessionOptions.__annotations__) == {*DEFAULTS, *boto3s, *keys}


def test_the_types_of_clients_are_those_of_boto3_stubs(tmp_path: Path) -> None:
    fresh = tmp_path / "_typed.pyi"
    writer = ROOT / "tools" / "python" / "client_types.py"
    subprocess.run([sys.executable, str(writer), str(fresh)], check=True)
    kept = Path(evercreds.__file__).parent / "cache" / "_typed.pyi"
    assert kept.read_text() == fresh.read_text(), "run tools/python/client_types.py"
