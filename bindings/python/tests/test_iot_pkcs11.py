"""Private keys in a PKCS#11 token: SoftHSM's."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awscrt.io
import pytest

from conftest import SessionMaker, StandIn, ended_well, in_child, in_threads
from evercreds import EvercredsConfigurationError
from evercreds._library import abi_generated as abi
from evercreds.methods.iot import _libraries
from softhsm import SoftToken

CERTIFICATES = {"rsa": "rsa_certificate", "ec": "certificate"}

TokenSession = Callable[..., Any]


@pytest.fixture
def token_session(
    iot_session: SessionMaker,
    stand_in: StandIn,
    softhsm_token: SoftToken,
) -> TokenSession:
    """Makes sessions with a key of the token's."""

    def make(key: str = "rsa", **changes: Any) -> Any:
        return iot_session(
            certificate=stand_in.introduction[CERTIFICATES[key]],
            private_key=None,
            pkcs11=softhsm_token.pkcs11(key, **changes),
        )

    return make


@pytest.mark.parametrize("key", ["rsa", "ec"])
def test_a_key_in_a_token(token_session: TokenSession, stand_in: StandIn, key: str) -> None:
    session = token_session(key)
    assert session.client("s3", endpoint_url=stand_in.endpoint).list_buckets()["Buckets"]
    assert stand_in.alias_calls()["successes"] == 1


def test_the_certificate_may_be_bytes(
    iot_session: SessionMaker,
    stand_in: StandIn,
    softhsm_token: SoftToken,
) -> None:
    text = Path(stand_in.introduction["rsa_certificate"]).read_bytes()
    session = iot_session(certificate=text, private_key=None, pkcs11=softhsm_token.pkcs11("rsa"))
    session.refresh()


def test_one_library_and_one_context_for_many(
    token_session: TokenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library must not be initialized twice in a process."""
    made = []
    library = awscrt.io.Pkcs11Lib

    class Counted(library):  # type: ignore[misc, valid-type]
        def __init__(self, **given: Any) -> None:
            made.append(given)
            super().__init__(**given)

    monkeypatch.setattr(_libraries, "_libraries", _libraries._Libraries())
    monkeypatch.setattr(awscrt.io, "Pkcs11Lib", Counted)
    sessions = [token_session(key) for key in ("rsa", "ec", "rsa")]
    for session in sessions:
        session.refresh()
        session.refresh()
    in_threads(3, sessions.pop().refresh)
    assert len(made) == 1


@pytest.mark.parametrize(
    "changes", [{"token_label": "no-such-token"}, {"slot_id": 7}, {"private_key_label": "no-key"}]
)
def test_what_is_not_found_is_told(
    token_session: TokenSession, caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    session = token_session(**changes)
    with caplog.at_level(logging.DEBUG), pytest.raises(EvercredsConfigurationError) as caught:
        session.refresh()
    assert caught.value.param == "pkcs11"
    assert "NOT_FOUND" in str(caught.value)
    # Somebody may put the token in.
    assert (
        session._host.loop.source.classify(caught.value).error_class == abi.ErrorClass.RECOVERABLE
    )
    pin = session._tls_identity.token.user_pin
    assert pin not in str(caught.value) + repr(vars(caught.value)) + caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_children_use_the_token_too(token_session: TokenSession, stand_in: StandIn) -> None:
    session = token_session()
    session.refresh()

    def work() -> None:
        session.refresh()
        session.refresh()

    for _ in range(5):
        assert ended_well(in_child(work))
        session.refresh()
    assert stand_in.alias_calls()["successes"] == 16
