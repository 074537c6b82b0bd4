"""The boto3 session beneath: profiles, keys, another session."""

from __future__ import annotations

from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.exceptions import ProfileNotFound

from conftest import SessionMaker, StandIn


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
