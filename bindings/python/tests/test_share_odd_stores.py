"""Stores of users' that answer anything: a refresh goes alone, and the session tells why."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from conftest import until
from evercreds._host.source import fingerprint_of
from evercreds.share import Campaign, Entry, Publication, Record
from evercreds.share._keys import DataKey
from evercreds.share._sealing import Header, seal_entry
from share_kit import KEY, MemoryStore, Source, key_of, published

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there is no file store"),
    pytest.mark.usefixtures("patient_file_stores"),
]

OWNER, PRINT = "a" * 32, "f" * 16

NO_RECORDS: dict[str, Any] = {
    "nothing": None,
    "a number": 5,
    "a dict": {"number": 0},
    "a class": Record,
    "a number in text": Record(number="1"),  # type: ignore[arg-type]
    "a negative number": Record(number=-1),
    "half a number": Record(turn_left_ms=0.5),  # type: ignore[arg-type]
    "a boolean": Record(notice_left_ms=True),
    "a number beyond all": Record(clock_ms=2**70),
    "an owner in bytes": Record(number=1, owner=OWNER.encode(), turn_left_ms=60_000),  # type: ignore[arg-type]
    "a notice in text": Record(notice="notice"),  # type: ignore[arg-type]
    "an entry of another type": Record(entry=b"sealed"),  # type: ignore[arg-type]
    "an entry in text": Record(entry=Entry("sealed", 1, PRINT, 5)),  # type: ignore[arg-type]
    "a fingerprint of another type": Record(entry=Entry(b"sealed", 1, 5, 5)),  # type: ignore[arg-type]
    "a generation of another type": Record(entry=Entry(b"sealed", None, PRINT, 5)),  # type: ignore[arg-type]
}

NO_TURNS: dict[str, Any] = {
    "nothing": None,
    "a boolean": True,
    "a word": Campaign("yes", 1),  # type: ignore[arg-type]
    "a negative number": Campaign(True, -1),
    "half a number": Campaign(True, 1.5),  # type: ignore[arg-type]
    "a clock in text": Campaign(True, 1, 0, "now"),  # type: ignore[arg-type]
}

NO_PUBLICATIONS: dict[str, Any] = {
    "nothing": None,
    "a boolean": True,
    "a word": Publication("no"),  # type: ignore[arg-type]
    "a negative clock": Publication(True, -1),
}


class TerribleError(Exception):
    """Cannot be read."""

    def __str__(self) -> str:
        raise KeyboardInterrupt

    __repr__ = __str__


def told_by(session: Any) -> list[tuple[str, str | None]]:
    told: list[tuple[str, str | None]] = []
    session.on("share", lambda event: told.append((event.share, event.reason)))
    return told


class TestAnswersOfAnotherType:
    """A asks; what the store answers is no record; A goes alone, and tells why."""

    def assert_alone(self, session: Any, source: Source) -> None:
        told = told_by(session)
        assert key_of(session) == "AKIA1"
        assert source.calls == 1
        until(lambda: ("store_failed", "record") in told)
        assert session.status().counters["share_failures"] >= 1

    @pytest.mark.parametrize("answer", NO_RECORDS.values(), ids=NO_RECORDS)
    def test_of_a_look(self, custom: Any, tmp_path: Path, answer: Any) -> None:
        store, source = MemoryStore(tmp_path), Source()
        store.read = lambda key: answer  # type: ignore[method-assign]
        self.assert_alone(custom(source, share=store, share_key=KEY), source)

    @pytest.mark.parametrize("answer", NO_TURNS.values(), ids=NO_TURNS)
    def test_of_a_campaign(self, custom: Any, tmp_path: Path, answer: Any) -> None:
        store, source = MemoryStore(tmp_path), Source()
        store.campaign = lambda *_: answer  # type: ignore[method-assign]
        self.assert_alone(custom(source, share=store, share_key=KEY), source)

    @pytest.mark.parametrize("answer", NO_PUBLICATIONS.values(), ids=NO_PUBLICATIONS)
    def test_of_a_publication(self, custom: Any, tmp_path: Path, answer: Any) -> None:
        """A has its set already: the failure is counted, and nothing counts as published."""
        store, source = MemoryStore(tmp_path), Source()
        store.publish = lambda *_: answer  # type: ignore[method-assign]
        session = custom(source, share=store, share_key=KEY)
        assert key_of(session) == "AKIA1"
        until(lambda: session.status().counters["share_failures"] >= 1)
        assert session.status().counters["share_published"] == 0


@pytest.mark.parametrize("error", [StopIteration(), asyncio.CancelledError(), TerribleError()])
def test_odd_errors(custom: Any, tmp_path: Path, error: BaseException) -> None:
    """A asks; the store raises what is no failure elsewhere; A goes alone, and tells why."""
    store, source = MemoryStore(tmp_path), Source()

    def fail(_: str) -> None:
        raise error

    store.before = fail
    session = custom(source, share=store, share_key=KEY)
    told = told_by(session)
    assert key_of(session) == "AKIA1"
    until(lambda: ("store_failed", "store") in told)


def test_no_more_than_some_threads(custom: Any, tmp_path: Path) -> None:
    """The store never answers a publication; A forces many refreshes: few calls wait."""
    store, go = MemoryStore(tmp_path), threading.Event()
    store.before = lambda call: assert_free(go) if call == "publish" else None
    session = custom(Source(), share=store, share_key=KEY)
    for _ in range(60):
        session.refresh()
    assert 1 <= store.calls.count("publish") <= 16
    go.set()


def assert_free(go: threading.Event) -> None:
    assert go.wait(60)


def test_a_session_is_closed_while_its_store_hangs(custom: Any, tmp_path: Path) -> None:
    """A has its set, and the publication hangs; A closes, and waits for nobody."""
    store, go = MemoryStore(tmp_path), threading.Event()
    store.before = lambda call: assert_free(go) if call == "publish" else None
    session = custom(Source(), share=store, share_key=KEY)
    assert key_of(session) == "AKIA1"
    until(lambda: "publish" in store.calls)
    session.close()
    assert not go.is_set()
    go.set()


def shared_record(custom: Any, store: MemoryStore, tmp_path: Path) -> tuple[str, Record]:
    """Have a session publish; what is in the store then, and its key."""
    session = custom(Source(), share=store, share_key=KEY)
    key_of(session)
    published(session)
    [path] = [p for p in (tmp_path / "inner").glob("evercreds1-*") if not p.suffix]
    key = path.name.replace("-", ":")
    return key, store.inner.read(key)


def with_sealed(record: Record, sealed: Any) -> Record:
    assert record.entry is not None
    return dataclasses.replace(record, entry=dataclasses.replace(record.entry, sealed=sealed))


class TestBytes:
    """B has published; A looks, and the store gives the bytes in another way."""

    @pytest.mark.parametrize("kind", [bytearray, memoryview, lambda b: memoryview(b).cast("H")])
    def test_of_another_type(self, custom: Any, tmp_path: Path, kind: Any) -> None:
        store, source = MemoryStore(tmp_path), Source()
        _, record = shared_record(custom, store, tmp_path)
        assert record.entry is not None
        answer = with_sealed(record, kind(record.entry.sealed))
        store.read = lambda key: answer  # type: ignore[method-assign]
        session = custom(source, share=store, share_key=KEY)
        key_of(session)
        assert session.status().counters["share_adopted"] == 1
        assert source.calls == 0

    def test_that_were_given_back(self, custom: Any, tmp_path: Path) -> None:
        store, source = MemoryStore(tmp_path), Source()
        _, record = shared_record(custom, store, tmp_path)
        assert record.entry is not None
        view = memoryview(record.entry.sealed)
        view.release()
        store.read = lambda key: with_sealed(record, view)  # type: ignore[method-assign]
        session = custom(source, share=store, share_key=KEY)
        assert key_of(session) == "AKIA1"
        assert source.calls == 1

    def test_none(self, custom: Any, tmp_path: Path) -> None:
        """An entry without bytes is none: A leads, and tells of nothing that does not open."""
        store, source = MemoryStore(tmp_path), Source()
        store.read = lambda key: Record(entry=Entry(b"", 0, "", 0))  # type: ignore[method-assign]
        session = custom(source, share=store, share_key=KEY)
        told = told_by(session)
        assert key_of(session) == "AKIA1"
        published(session)
        until(lambda: ("published", None) in told)
        assert ("unopened", None) not in told

    @pytest.mark.parametrize("beginning", [b"", b"EVCS\x01", b"EVCS\x02"])
    def test_too_many(self, custom: Any, tmp_path: Path, beginning: bytes) -> None:
        """The entry is longer than any, of whatever format: it is junk, and A's takes its place."""
        store, source = MemoryStore(tmp_path), Source()
        _, record = shared_record(custom, store, tmp_path)
        answer = with_sealed(record, beginning + bytes(70_000))
        self.assert_replaced(custom, store, source, answer)

    @pytest.mark.parametrize("fields", [{"token": ""}, {"token": "a\nb"}, {"account": "12"}])
    def test_that_no_client_can_use(
        self, custom: Any, tmp_path: Path, fields: dict[str, str]
    ) -> None:
        """Who has the key has sealed what no source may give: it is junk, and replaced."""
        store, source = MemoryStore(tmp_path), Source()
        key, record = shared_record(custom, store, tmp_path)
        assert record.entry is not None
        whole = {"access_key": "AKIA9", "secret_key": "s", "token": "t", **fields}
        number = fingerprint_of(whole["access_key"], whole["token"])
        expiry_ms = record.entry.expiry_ms
        header = Header(generation=1, fingerprint=number, expiry_ms=expiry_ms, life_ms=3_600_000)
        sealed = seal_entry(DataKey(KEY), key, header, whole)
        entry = Entry(sealed, 1, f"{number:016x}", expiry_ms)
        store.inner.publish(key, OWNER, 1, entry, record.entry.fingerprint, None, 3_600_000)
        self.assert_replaced(custom, store, source, store.inner.read(key))

    def assert_replaced(
        self, custom: Any, store: MemoryStore, source: Source, answer: Record
    ) -> None:
        junk: list[Any] = []
        store.read = lambda key: answer  # type: ignore[method-assign]
        publish = store.publish

        def noted(*given: Any) -> Publication:
            junk.append(given[5])
            return publish(*given)

        store.publish = noted  # type: ignore[method-assign, assignment]
        session = custom(source, share=store, share_key=KEY)
        told = told_by(session)
        assert key_of(session) == "AKIA1"
        assert source.calls == 1
        until(lambda: len(junk) > 0 and ("unopened", None) in told)
        assert answer.entry is not None
        assert junk[0].fingerprint == answer.entry.fingerprint
