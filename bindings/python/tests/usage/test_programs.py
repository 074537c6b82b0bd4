"""The examples of the predecessor's pages, without those of caches and of IoT."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from conftest import StandIn
from usage.conftest import Run
from usage.running import PROGRAMS, converted

ASSUMED = "arn:aws:sts::123456789012:assumed-role/"


def test_only_import_lines_are_changed() -> None:
    programs = sorted(PROGRAMS.glob("*.py"))
    assert programs
    for program in programs:
        before = program.read_text()
        after = converted(before)
        changed = [
            (was, is_now)
            for was, is_now in zip(before.splitlines(), after.splitlines(), strict=True)
            if was != is_now
        ]
        assert changed, f"{program.name} is not for the predecessor"
        for was, is_now in changed:
            assert was.startswith(("from boto3_", "import boto3_")), was
            assert is_now.startswith(("from evercreds", "import evercreds")), is_now
        assert "boto3_refresh_session" not in after
        assert "boto3_client_cache" not in after


def test_every_program_is_run_by_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for program in PROGRAMS.glob("*.py"):
        assert re.search(rf'\brun\(\s*"{program.stem}"', tests), program.name


@pytest.mark.parametrize("program", ["seed_sts", "initialization_named", "initialization_as_dict"])
def test_a_role_on_an_sts_of_other_peoples_making(program: str, run: Run, moto: str) -> None:
    boto3.client(
        "s3", endpoint_url=moto, aws_access_key_id="AKIABASE", aws_secret_access_key="secret"
    ).create_bucket(Bucket="usage")
    assert "buckets 1" in run(program, AWS_ENDPOINT_URL=moto)


def test_seed_sts(run: Run, stand_in: StandIn, role: str) -> None:
    before = signed_calls(stand_in)
    assert run("seed_sts") == ["buckets 2"]
    assert stand_in.calls(role)["successes"] == 1
    assert signed_calls(stand_in) == before + 1


def test_seed_custom(run: Run, moto: str, lent_keys: Path) -> None:
    logs = boto3.client(
        "logs", endpoint_url=moto, aws_access_key_id="AKIABASE", aws_secret_access_key="secret"
    )
    name = f"/usage/{lent_keys.parent.name}"
    logs.create_log_group(logGroupName=name)
    assert f"group {name}" in run("seed_custom", AWS_ENDPOINT_URL=moto, LENT_KEYS=str(lent_keys))


def test_initialization_named(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("initialization_named") == ["client S3", "buckets 2", "name nightly-report"]
    assert stand_in.calls(role)["attempts"] == 1


def test_initialization_as_dict(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("initialization_as_dict") == ["buckets 2", "method sts-assume-role"]
    (issued,) = stand_in.calls(role)["issued"]
    life_s = (issued["expires_ms"] - issued["at_ms"]) / 1000
    assert life_s == pytest.approx(1800, abs=2)


def test_initialization_retries(run: Run) -> None:
    assert run("initialization_retries") == [
        "region us-east-1 us-east-1",
        "attempts 11",
        "buckets 2",
    ]


def test_initialization_configs(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("initialization_configs") == [
        "item second-name attribute 1200",
        "unset None None False",
        "service sts us-east-1",
        "held True",
        "buckets 2",
    ]
    assert stand_in.calls(role)["successes"] == 1


def test_methods_chosen(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("methods_chosen") == [
        "same True STSRefreshableSession",
        "custom CustomRefreshableSession ASIABORROWED",
        "methods custom,iot,sts",
    ]
    assert stand_in.calls(role)["attempts"] == 0


def test_refresh_deferred(run: Run, stand_in: StandIn, role: str) -> None:
    stand_in.fault("access_denied", role=role, action="AssumeRole", count=1)
    assert run("refresh_deferred") == ["ready", "refused AccessDenied"]
    assert stand_in.calls(role)["attempts"] == 1


def test_refresh_eager(run: Run, stand_in: StandIn, role: str) -> None:
    stand_in.fault("access_denied", role=role, action="AssumeRole", count=1)
    assert run("refresh_eager") == ["refused AccessDenied", "ready", "buckets 2"]
    assert stand_in.calls(role)["successes"] == 1


def test_refresh_windows(run: Run, stand_in: StandIn, role: str) -> None:
    stand_in.lifetime(role, 8)
    assert run("refresh_windows") == ["windows 4 2", "renewed True"]
    assert stand_in.calls(role)["failures"] == 0
    assert stand_in.calls(role)["successes"] >= 2


def test_mfa_callable(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("mfa_callable") == ["buckets 2"]
    assert stand_in.calls(role)["successes"] == 1


def test_mfa_command(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("mfa_command") == ["list buckets 2", "text buckets 2"]
    assert stand_in.calls(role)["successes"] == 2


def test_mfa_code_given(run: Run, stand_in: StandIn, role: str) -> None:
    stand_in.lifetime(role, 6)
    assert run("mfa_code_given") == ["renewed True"]
    assert stand_in.calls(role)["failures"] == 0


def test_mfa_refused(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("mfa_refused") == [
        *["code True"] * 4,
        *(
            f"blocked {option} True"
            for option in ("stdout", "stderr", "shell", "executable", "preexec_fn")
        ),
        "without SerialNumber",
        "alone SerialNumber/TokenCode",
        "warned True",
    ]
    assert stand_in.calls(role)["attempts"] == 0


def test_misc_identity(run: Run, role: str) -> None:
    # I1: the predecessor tells who assumes the role.
    assumed = f"{ASSUMED}{role.rpartition('/')[2]}/who"
    assert run("misc_identity") == [f"arn {assumed}", "alias True", "custom custom 'nobody'"]


def test_misc_credentials(run: Run) -> None:
    assert run("misc_credentials") == [
        "fields access_key,expiry_time,secret_key,token",
        "temporary True True",
        "ahead True True",
        "same True",
        "frozen True True",
    ]


def test_misc_default_session(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("misc_default_session") == ["buckets 2", "buckets 2"]
    assert stand_in.calls(role)["successes"] == 1, "both calls are the role's"


def test_misc_name_rebound(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("misc_name_rebound") == ["buckets 2"]
    assert stand_in.calls(role)["attempts"] == 0, "boto3 does not see another module's names"


def test_errors_caught(run: Run) -> None:
    assert run("errors_caught") == [
        "method method ecs True",
        "type assume_role_kwargs",
        "arn True",
        "missing ['expiry_time', 'token']",
        "callable True",
        "unknown True",
    ]


def signed_calls(stand_in: StandIn) -> int:
    actions: dict[str, Any] = stand_in.control("GET", "counts")["actions"]
    count: int = actions.get("ListBuckets", {}).get("successes", 0)
    return count
