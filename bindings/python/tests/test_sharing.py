"""What sessions share of botocore's data, and that nothing of it lets one reach another."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.loaders import Loader

from conftest import in_threads
from evercreds import RefreshableSession
from evercreds._boto3.frozen_data import freeze
from evercreds._boto3.sessions import derived_session, new_session
from evercreds._boto3.shared_data import _store

ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/reader"}


def make(**more: Any) -> Any:
    return RefreshableSession(assume_role_kwargs=ROLE, **more)


def loader_of(session: Any) -> Any:
    return session._session.get_component("data_loader")


def write_service(folder: Path, name: str) -> None:
    """Write the data of a service that nobody has."""
    (folder / name / "2026-01-01").mkdir(parents=True)
    model = {"metadata": {}, "operations": {}, "shapes": {}}
    (folder / name / "2026-01-01" / "service-2.json").write_text(json.dumps(model))


class TestShared:
    """What is the same for all is there once."""

    def test_models_and_endpoints(self) -> None:
        one, two = loader_of(make()), loader_of(make())
        for name in ("s3", "sts"):
            assert one.load_service_model(name, "service-2") is two.load_service_model(
                name, "service-2"
            )
        assert one.load_data("endpoints") is two.load_data("endpoints")
        assert one is not two

    def test_with_a_session_that_was_derived(self) -> None:
        first = make()
        second = make(botocore_session=first._session)
        model = loader_of(first).load_service_model("s3", "service-2")
        assert loader_of(second).load_service_model("s3", "service-2") is model

    def test_threads_that_load_at_once_get_the_same(self) -> None:
        loaders = [loader_of(make()) for _ in range(8)]
        given = in_threads(8, lambda: loaders.pop().load_service_model("sns", "paginators-1"))
        assert all(each is given[0] for each in given)

    @pytest.mark.parametrize("kind", ["service-2", "resources-1"])
    def test_it_is_what_boto3_reads(self, kind: str) -> None:
        # botocore writes into what it has read, as here in earlier tests.
        _store.cache_clear()
        ours, plain = loader_of(make()), loader_of(boto3.Session())
        assert ours.list_available_services(kind) == plain.list_available_services(kind)
        for name in ("s3", "ec2"):
            assert ours.list_api_versions(name, kind) == plain.list_api_versions(name, kind)
            given = ours.load_service_model(name, kind)
            assert given == plain.load_service_model(name, kind)
            assert json.dumps(given) == json.dumps(plain.load_service_model(name, kind))

    def test_what_the_sdk_adds_to_a_model_is_there(self) -> None:
        ours, plain = loader_of(make()), loader_of(boto3.Session())
        for name in ("ec2", "glue"):
            assert ours.load_service_model(name, "paginators-1") == plain.load_service_model(
                name, "paginators-1"
            )

    def test_endpoints_are_resolved_as_ever(self) -> None:
        session, plain = make(), boto3.Session()
        for region in ("us-east-1", "eu-west-3", "cn-north-1", "us-gov-west-1"):
            for service in ("s3", "sts", "iam"):
                for _ in range(2):
                    ours = session.client(service, region_name=region)
                    theirs = plain.client(service, region_name=region)
                    assert ours.meta.endpoint_url == theirs.meta.endpoint_url
        assert session.get_available_regions("s3") == plain.get_available_regions("s3")


class TestApart:
    """What a user does with one session stays with it."""

    def test_a_shared_model_cannot_be_changed(self) -> None:
        model = loader_of(make()).load_service_model("s3", "service-2")
        operation = model["operations"]["ListBuckets"]
        errors = model["operations"]["CreateBucket"]["errors"]
        for change in (
            lambda: operation.update(documentation="mine"),
            lambda: operation.__setitem__("name", "Mine"),
            lambda: operation.pop("name"),
            lambda: model["shapes"].setdefault("Mine", {}),
            lambda: errors.append({}),
            lambda: errors.sort(),
        ):
            with pytest.raises(TypeError, match=r"shared by all sessions.*copy\.deepcopy"):
                change()
        with pytest.raises(TypeError, match="shared"):
            operation |= {"name": "Mine"}
        with pytest.raises(TypeError, match="shared"):
            errors += [1]

    def test_copies_can_be(self) -> None:
        frozen = freeze({"a": [{"b": 1}], "c": {}})
        for copied in (copy.deepcopy(frozen), pickle.loads(pickle.dumps(frozen))):
            copied["a"][0]["b"] = 2
            copied["a"].append(3)
            assert type(copied["a"]) is list
        copied = frozen.copy()
        copied["c"] = 1
        assert copy.copy(frozen["a"]) == [{"b": 1}]
        assert frozen == {"a": [{"b": 1}], "c": {}}

    def test_botocore_itself_may_write(self) -> None:
        """It does, when it looks up an endpoint, and would fail otherwise."""
        s3 = make().client("s3", region_name="eu-west-3")
        assert s3.meta.endpoint_url == "https://s3.eu-west-3.amazonaws.com"
        endpoints = loader_of(make()).load_data("endpoints")
        services = endpoints["partitions"][0]["services"]
        with pytest.raises(TypeError, match="shared"):
            services["s3"]["endpoints"]["eu-west-3"]["hostname"] = "mine"

    def test_search_paths(self, tmp_path: Path) -> None:
        write_service(tmp_path, "mine")
        one, two = make(), make()
        loader_of(one).search_paths.append(str(tmp_path))
        assert "mine" in one.get_available_services()
        assert loader_of(one).load_service_model("mine", "service-2")["shapes"] == {}
        for other in (two, make()):
            assert "mine" not in other.get_available_services()

    def test_lists_of_services(self) -> None:
        one, two = make(), make()
        loader_of(one).list_available_services("service-2").append("mine")
        assert "mine" not in two.get_available_services()

    def test_data_under_the_home_of_the_user(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_service(tmp_path, "mine")
        before = make()
        monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(tmp_path))
        session = make()
        assert "mine" in session.get_available_services()
        model = loader_of(session).load_service_model("s3", "service-2")
        assert model is not loader_of(before).load_service_model("s3", "service-2")
        model["metadata"]["mine"] = 1

    def test_a_path_in_the_environment_or_the_profile(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_service(tmp_path / "data", "mine")
        config = tmp_path / "config"
        config.write_text(f"[profile mine]\ndata_path = {tmp_path / 'data'}\nregion = eu-west-1\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        assert "mine" not in make().get_available_services()
        assert "mine" in make(profile_name="mine").get_available_services()
        monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "data"))
        assert "mine" in make().get_available_services()

    def test_a_loader_of_the_users(self) -> None:
        class Mine(Loader):  # type: ignore[misc]
            pass

        given = botocore.session.Session()
        mine = Mine()
        given.register_component("data_loader", mine)
        model = mine.load_service_model("sts", "service-2")
        model["metadata"]["serviceFullName"] = "Mine"
        sessions = [make(botocore_session=given) for _ in range(3)]
        for session in sessions:
            assert loader_of(session) is mine
            assert session.client("sts").meta.service_model.metadata["serviceFullName"] == "Mine"
        assert len(mine.search_paths) == len(set(mine.search_paths)), "the paths do not grow"
        assert make().client("sts").meta.service_model.metadata["serviceFullName"] != "Mine"

    def test_handlers(self) -> None:
        seen: list[str] = []
        given = botocore.session.Session()
        one, two = make(botocore_session=given), make(botocore_session=given)
        three, plain = make(), botocore.session.Session()
        one.events.register("mine.too", lambda **_: seen.append("one"))
        one._session.register("mine", lambda **_: seen.append("one"))
        one.client("s3").meta.events.register("mine", lambda **_: seen.append("client"))
        for other in (two, three, make(), boto3.Session()):
            other.events.emit("mine")
            other.events.emit("mine.too.s3")
        for session in (given, plain, new_session(), derived_session(new_session())):
            session.emit("mine")
            session.get_component("event_emitter").emit("mine")
        assert not seen
        one.events.emit("mine")
        assert seen == ["one"]

    def test_handlers_of_botocore_are_in_force(self) -> None:
        s3 = make(region_name="us-east-1").client("s3")
        with pytest.raises(s3.exceptions.ClientError.__mro__[1], match="Invalid bucket name"):
            s3.list_objects_v2(Bucket="not a bucket")

    def test_handlers_that_are_taken_away(self) -> None:
        from botocore.handlers import validate_bucket_name

        one, two = make(), make()
        one.events.unregister("before-parameter-build.s3", validate_bucket_name)

        def check(session: Any) -> None:
            s3 = session.client("s3")
            model = s3.meta.service_model.operation_model("ListObjectsV2")
            params = {"Bucket": "not a bucket"}
            event = "before-parameter-build.s3.ListObjectsV2"
            s3.meta.events.emit(event, params=params, model=model, context={})

        check(one)
        with pytest.raises(Exception, match="Invalid bucket name"):
            check(two)
