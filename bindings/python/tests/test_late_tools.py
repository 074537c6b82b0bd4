"""What a test tool puts in place after the first session: the next session has it."""

from __future__ import annotations

from pathlib import Path

import pytest

import running
from evercreds._boto3 import shared_data
from evercreds._boto3.shared_data import SessionLoader

pytestmark = pytest.mark.once

MOTO_AFTER_A_SESSION = """
from evercreds import RefreshableSession

def made(**more):
    return RefreshableSession(
        assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/late"},
        region_name="us-east-1", refresh_timeout=60, max_wait=0, **more
    )

def assumes_and_lists(session):
    assert session.whoami()["Arn"].endswith(":assumed-role/late/evercreds")
    assert session.client("s3").list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200

before = made()
from moto import mock_aws

with mock_aws():
    assumes_and_lists(made())
    assumes_and_lists(made(profile_name=None, source=made()))
with mock_aws():
    assumes_and_lists(made(defer_refresh=False))
print("mocked")
"""

A_HANDLER_MORE = """
import botocore.handlers
from evercreds import RefreshableSession

seen = []

def made():
    session = RefreshableSession(
        method="custom", custom_credentials_method=lambda: {
            "access_key": "A", "secret_key": "S", "token": "T", "expiry_time": "never"},
    )
    return session.client("s3")

made()
added = ("before-parameter-build.s3.ListBuckets", lambda **_: seen.append(1) or 1 / 0)
botocore.handlers.BUILTIN_HANDLERS.append(added)
try:
    made().list_buckets()
except ZeroDivisionError:
    pass
botocore.handlers.BUILTIN_HANDLERS.remove(added)
made().generate_presigned_url("list_buckets")
print(len(seen))
"""


def _with_service(directory: Path, name: str) -> None:
    version = directory / name / "2026-01-01"
    version.mkdir(parents=True)
    (version / "service-2.json").write_text("{}")


def test_data_files_are_those_that_are_there_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake file system stands where botocore's data files are; then the real one is back."""
    data = tmp_path / "data"
    monkeypatch.setattr(shared_data, "_BUILT_IN", (str(data),))
    _with_service(data, "real")
    data.rename(tmp_path / "away")
    _with_service(data, "fake")
    loader = SessionLoader([str(data)], include_default_search_paths=False)
    assert loader.list_available_services("service-2") == ["fake"]
    data.rename(tmp_path / "gone")
    (tmp_path / "away").rename(data)
    assert loader.list_available_services("service-2") == ["real"]
    assert loader.load_service_model("real", "service-2") == {}


def _mocked_environment() -> dict[str, str]:
    # A call that leaves the mock ends at a port where nobody listens.
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }


def test_moto_is_imported_after_the_first_session() -> None:
    done = running.run(MOTO_AFTER_A_SESSION, **_mocked_environment())
    assert done.stdout == "mocked\n", done.stderr


def test_botocores_own_handlers_are_those_of_now() -> None:
    """A tool adds one after the first session, and takes it away again."""
    done = running.run(A_HANDLER_MORE, **_mocked_environment())
    assert done.stdout == "1\n", done.stderr
