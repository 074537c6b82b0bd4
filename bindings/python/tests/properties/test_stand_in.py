"""Random histories of sts sessions, whose roles, signatures and services are the stand-in's."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import ROLE, StandIn, in_threads
from evercreds import EvercredsError, RefreshableSession

pytestmark = pytest.mark.slow

_ONCE = Config(retries={"total_max_attempts": 1})
_numbers = itertools.count()

_FAULTS: dict[str, dict[str, Any]] = {
    "http": {},
    "throttling": {"retry_after_s": 1},
    "access_denied": {},
    "error": {"code": "ExpiredToken"},
    "reset": {},
    "truncated": {},
    "missing_field": {"field": "SecretAccessKey"},
    "bad_expiration": {},
    "expired": {},
    "fixed": {},
    "latency": {"latency_ms": 60},
}
_COUNTS = st.integers(1, 6)
_EVENTS = st.one_of(
    st.tuples(st.just("ask"), _COUNTS),
    st.tuples(st.just("call"), _COUNTS),
    st.tuples(st.just("revoke"), _COUNTS),
    st.tuples(st.just("refresh"), st.integers(1, 3)),
    st.tuples(st.just("invalidate"), st.just(1)),
    st.tuples(st.sampled_from(sorted(_FAULTS)), st.just(0)),
    st.tuples(st.just("well"), st.just(0)),
)


class Service:
    """A session, a client of it, and its role at the stand-in."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.role = f"{ROLE}history-{next(_numbers)}"
        self.was_ever_ill = False
        self.rejections = 0
        self.session: Any = RefreshableSession(
            assume_role_kwargs={"RoleArn": self.role},
            sts_client_kwargs={"endpoint_url": stand_in.endpoint, "config": _ONCE},
        )
        self.credentials = self.session.get_credentials()
        self.s3 = self.session.client("s3", endpoint_url=stand_in.endpoint)

    def play(self, what: str, count: int) -> None:
        """Let one thing happen, and check what comes of it."""
        if what in _FAULTS:
            self.stand_in.fault(what, role=self.role, **_FAULTS[what])
            self.was_ever_ill = self.was_ever_ill or what != "latency"
        elif what == "well":
            self.stand_in.clear_faults()
        elif what == "revoke":
            self._revoke()
            self._check(in_threads(count, self.s3.list_buckets))
        elif what == "invalidate":
            self.rejections += 1
            self.session.invalidate()
        else:
            use = {
                "ask": self.credentials.get_frozen_credentials,
                "call": self.s3.list_buckets,
                "refresh": self.session.refresh,
            }[what]
            self._check(in_threads(count, use))

    def _revoke(self) -> None:
        """A service ends what is held, and says so to whoever signs with it."""
        status = self.session.status()
        if status.phase == "fresh" and not status.rejected:
            key = self.credentials.get_frozen_credentials().access_key
            self.stand_in.control("POST", "revoke", access_key_id=key)
            self.rejections += 1

    def _check(self, results: list[Any]) -> None:
        counts = self.stand_in.calls(self.role)
        assert counts["concurrent_max"] <= 1, "(2) two attempts at once"
        issued = {each["access_key_id"] for each in counts["issued"]}
        for result in results:
            if isinstance(result, Exception):
                assert isinstance(result, (BotoCoreError, ClientError, EvercredsError)), result
            elif hasattr(result, "access_key"):
                assert result.access_key in issued, "(10) a key that was never given"
        # What is rejected twice within a minute is spaced, and callers are told so.
        if not self.was_ever_ill and self.rejections <= 1:
            raised = [each for each in results if isinstance(each, Exception)]
            assert not raised, "all is well, and a caller is told otherwise"


@settings(
    max_examples=max(8, settings().max_examples // 10),
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture],
)
@given(events=st.lists(_EVENTS, min_size=2, max_size=10))
@pytest.mark.usefixtures("base_keys")
def test_sts_histories(stand_in: StandIn, events: list[tuple[str, int]]) -> None:
    stand_in.clear_faults()
    service = Service(stand_in)
    for what, count in events:
        service.play(what, count)
    stand_in.clear_faults()
    service.session.close()
    for result in in_threads(3, service.credentials.get_frozen_credentials):
        assert getattr(result, "code", None) == "closed"
