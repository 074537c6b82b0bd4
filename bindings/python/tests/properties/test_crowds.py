"""Many threads at once, which run as they like: the source is held until all of them have come.

Whose turn it is, the system says here, and not the test. What comes of it must not depend on that.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
import threading
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evercreds.session
from conftest import rings, until
from evercreds import EvercredsError, RefreshableSession
from evercreds._host.host import Host
from evercreds._waiting.bell import Bell
from properties.answers import FAILURES, LIVES_MS, MALFORMED, Reply, number_of
from properties.clocks import RoomClock

pytestmark = pytest.mark.slow

_PATIENCE_S = 20

_base = botocore.session.Session()
_base.set_credentials("AKIABASE", "secret-base")


@dataclasses.dataclass(frozen=True)
class Scene:
    """What happens in one go."""

    when: str  # the phase in which the threads come
    whats: tuple[str, ...]  # one for each thread
    answer: str
    life_ms: int


_SCENES = st.builds(
    Scene,
    when=st.sampled_from(["now", "advisory", "mandatory", "expired", "rejected"]),
    whats=st.lists(
        st.sampled_from(["frozen"] * 6 + ["credentials", "min_ttl", "status", "refresh", "wake"]),
        min_size=1,
        max_size=8,
    ).map(tuple),
    answer=st.sampled_from(["good"] * 12 + ["same", *sorted(FAILURES), *sorted(MALFORMED)]),
    life_ms=st.sampled_from(LIVES_MS),
)


class Crowd:
    """A session, its threads, and the gate before its source."""

    def __init__(self) -> None:
        self.clock = RoomClock(True, self._wait)
        self.gate = threading.Event()
        self.scene: Scene | None = None
        self.replies: list[Reply] = []
        self.running = self.most_running = self.calls = self.waiting = 0
        self._lock = threading.Lock()
        make = functools.partial(Host, clock=self.clock)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(evercreds.session, "Host", make)
            self.session: Any = RefreshableSession(
                method="custom",
                custom_credentials_method=self._provide,
                botocore_session=_base,
                advisory_timeout=900,
                mandatory_timeout=600,
            )
        self.credentials = self.session.get_credentials()

    def _wait(self, bell: Bell, until_ms: int) -> None:
        with self._lock:
            self.waiting += 1
        try:
            assert rings(bell, _PATIENCE_S), "(7) a waiter was not told"
        finally:
            with self._lock:
                self.waiting -= 1

    def _provide(self) -> Any:
        with self._lock:
            self.calls += 1
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            assert self.gate.wait(_PATIENCE_S)
            return self._answer()
        finally:
            with self._lock:
                self.running -= 1

    def _answer(self) -> Any:
        scene = self.scene
        assert scene is not None
        if scene.answer in FAILURES:
            raise FAILURES[scene.answer]()
        if scene.answer == "same" and self.replies:
            return self.replies[-1].fields("text")
        with self._lock:
            reply = Reply(len(self.replies) + 1, self.clock.truth_ms + scene.life_ms)
            self.replies.append(reply)
        good = reply.fields("datetime")
        return MALFORMED[scene.answer](good) if scene.answer in MALFORMED else good

    def play(self, scene: Scene) -> list[Any]:
        """Have the threads come, and, when all wait or are done, open the gate."""
        self.scene = scene
        self.clock.turn(61_000)  # past any hold-off: what a caller is told is then this scene's
        self._turn_to(scene.when)
        self.gate.clear()
        results: list[Any] = [None] * len(scene.whats)
        barrier = threading.Barrier(len(scene.whats) + 1)

        def run(at: int) -> None:
            barrier.wait(_PATIENCE_S)
            try:
                results[at] = self._use(scene.whats[at])
            except Exception as error:
                results[at] = error

        threads = [
            threading.Thread(target=run, args=(at,), daemon=True) for at in range(len(results))
        ]
        for thread in threads:
            thread.start()
        barrier.wait(_PATIENCE_S)
        until(lambda: sum(each.is_alive() for each in threads) <= self.waiting, _PATIENCE_S)
        self.done_before = [each is not None for each in results]
        self.gate.set()
        for thread in threads:
            thread.join(_PATIENCE_S)
            assert not thread.is_alive(), "(7) a caller hangs"
        until(lambda: self.session._host.loop.attempts == 0, _PATIENCE_S)
        return results

    def _use(self, what: str) -> Any:
        if what == "frozen":
            frozen = self.credentials.get_frozen_credentials()
            return frozen.access_key, frozen.secret_key, frozen.token
        if what in ("credentials", "min_ttl"):
            given = self.session.credentials if what == "credentials" else None
            given = given or self.session.credentials_for(1)
            return given["access_key"], given["secret_key"], given["token"]
        done = {
            "status": self.session.status,
            "refresh": self.session.refresh,
            "wake": self.session._host.loop.wake,
        }[what]()
        return done or what

    def _turn_to(self, when: str) -> None:
        status = self.session.status()
        left = status.remaining
        if when == "rejected":
            self.session.invalidate()
        elif when != "now" and left:
            ahead = {
                "advisory": left - status.advisory_timeout,
                "mandatory": left - status.mandatory_timeout,
                "expired": left,
            }[when]
            self.clock.turn(max(0, round(ahead * 1000)))


@pytest.fixture(autouse=True)
def hurried_threads() -> Iterator[None]:
    """Threads take turns a thousand times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


@settings(max_examples=settings().max_examples // 2)
@given(scenes=st.lists(_SCENES, min_size=1, max_size=6), closes=st.booleans())
def test_crowds(scenes: list[Scene], closes: bool) -> None:
    crowd = Crowd()
    rejected: set[int] = set()
    for scene in scenes:
        held = _held(crowd)
        if scene.when == "rejected" and held:
            rejected.add(held)
        calls = crowd.calls
        results = crowd.play(scene)
        served = {each for each in results if isinstance(each, tuple)}
        errors = [each for each in results if isinstance(each, Exception)]
        for access_key, secret_key, token in served:
            number = number_of(access_key)
            assert (secret_key, token) == (f"secret-{number}", f"token-{number}"), "(10)"
            assert number not in rejected, "(13) rejected, and handed out"
        assert len(served) <= 2, "there was one flight, and so two sets at most"
        forced = scene.whats.count("refresh")
        # A refresh by force that comes when the flight has ended already has one of its own.
        assert crowd.calls - calls <= 1 + forced, "(2) more than one attempt for all"
        _check_errors(scene, errors, crowd, crowd.calls > calls)
    assert crowd.most_running <= 1, "(2) two attempts at once"
    if closes:
        crowd.session.close()
        for what in ("frozen", "credentials", "refresh"):
            with pytest.raises(EvercredsError) as caught:
                crowd._use(what)
            assert caught.value.code == "closed"


def _held(crowd: Crowd) -> int:
    """Tell the number of the reply that is held; 0: none."""
    sets = crowd.session._host.loop.sets._sets
    return number_of(next(iter(sets.values())).frozen.access_key) if sets else 0


def _check_errors(scene: Scene, errors: list[Exception], crowd: Crowd, was_asked: bool) -> None:
    """3, 6: whose failure it is, and that all who waited for it are told the same."""
    status = crowd.session.status()
    if scene.answer == "good" and was_asked:
        assert not errors, f"all was well, and callers are told {errors}"
    told = [error for error in errors if not isinstance(error, EvercredsError)]
    raised = {id(error.__cause__ or error) for error in told}
    assert len(raised) <= 1 + scene.whats.count("refresh"), "several errors of one attempt"
    if scene.when == status.phase == "advisory" and not status.rejected:
        waited = [
            what
            for what, done in zip(scene.whats, crowd.done_before, strict=True)
            if not done and what != "refresh"
        ]
        assert not waited, f"(3) {waited} waited for a refresh ahead of need"
