"""One interrupt, at every place at which CPython heeds signals: only who is interrupted is told."""

from __future__ import annotations

import contextlib
import itertools
import logging
import operator
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from botocore.client import BaseClient

from conftest import until
from evercreds import EvercredsError
from evercreds._host.host import Host
from evercreds._host.said import NOTHING, Said
from evercreds._host.source import Failure, FrozenCredentials, Reply
from evercreds._library import abi_generated as abi
from evercreds._library.options import DEFAULTS, options_from
from evercreds._waiting.clock import SYSTEM_CLOCK
from evercreds.cache import ClientCache, ClientCacheKey
from strikes import Strike, Struck

pytestmark = [
    pytest.mark.skipif(sys.version_info < (3, 11), reason="its places have other names before"),
    # Of finalizers that are struck: what they raise is nobody's.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

TIMEOUT_S = 2
# For the threads of a machine that does much else.
PATIENCE_S = 30


@pytest.fixture(autouse=True)
def no_handlers() -> Iterator[None]:
    """Logging's own handlers lock: an interrupt in there is between Python and the program."""

    def refuse(record: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger("evercreds")
    logger.addFilter(refuse)  # pytest gives handlers to loggers that do not propagate
    yield
    logger.removeFilter(refuse)


class Source:
    """Hands out sets of an hour, each soon after it was asked."""

    runs_user_code = True
    method: int = abi.Method.CUSTOM
    names: tuple[object, object] = (None, None)

    def __init__(self) -> None:
        self.calls = itertools.count(1)
        self.gate = threading.Event()
        self.gate.set()

    def fetch(self) -> Reply:
        number = next(self.calls)
        self.gate.wait(PATIENCE_S)
        expiry_ms = SYSTEM_CLOCK.wall_ns() // 10**6 + 3_600_000
        return Reply(FrozenCredentials(f"A{number}", "s", "t", None), expiry_ms)

    def classify(self, error: Exception) -> Failure:
        return Failure()

    def said(self, error: BaseException) -> Said:
        return NOTHING

    def after_fork(self) -> None:
        pass


class Scene:
    """A session, and others who use it."""

    def __init__(self, **arguments: Any) -> None:
        self.source = Source()
        given = DEFAULTS | {"refresh_timeout": TIMEOUT_S} | arguments
        self.core = Host(self.source, options_from(abi.Method.CUSTOM, given))
        self.core.open()
        self._threads: list[threading.Thread] = []
        self._outcomes: list[Any] = []

    def other(self, *calls: Callable[[], Any]) -> None:
        """Have another thread make these calls."""

        def run() -> None:
            for call in calls:
                try:
                    self._outcomes.append(call())
                except EvercredsError as error:
                    self._outcomes.append(error)

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    def waiting(self) -> int:
        """Tell how many wait for the flight under way."""
        bells = [flight.bell for flight in self.core.loop.flights]
        return sum(len(bell._threads) for bell in bells)

    def open_when(self, all_wait: Callable[[], bool]) -> None:
        """Have the source answer once all wait; or some time later, where one is struck before."""

        def open_it() -> None:
            with contextlib.suppress(AssertionError):
                until(lambda: all_wait() or self.source.gate.is_set())
            self.source.gate.set()

        threading.Thread(target=open_it, daemon=True).start()

    def end(self, at: str) -> list[Any]:
        """See that nobody hangs, neither who has waited nor who comes now."""
        core = self.core
        self.source.gate.set()
        self.other(core.obtain, core.refresh, core.status, core.close, core.status)
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), f"another caller hangs; {at}"
        return self._outcomes


def _not_of_threading(frame: FrameType) -> bool:
    """From Python 3.14 on an interrupt in Thread.start leaves a lock of its own held, for all."""
    return sys.version_info < (3, 14) or frame.f_code.co_filename != threading.__file__


def everywhere(
    call: Callable[[Any], Any],
    make: Callable[[], Any],
    among: Callable[[FrameType], bool] = _not_of_threading,
) -> set[tuple[str, str]]:
    """Make the call with an interrupt at its first place, then at its second, to the last.

    A busy machine may have a call take a shorter way now and then, so the last place is
    where three calls in a row have ended before their interrupt.
    """
    places: set[tuple[str, str]] = set()
    unstruck = 0
    for at in itertools.count():
        scene = make()
        strike = Strike(at, among)
        try:
            with strike:
                call(scene)
        except (Struck, EvercredsError):
            pass
        scene.end(f"the interrupt came in {strike.place}")
        if strike.place is None:
            unstruck += 1
            if unstruck == 3:
                return places
            continue
        unstruck = 0
        places.add(strike.place)
    raise AssertionError("unreachable")


def _of_the_package(frame: FrameType) -> bool:
    return "evercreds" in frame.f_globals.get("__name__", "")


def test_a_caller_who_starts_a_refresh() -> None:
    """`A asks; A is interrupted; B asks`."""
    places = everywhere(lambda scene: scene.core.obtain(), Scene)
    assert {("bell.py", "wait"), ("attempts.py", "start"), ("loop.py", "_apply")} <= places


def test_a_caller_whose_refresh_needs_a_new_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """`A asks, and starts a thread; A is interrupted; B asks`."""
    from evercreds._host.workers import workers

    def make() -> Scene:
        workers.idle.clear()
        return Scene()

    places = everywhere(lambda scene: scene.core.obtain(), make)
    assert ("threading.py", "start") in places or sys.version_info >= (3, 14)


def test_a_caller_who_waits_with_others() -> None:
    """`A asks; B asks; C asks; B is interrupted; source answers`."""

    def make() -> Scene:
        scene = Scene()
        scene.source.gate.clear()
        for _ in range(2):
            scene.other(scene.core.obtain)
        until(lambda: scene.core.loop.attempts > 0)
        scene.open_when(lambda: scene.waiting() > 2)
        return scene

    places = everywhere(lambda scene: scene.core.obtain(), make)
    assert {("bell.py", "wait"), ("host.py", "_brought")} <= places


def test_a_caller_of_an_eager_session() -> None:
    """`A has it refreshed, which sets the timer; A is interrupted; B opens a session`."""

    def make() -> Scene:
        scene = Scene(defer_refresh=False)
        scene.other(lambda: Scene(defer_refresh=False).core.close())
        return scene

    places = everywhere(lambda scene: scene.core.refresh(), make)
    assert ("timer.py", "arm") in places


def test_who_starts_the_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """`A opens the first eager session; A is interrupted; B opens one`."""
    from evercreds._host import place, timer

    class Opening:
        def __init__(self) -> None:
            monkeypatch.setattr(timer, "_timer", timer._Timer(place.SYSTEM))

        def end(self, at: str) -> None:
            scene = Scene(defer_refresh=False)
            until(lambda: timer._timer._claims == [] and timer._timer._inbox[None].empty())
            scene.end(at)

    places = everywhere(
        lambda _: Scene(defer_refresh=False),
        Opening,
        lambda frame: (
            frame.f_code.co_filename.endswith("_host/timer.py")
            or (frame.f_code.co_filename == threading.__file__ and _not_of_threading(frame))
        ),
    )
    assert ("timer.py", "_start") in places
    assert ("threading.py", "start") in places or sys.version_info >= (3, 14)


@pytest.mark.parametrize("what", ["invalidate", "close", "status", "loop.wake"])
def test_who_waits_for_nothing(what: str) -> None:
    """`A asks; B reports, closes or looks; B is interrupted; source answers`."""

    def make() -> Scene:
        scene = Scene()
        scene.core.obtain()
        scene.source.gate.clear()
        scene.other(scene.core.refresh)
        until(lambda: scene.core.status().refreshing)
        return scene

    assert everywhere(lambda scene: operator.attrgetter(what)(scene.core)(), make)


class Client(BaseClient):  # type: ignore[misc]
    """What a cache takes for a client."""

    def __init__(self) -> None:
        pass


class CacheScene:
    """A cache, and others who want what one is building."""

    KEY = ClientCacheKey("sts", "a")

    def __init__(self) -> None:
        self.cache = ClientCache()
        self.building = threading.Event()
        self.let_go = threading.Event()
        self._threads: list[threading.Thread] = []

    def build(self) -> Client:
        self.building.set()
        return Client()

    def build_for_others(self) -> Client:
        """Build when one more has come to wait."""
        for _ in range(2):
            self.other()
        making = self.cache._entries.making
        until(lambda: all(len(each._ended._threads) > 1 for each in making.values()))
        return Client()

    def other(self) -> None:
        def run() -> None:
            self.cache.get_or_make(self.KEY, Client)

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    def let_go_when_waited_for(self) -> None:
        """Have the client built once somebody waits for it, or the test goes on without."""
        bells = [each._ended for each in list(self.cache._entries.making.values())]
        until(lambda: self.let_go.is_set() or any(bell._threads for bell in bells))
        self.let_go.set()

    def end(self, at: str) -> None:
        self.let_go.set()
        self.other()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), f"another caller hangs; {at}"
        assert self.cache[self.KEY] is self.cache.get_or_make(self.KEY, Client)


def test_who_builds_a_client_that_others_wait_for() -> None:
    """`A builds; B and C wait; A is interrupted`."""
    places = everywhere(
        lambda scene: scene.cache.get_or_make(scene.KEY, scene.build_for_others),
        CacheScene,
        _of_the_package,
    )
    assert {("_making.py", "end"), ("bell.py", "ring"), ("_caches.py", "_made")} <= places


def test_who_waits_for_a_client_that_another_builds() -> None:
    """`A builds; B waits; C waits; B is interrupted`."""

    def make() -> CacheScene:
        scene = CacheScene()

        def build() -> Client:
            scene.building.set()
            scene.let_go.wait(PATIENCE_S)
            return Client()

        thread = threading.Thread(
            target=lambda: scene.cache.get_or_make(scene.KEY, build), daemon=True
        )
        thread.start()
        scene._threads.append(thread)
        assert scene.building.wait(PATIENCE_S)
        threading.Thread(target=scene.let_go_when_waited_for, daemon=True).start()
        return scene

    places = everywhere(
        lambda scene: scene.cache.get_or_make(scene.KEY, Client), make, _of_the_package
    )
    assert ("bell.py", "wait") in places


class FullCacheScene:
    """A cache with one client, that takes no second one."""

    A, B = ClientCacheKey("sts", "a"), ClientCacheKey("sts", "b")

    def __init__(self, policy: Any) -> None:
        self.cache = ClientCache(policy, 1)
        self.first = self.cache.get_or_make(self.A, Client)

    def end(self, at: str) -> None:
        assert len(self.cache) <= 1, at
        self.cache.max_size = 1
        for key in (self.A, self.B, self.A):
            client = self.cache.get_or_make(key, Client)
            assert self.cache[key] is client, at
            assert self.cache.values() == (client,), at
            words = key.key[0] + tuple(value for _, value in key.key[1])
            for _ in range(3):
                assert self.cache._request(Client, words, {}, None) is client, at
        assert self.cache.popitem() == (self.A, client), at
        assert not self.cache, at


CALLS: list[tuple[Callable[[FullCacheScene], Any], tuple[str, str]]] = [
    (lambda scene: scene.cache.get_or_make(scene.A, Client), ("_entries.py", "use")),
    (lambda scene: scene.cache.get_or_make(scene.B, Client), ("_entries.py", "add")),
    (lambda scene: setattr(scene.cache, "max_size", 0), ("_entries.py", "resize")),
    (lambda scene: scene.cache.pop(scene.A), ("_entries.py", "remove")),
    (lambda scene: scene.cache.clear(), ("_entries.py", "clear")),
    (lambda scene: scene.cache.copy(), ("_entries.py", "copy_to")),
]


@pytest.mark.parametrize(("call", "place"), CALLS)
@pytest.mark.parametrize("policy", ["LRU", "LFU"])
def test_who_changes_a_cache(
    policy: Any, call: Callable[[FullCacheScene], Any], place: tuple[str, str]
) -> None:
    """`the cache is full; A asks for another client, or changes the cache; A is interrupted`."""

    assert place in everywhere(call, lambda: FullCacheScene(policy), _of_the_package)
