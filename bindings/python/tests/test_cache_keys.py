"""The keys of the caches."""

from __future__ import annotations

import copy
import enum
import gc
import pickle
import weakref
from typing import Any

import boto3
import botocore
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from evercreds.cache import ClientCacheKey, ResourceCacheKey, _frozen
from evercreds.cache._frozen import freeze, show

pytestmark = pytest.mark.once

SENTINEL = "SentinelValue0123456789"
NAMES = ["region_name", "api_version", "endpoint_url", "aws_session_token", "verify"]
VALUES = st.sampled_from([None, "a", "b"])
PARAMETERS = st.dictionaries(st.sampled_from(NAMES), VALUES)
POSITIONS = ("service_name", "region_name", "api_version", "use_ssl", "verify", "endpoint_url")


@given(PARAMETERS, st.randoms(), st.integers(0, len(POSITIONS)))
def test_one_request_is_one_key_however_it_is_written(
    given: dict[str, Any], random: Any, by_position: int
) -> None:
    named = {"service_name": "s3", **given}
    defaults = {"use_ssl": True}
    positional = [named.pop(name, defaults.get(name)) for name in POSITIONS[:by_position]]
    shuffled = list(named.items())
    random.shuffle(shuffled)
    plain = {name: value for name, value in given.items() if value is not None}
    for kind in (ClientCacheKey, ResourceCacheKey):
        key = kind(*positional, **dict(shuffled))
        assert key == kind("s3", **plain)
        assert hash(key) == hash(kind("s3", **plain))
        assert key.key == kind("s3", **plain).key


@given(PARAMETERS, PARAMETERS)
def test_different_requests_are_different_keys(one: dict[str, Any], two: dict[str, Any]) -> None:
    def bare(given: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in given.items() if value is not None}

    same = ClientCacheKey("s3", **one) == ClientCacheKey("s3", **two)
    assert same == (bare(one) == bare(two))


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.floats(0, 2) | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=5,
)


@given(NESTED, NESTED)
def test_frozen_values_are_equal_where_the_values_are_of_one_type_and_equal(
    one: Any, two: Any
) -> None:
    assert (freeze(one) == freeze(two)) == (dumped(one) == dumped(two))
    hash(freeze(one))


def dumped(value: Any) -> str:
    """Write a value so that equal texts are equal values of equal types."""
    if isinstance(value, dict):
        return f"{{{sorted((name, dumped(each)) for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{[dumped(each) for each in value]}]"
    return f"{type(value).__name__}:{value!r}"


def test_a_client_and_a_resource_are_never_one_key() -> None:
    assert ClientCacheKey("s3") != ResourceCacheKey("s3")
    assert ResourceCacheKey("s3") != ResourceCacheKey("s3", shared=True)
    assert ClientCacheKey("s3") != "s3"
    assert (ClientCacheKey("s3").cache_type, ResourceCacheKey("s3").cache_type) == (
        "client",
        "resource",
    )


def test_what_is_no_parameter_of_boto3_is_left_out() -> None:
    assert ClientCacheKey("s3", eviction_policy="LFU", max_size=3) == ClientCacheKey("s3")
    assert ResourceCacheKey("s3", eviction_policy="LFU", max_size=3) == ResourceCacheKey("s3")


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((), {}),
        (("s3",), {"service_name": "s3"}),
        (("s3", None), {"region_name": None}),
        (("s3",), {"colour": None}),
        (("s3", *[None] * 20), {}),
        (("s3",), {"use_ssl": None}),  # which boto3 takes for False
        (("s3",), {"use_ssl": 1}),
        (("s3",), {"verify": False}),
        (("s3",), {"verify": 0}),
    ],
)
def test_what_boto3_refuses_or_takes_otherwise_is_another_key(args: Any, kwargs: Any) -> None:
    assert ClientCacheKey(*args, **kwargs) != ClientCacheKey("s3")


def test_numbers_and_truth_values_are_told_apart() -> None:
    keys = {ClientCacheKey("s3", verify=value) for value in (True, 1, 1.0, "1")}
    assert len(keys) == 4


def test_configs_are_equal_by_their_options() -> None:
    def key(**options: Any) -> ClientCacheKey:
        return ClientCacheKey("s3", config=Config(**options))

    proxies = {"http": "a", "https": "b"}
    assert key(region_name="a", proxies=proxies) == key(
        proxies=dict(reversed(proxies.items())), region_name="a"
    )
    assert key(region_name=None) == key()
    assert key(read_timeout=5) != key()
    assert key(connect_timeout=None) != key()  # no time-out at all
    assert key(connect_timeout=60) != key()  # which defaults_mode would change
    assert key(inject_host_prefix=True) != key()  # which the environment could change
    assert key(signature_version=botocore.UNSIGNED) == key(signature_version=botocore.UNSIGNED)
    assert key(retries={"max_attempts": 2}) != key(retries={"max_attempts": 3})


def test_a_config_that_says_nothing_is_no_config() -> None:
    for config in (Config(), Config(region_name=None), Config(proxies=None, retries=None)):
        assert ClientCacheKey("s3", config=config) == ClientCacheKey("s3")
        assert ResourceCacheKey("s3", config=config) == ResourceCacheKey("s3")
        assert ClientCacheKey("s3", config=config).label.startswith("'s3', config=Config(")


def test_a_region_in_a_config_is_the_region_where_no_other_is_given() -> None:
    config = Config(region_name="a", read_timeout=5)
    rest = Config(read_timeout=5)
    assert ClientCacheKey("s3", config=config) == ClientCacheKey("s3", "a", config=rest)
    assert ClientCacheKey("s3", "a", config=config) == ClientCacheKey("s3", "a", config=rest)
    assert ClientCacheKey("s3", config=Config(region_name="a")) == ClientCacheKey("s3", "a")
    # S3's client takes the Config's in places.
    assert ClientCacheKey("s3", "b", config=config) != ClientCacheKey("s3", "b", config=rest)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"retries": {"max_attempts": 2}}, {"retries": {"max_attempts": 3}}),
        ({"s3": {"addressing_style": "path"}}, {"s3": {"addressing_style": "virtual"}}),
        ({"read_timeout": 5}, {"read_timeout": None}),
    ],
)
def test_a_config_that_was_changed_inside_is_another_key(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    config = Config(**copy.deepcopy(before))
    assert ClientCacheKey("s3", config=config) == ClientCacheKey("s3", config=Config(**before))
    for name, value in after.items():
        if isinstance(value, dict):
            getattr(config, name).update(value)
        else:
            setattr(config, name, value)
    assert ClientCacheKey("s3", config=config) == ClientCacheKey("s3", config=Config(**after))


def test_no_config_is_kept_and_no_secret_of_one_is_remembered() -> None:
    plain, secret = Config(read_timeout=5), Config(proxies={"http": f"http://u:{SENTINEL}@h"})
    late = Config(proxies={"http": f"http://u:{SENTINEL}@h"})
    late.proxies = None
    for config in (plain, secret, late):
        ClientCacheKey("s3", config=config)
    assert plain in _frozen._configs
    assert SENTINEL not in repr([*_frozen._configs.values()])
    gone = weakref.ref(plain)
    del plain, config
    gc.collect()
    assert gone() is None


def test_a_config_that_was_changed_is_another_key() -> None:
    config = Config(region_name="a")
    before = ClientCacheKey("s3", config=config)
    config.read_timeout = 7
    after = ClientCacheKey("s3", config=config)
    assert before != after
    assert after == ClientCacheKey("s3", config=Config(region_name="a", read_timeout=7))


def test_members_of_an_enum_of_strings_are_their_values() -> None:
    class Region(str, enum.Enum):
        HERE = "us-east-1"

    assert ClientCacheKey("s3", Region.HERE) == ClientCacheKey("s3", "us-east-1")
    assert ClientCacheKey("s3", Region.HERE).label == "'s3', 'us-east-1'"


def test_the_label_is_the_request_as_it_was_written() -> None:
    assert ClientCacheKey("s3", None, verify=False, region_name="a").label == (
        "'s3', None, region_name='a', verify=False"
    )
    key = ClientCacheKey(
        api_version="1", service_name="s3", config=Config(retries={"mode": "standard"})
    )
    assert key.label == "'s3', api_version='1', config=Config(retries={'mode': 'standard'})"
    assert str(key) == key.label
    assert repr(key) == f"ClientCacheKey(client({key.label}))"
    assert repr(ResourceCacheKey("s3", shared=True)) == (
        "ResourceCacheKey(resource('s3', shared=True))"
    )


def test_the_key_is_the_service_and_the_other_parameters() -> None:
    key = ClientCacheKey(service_name="s3", verify=None, region_name="a", api_version="1")
    assert key.key == (("s3",), (("api_version", "1"), ("region_name", "a")))


URLS = [
    (f"https://user:{SENTINEL}@host.example/path", "'https://***@host.example/path'"),
    (f"user:{SENTINEL}@host.example:80", "'***@host.example:80'"),
    (f"https://user:a/{SENTINEL}@host.example", "'https://***@host.example'"),
    (f"https://user:a@{SENTINEL}@host.example", "'https://***@host.example'"),
    (f"https://user:a?{SENTINEL}@host.example", "'https://***'"),
    (f"https://host.example/?a@b&token={SENTINEL}", "'https://***'"),
    (f"https://host.example/?token={SENTINEL}", "'https://***'"),
]


@pytest.mark.parametrize(("url", "shown"), URLS)
def test_what_may_be_secret_in_a_url_is_not_shown(url: str, shown: str) -> None:
    for value in (url, [url], {"https": url}, {url: 1}, {url}, Config(proxies={"https": url})):
        frozen = freeze(value)
        assert SENTINEL not in repr(frozen) + show(frozen) + repr(pickle.dumps(frozen))
        assert shown in show(frozen)
    assert freeze(url) == freeze(url)
    assert freeze(url) != freeze(url + "/")


def test_an_unknown_object_is_shown_by_its_type_alone() -> None:
    class Proxy:
        def __repr__(self) -> str:
            return SENTINEL

    proxy = Proxy()
    key = ClientCacheKey("s3", config=proxy)
    assert key == ClientCacheKey("s3", config=proxy)
    assert key != ClientCacheKey("s3", config=Proxy())
    assert key.label == "'s3', config=Proxy"
    assert SENTINEL not in repr(key.key)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(key)


def test_an_unknown_object_that_cannot_be_hashed_is_equal_to_itself() -> None:
    class Odd(list[int]):
        pass

    class Unhashable:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            return True

    odd = Unhashable()
    assert ClientCacheKey("s3", config=odd) == ClientCacheKey("s3", config=odd)
    assert ClientCacheKey("s3", config=odd) != ClientCacheKey("s3", config=Unhashable())
    assert freeze(Odd([1])) == freeze([1])


def test_a_key_is_copied_and_pickled_as_it_is() -> None:
    for key in (
        ClientCacheKey("s3", region_name="a", aws_session_token=SENTINEL),
        ResourceCacheKey("s3", shared=True, config=Config(read_timeout=5)),
    ):
        for twin in (copy.copy(key), copy.deepcopy(key), pickle.loads(pickle.dumps(key))):
            assert twin == key
            assert hash(twin) == hash(key)
            assert repr(twin) == repr(key)
            assert type(twin) is type(key)


def test_every_parameter_of_boto3_is_known_by_name_and_position() -> None:
    """What a later boto3 adds is taken from its own signature."""
    names = boto3.Session.client.__code__.co_varnames[1 : boto3.Session.client.__code__.co_argcount]
    by_name = ClientCacheKey(**dict.fromkeys(names, "a"))
    assert by_name == ClientCacheKey(*["a"] * len(names))
