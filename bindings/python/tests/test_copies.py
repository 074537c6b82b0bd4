"""Sessions and what belongs to them, copied and pickled."""

from __future__ import annotations

import copy
import marshal
import os
import pickle
import traceback
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import FunctionType
from typing import Any

import botocore.session
import pytest

from conftest import ROLE, SessionMaker, StandIn
from evercreds import AssumeRoleConfig, RefreshableSession, STSRefreshableSession

COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    lambda it: pickle.loads(pickle.dumps(it)),
]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_session_is_the_session(
    copied: Callable[[Any], Any], sts_session: SessionMaker
) -> None:
    session = sts_session()
    assert copied(session) is session
    assert copied({"s": [session]})["s"][0] is session
    assert copied(session.get_credentials()) is session.get_credentials()
    session.refresh()


def test_a_pickled_session_is_a_recipe(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = sts_session(advisory_timeout=700, mandatory_timeout=500, stability="strict")
    session.refresh()
    held = session.get_credentials().get_frozen_credentials()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        pickled = pickle.dumps(session, protocol)
        for secret in (held.access_key, held.secret_key, held.token, stand_in.secret_access_key):
            assert secret.encode() not in pickled
        with pickle.loads(pickled) as other:
            assert type(other) is type(session)
            assert (other.advisory_timeout, other.mandatory_timeout) == (700, 500)
            assert other.status().phase == "empty"
    assert stand_in.calls(role)["attempts"] == 1


class Vault(RefreshableSession):
    def __init__(self, path: str, **kwargs: Any) -> None:
        self.path = path
        super().__init__(**kwargs)

    def fetch_credentials(self) -> dict[str, str]:
        return {"access_key": "A", "secret_key": "SENTINEL", "token": "T", "expiry_time": "never"}


def test_sessions_of_all_methods_and_their_sources_are_pickled(sts_session: SessionMaker) -> None:
    vault = Vault("some/path", region_name="eu-west-3")
    chained = sts_session(source=vault, assume_role_kwargs=AssumeRoleConfig(RoleArn=ROLE + "b"))
    custom = RefreshableSession(method="custom", custom_credentials_method=vault.fetch_credentials)
    vault.refresh()
    pickled = pickle.dumps([vault, chained, custom])
    assert b"SENTINEL" not in pickled
    again, of_again, as_custom = pickle.loads(pickled)
    assert again.path == "some/path"
    assert of_again.region_name == "eu-west-3"
    assert as_custom.credentials["access_key"] == again.credentials["access_key"] == "A"


SECRET = "SENTINELSECRETKEY0123456789"
KEYS = {"aws_access_key_id": "SENTINELID", "aws_secret_access_key": SECRET}


class Unpicklable:
    def __reduce__(self) -> Any:
        raise ValueError(SECRET)

    def __call__(self) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("named", "given"),
    [
        ("aws_access_key_id", KEYS),
        ("botocore_session", {"botocore_session": botocore.session.Session()}),
        (
            "TokenCode",
            {
                "assume_role_kwargs": {
                    "RoleArn": ROLE + "a",
                    "SerialNumber": "arn:aws:iam::1:mfa/x",
                    "TokenCode": "123456",
                }
            },
        ),
        ("aws_access_key_id of sts_client_kwargs", {"sts_client_kwargs": KEYS}),
        (
            "custom_credentials_method",
            {"method": "custom", "custom_credentials_method": lambda: None},
        ),
        (
            "custom_credentials_method",
            {"method": "custom", "custom_credentials_method": Unpicklable()},
        ),
    ],
)
def test_a_session_that_needs_keys_or_a_closure_says_so(named: str, given: Any) -> None:
    if "method" not in given:
        given = {"assume_role_kwargs": {"RoleArn": ROLE + "a"}, **given}
    session = RefreshableSession(**given)
    with pytest.raises(TypeError, match=f"because of its argument {named}") as caught:
        pickle.dumps([session])
    child = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE + "b"}, source=session)
    with pytest.raises(TypeError, match=f"because of its argument {named}"):
        pickle.dumps(child)
    assert "SENTINEL" not in "".join(traceback.format_exception(caught.value))
    assert not [each for each in vars(session._recipe).values() if SECRET in repr(each)]


class ForProcesses(Unpicklable):
    """What the standard library's own pickler for processes takes, as it does queues."""

    def __call__(self) -> Any:
        return {"access_key": "A", "secret_key": "S", "token": "T", "expiry_time": "never"}


def test_what_multiprocessing_can_pickle_may_be_an_argument() -> None:
    ForkingPickler.register(ForProcesses, lambda _: (ForProcesses, ()))
    session = RefreshableSession(method="custom", custom_credentials_method=ForProcesses())
    again = pickle.loads(ForkingPickler.dumps(session))
    assert again.credentials["access_key"] == "A"
    with pytest.raises(TypeError, match="because of its argument custom_credentials_method"):
        pickle.dumps(session)
    closure = RefreshableSession(method="custom", custom_credentials_method=lambda: None)
    with pytest.raises(TypeError, match="because of its argument custom_credentials_method"):
        ForkingPickler.dumps(closure)


PICKLER = """
import io, marshal, pickle, types

class Pickler(pickle.Pickler):
    def dump(self, what):
        return super().dump(what)

    def reducer_override(self, what):
        if type(what) is types.FunctionType and what.__name__ == "<lambda>":
            return made, (marshal.dumps(what.__code__),)
        return NotImplemented

def dumps(what):
    file = io.BytesIO()
    Pickler(file).dump(what)
    return file.getvalue()
"""


def made(code: bytes) -> Any:
    """Make a function again that was pickled by its code, as cloudpickle does."""
    return FunctionType(marshal.loads(code), {})


@pytest.mark.parametrize(
    "name", ["cloudpickle", "joblib.externals.cloudpickle.cloudpickle", "dill._dill"]
)
def test_closures_are_left_to_a_pickler_that_takes_them(name: str) -> None:
    pickler: dict[str, Any] = {"__name__": name, "made": made}
    exec(PICKLER, pickler)
    keys = {"access_key": "A", "secret_key": "S", "token": "T", "expiry_time": "never"}
    session = RefreshableSession(
        method="custom",
        custom_credentials_method=lambda **keys: keys,
        custom_credentials_method_args=keys,
    )
    assert pickle.loads(pickler["dumps"](session)).credentials == keys | {"expiry_time": None}
    pickler["__name__"] = "another"
    with pytest.raises(TypeError, match="because of its argument custom_credentials_method"):
        pickler["dumps"](session)


class OfKeys(STSRefreshableSession):
    """A class of the user's, whose arguments have names of its own."""

    def __init__(self, role: str, keys: dict[str, str], **kwargs: Any) -> None:
        names = {"id": "aws_access_key_id", "secret": "aws_secret_access_key"}
        given = {names[name]: key for name, key in keys.items()}
        super().__init__({"RoleArn": role}, **given, **kwargs)


class FindsKeys(OfKeys):
    """One that has the keys from elsewhere: another process finds them there too."""

    def __init__(self, role: str) -> None:
        super().__init__(role, {"id": "SENTINELID", "secret": SECRET}, region_name="eu-west-3")


def test_keys_are_found_whatever_the_name_of_the_argument() -> None:
    session = OfKeys(ROLE + "a", {"id": "SENTINELID", "secret": SECRET})
    with pytest.raises(TypeError, match="because of its argument keys: it is or holds a secret"):
        pickle.dumps(session)
    assert not [each for each in vars(session).values() if SECRET in repr(each)]
    pickled = pickle.dumps(FindsKeys(ROLE + "b"))
    assert SECRET.encode() not in pickled
    assert pickle.loads(pickled).region_name == "eu-west-3"


def test_keys_of_a_thing_are_not_pickled(
    iot_session: SessionMaker, stand_in: StandIn, tmp_path: Path
) -> None:
    key = stand_in.introduction["private_key"]
    pem = Path(key).read_bytes() if os.path.exists(key) else key.encode()
    with pytest.raises(TypeError, match="because of its argument private_key"):
        pickle.dumps(iot_session(private_key=pem))
    (tmp_path / "key.pem").write_bytes(pem)
    pickled = pickle.dumps(iot_session(private_key=str(tmp_path / "key.pem")))
    assert b"PRIVATE KEY" not in pickled


def test_clients_and_credentials_are_not_pickled(sts_session: SessionMaker) -> None:
    session = sts_session()
    for what in (session.client("s3"), session.get_credentials(), session.cache):
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            pickle.dumps(what)


@pytest.mark.parametrize("copied", COPIES)
def test_what_it_gives_can_be(copied: Callable[[Any], Any], sts_session: SessionMaker) -> None:
    session = sts_session()
    frozen = session.get_credentials().get_frozen_credentials()
    for given in (frozen, session.credentials, session.status(), session.assume_role_kwargs):
        same = copied(given)
        assert same == given
        assert type(same) is type(given)
    assert frozen.secret_key not in repr(copied(frozen))
