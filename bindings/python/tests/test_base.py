"""The boto3 session beneath: profiles, data, memory."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.exceptions import ProfileNotFound

from conftest import SessionMaker, StandIn
from evercreds import RefreshableSession

ROLE = "arn:aws:iam::123456789012:role/reader"


def loader_of(session: RefreshableSession) -> object:
    return session._session.get_component("data_loader")


def test_a_profile_is_the_base(
    sts_session: SessionMaker, stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"[profile mine]\nregion = us-east-1\naws_access_key_id = {stand_in.access_key_id}\n"
        f"aws_secret_access_key = {stand_in.secret_access_key}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    session = sts_session(profile_name="mine")
    assert (session.profile_name, session.region_name) == ("mine", "us-east-1")
    assert session.whoami()["Account"] == "123456789012"
    over_a_session = sts_session(profile_name="mine", botocore_session=botocore.session.Session())
    assert over_a_session.whoami()["Account"] == "123456789012"
    with pytest.raises(ProfileNotFound):
        sts_session(profile_name="nobodys")


def test_keys_that_are_given_are_the_base(
    sts_session: SessionMaker, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    session = sts_session(
        aws_access_key_id=stand_in.access_key_id, aws_secret_access_key=stand_in.secret_access_key
    )
    assert session.whoami()["Arn"].endswith("/evercreds")


def test_the_botocore_session_of_a_boto3_session_will_do(
    sts_session: SessionMaker, stand_in: StandIn
) -> None:
    session = sts_session(botocore_session=boto3.Session()._session)
    assert session.client("s3", endpoint_url=stand_in.endpoint).list_buckets()["Buckets"]
    assert callable(session.client("s3").upload_file)
    assert session.resource("s3").Bucket("name").name == "name"


def test_sessions_share_what_botocore_reads() -> None:
    one, two = (RefreshableSession(assume_role_kwargs={"RoleArn": ROLE}) for _ in range(2))
    assert loader_of(one) is loader_of(two)
    paths = loader_of(one).search_paths
    assert len(paths) == len(set(paths)), "the paths do not grow with each session"
    seen: list[str] = []
    one.events.register("an-event-of-mine", lambda **_: seen.append("one"))
    two.events.emit("an-event-of-mine")
    assert not seen, "handlers stay with their session"
    one.events.emit("an-event-of-mine")
    assert seen == ["one"]


def test_data_of_the_users_own_is_seen_by_his_session_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE})
    model = {"metadata": {}, "operations": {}, "shapes": {}}
    folder = tmp_path / "data" / "mine" / "2026-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(model))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "data"))
    own = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE})
    assert "mine" in own.get_available_services()
    assert "mine" not in shared.get_available_services()
    assert loader_of(own) is not loader_of(shared)
