"""The parameters of AssumeRole and of the STS client, as dicts."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from evercreds import (
    AssumeRoleConfig,
    EvercredsValidationError,
    EvercredsWarning,
    STSClientConfig,
)

ROLE = "arn:aws:iam::123456789012:role/reader"


def test_items_and_attributes_are_one() -> None:
    config = AssumeRoleConfig(RoleArn=ROLE, DurationSeconds=900)
    config.ExternalId = "a"
    config["Tags"] = [{"Key": "k", "Value": "v"}]
    assert config["ExternalId"] == config.ExternalId == "a"
    assert config.Tags == [{"Key": "k", "Value": "v"}]
    assert isinstance(config, dict)
    assert {**config}["DurationSeconds"] == 900


def test_what_is_not_set() -> None:
    config = AssumeRoleConfig(RoleArn=ROLE)
    assert config.Policy is None
    with pytest.raises(KeyError):
        config["Policy"]
    with pytest.raises(AttributeError):
        _ = config.Colour
    config.Policy = "{}"
    config.Policy = None
    assert "Policy" not in config
    del config["RoleArn"]
    with pytest.raises(AttributeError):
        _ = config.RoleArn
    with pytest.raises(AttributeError):
        del config.Policy


def test_unknown_keys_are_refused_by_name() -> None:
    config = AssumeRoleConfig(RoleArn=ROLE)
    for change in (
        lambda: config.__setitem__("Colour", 1),
        lambda: setattr(config, "Colour", 1),
        lambda: config.update(Colour=1),
        lambda: config.update({"Policy": "{}", "Colour": 1}),
        lambda: config.setdefault("Colour", 1),
        lambda: config.__ior__({"Colour": 1}),
    ):
        with pytest.raises(EvercredsValidationError, match="Colour") as caught:
            change()
        assert caught.value.param == "Colour"
    assert config == {"RoleArn": ROLE}, "nothing is set by half"
    with pytest.raises(EvercredsValidationError):
        config[7] = 1
    with pytest.raises(TypeError):
        AssumeRoleConfig(RoleArn=ROLE, Colour=1)
    with pytest.raises(TypeError):
        AssumeRoleConfig(ROLE)
    with pytest.raises(TypeError):
        AssumeRoleConfig()
    with pytest.raises(TypeError):
        AssumeRoleConfig.fromkeys(["RoleArn"])


def test_copies_keep_what_they_are() -> None:
    config = AssumeRoleConfig(RoleArn=ROLE, Tags=[{"Key": "k", "Value": "v"}])
    for copied in (copy.copy(config), copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert type(copied) is AssumeRoleConfig
        assert copied == config
    assert type(config.copy()) is dict
    assert type(config | {}) is dict


def test_update_takes_what_a_dicts_does() -> None:
    config = AssumeRoleConfig(RoleArn=ROLE, Policy="{}")
    config.update([("ExternalId", "a")], Policy=None)
    config.update()
    assert config == {"RoleArn": ROLE, "ExternalId": "a"}
    config |= {"DurationSeconds": 900}
    assert type(config) is AssumeRoleConfig
    assert list(config) == ["RoleArn", "ExternalId", "DurationSeconds"]
    with pytest.raises(TypeError):
        config.update({}, {})


def test_setdefault_does_not_overwrite() -> None:
    config = AssumeRoleConfig(RoleArn=ROLE)
    assert config.setdefault("RoleSessionName", "a") == "a"
    assert config.setdefault("RoleSessionName", "b") == "a"
    assert config.setdefault("Policy") is None


def test_the_service_of_the_client_is_always_sts() -> None:
    assert STSClientConfig().service_name == "sts"
    assert STSClientConfig(service_name=None).service_name == "sts"
    with pytest.warns(EvercredsWarning, match="sts") as caught:
        config = STSClientConfig(service_name="s3")
    assert config.service_name == "sts"
    assert caught[0].filename == __file__
    with pytest.warns(EvercredsWarning, match="sts") as caught:
        config.update(service_name="s3")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.warns(EvercredsWarning) as caught:
        config.service_name = "s3"
    assert caught[0].lineno == inspect.currentframe().f_lineno - 1
    config.service_name = None
    assert config == {"service_name": "sts"}
    with pytest.raises(EvercredsValidationError, match="service_name"):
        STSClientConfig(service_name=7)
