"""Real clients of aiobotocore sign with a session's credentials, and never stall their loop."""

from __future__ import annotations

import asyncio
import copy
import datetime
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import botocore.session
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioRefreshableCredentials
from aiobotocore.session import AioSession
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import ClientError

from conftest import SessionMaker, StandIn, ended_well, in_child, until
from evercreds import EvercredsCredentialError, EvercredsValidationError, RefreshableSession
from evercreds.aio import aiobotocore_session, credentials_of

CALLERS = 500


async def turns_of_the_loop(while_this_runs: Coroutine[Any, Any, Any]) -> int:
    """Count how often the loop comes round while something goes on in it."""
    turns, task = 0, asyncio.create_task(while_this_runs)
    while not task.done():
        await asyncio.sleep(0.005)
        turns += 1
    await task
    return turns


def revoke(stand_in: StandIn, session: Any) -> None:
    stand_in.control("POST", "revoke", access_key_id=session.credentials["access_key"])


def signed_calls(stand_in: StandIn) -> int:
    counts = stand_in.control("GET", "counts")["actions"]
    return int(counts["ListBuckets"]["successes"])


Clients = Callable[..., Any]


@pytest.fixture
def client(stand_in: StandIn) -> Clients:
    """Makes clients of aiobotocore for a session, as async context managers."""

    @asynccontextmanager
    async def make(session: Any, service: str = "s3", **more: Any) -> AsyncIterator[Any]:
        aio = aiobotocore_session(session)
        async with aio.create_client(service, endpoint_url=stand_in.endpoint, **more) as made:
            yield made

    return make


def test_aiobotocore_signs_with_the_roles_credentials(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients
) -> None:
    session = sts_session()

    async def main() -> Any:
        async with client(session, "sts") as sts, client(session) as s3:
            assert stand_in.calls(role)["attempts"] == 0, "nothing is fetched before it is needed"
            assert (await s3.list_buckets())["Buckets"]
            return await sts.get_caller_identity()

    assert asyncio.run(main())["Arn"] == session.whoami()["Arn"]
    assert stand_in.calls(role)["successes"] == 1


def test_it_is_what_aiobotocore_looks_for(sts_session: SessionMaker) -> None:
    session = sts_session()
    credentials = credentials_of(session)
    assert isinstance(credentials, AioRefreshableCredentials)
    assert isinstance(credentials, RefreshableCredentials)
    assert credentials.method == "sts-assume-role"
    assert credentials._expiry_time is credentials._frozen_credentials is None

    async def main() -> None:
        frozen = await credentials.get_frozen_credentials()
        assert isinstance(frozen, ReadOnlyCredentials)
        assert frozen is session.get_credentials().get_frozen_credentials()
        assert await credentials.get_access_key() == frozen.access_key
        assert await credentials.get_secret_key() == frozen.secret_key
        assert await credentials.get_token() == frozen.token
        assert await credentials.get_account_id() == frozen.account_id == "123456789012"
        await credentials._refresh()
        assert await aiobotocore_session(session).get_credentials()
        assert credentials._frozen_credentials is frozen
        assert credentials._expiry_time > datetime.datetime.now(datetime.timezone.utc)
        assert not credentials.refresh_needed()
        assert credentials.refresh_needed(7200)
        assert 3500 < credentials._seconds_remaining() <= 3600

    asyncio.run(main())
    for name in ("access_key", "secret_key", "token", "account_id"):
        with pytest.raises(NotImplementedError, match="get_frozen_credentials"):
            getattr(credentials, name)
        with pytest.raises(AttributeError):
            setattr(credentials, name, "other")
    with pytest.raises(AttributeError):
        credentials._set_from_data({})
    assert copy.copy(credentials) is credentials
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(credentials)
    assert session.credentials["access_key"] not in repr(credentials)


@pytest.mark.parametrize("wrong", [None, "session", botocore.session.Session()])
def test_only_sessions_of_evercreds_will_do(wrong: Any) -> None:
    for make in (aiobotocore_session, credentials_of):
        with pytest.raises(EvercredsValidationError) as caught:
            make(wrong)
        assert caught.value.param == "session"


def test_region_config_and_data_come_from_the_session(sts_session: SessionMaker) -> None:
    mine = botocore.session.Session()
    mine.set_default_client_config(Config(read_timeout=7))
    session = sts_session(botocore_session=mine, region_name="eu-west-3")
    aio = aiobotocore_session(session)
    assert isinstance(aio, AioSession)
    loader = session._session.get_component("data_loader")
    assert aio.get_component("data_loader") is loader

    async def main() -> None:
        config = AioConfig(connect_timeout=3)
        async with aio.create_client("s3", config=config) as s3:
            assert s3.meta.region_name == "eu-west-3"
            assert (s3.meta.config.read_timeout, s3.meta.config.connect_timeout) == (7, 3)

    asyncio.run(main())


def test_the_loop_goes_on_while_a_call_waits(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients
) -> None:
    """A call meets a cold session whose source hangs: the loop turns as often as a free one."""
    session = sts_session()

    async def main() -> tuple[int, int]:
        async with client(session) as s3:
            await s3.list_buckets()  # connections, parsers and the library are there
            session.invalidate()
            stand_in.fault("latency", role=role, latency_ms=1500, count=1)
            begin = time.monotonic()
            busy = await turns_of_the_loop(_all(s3.list_buckets() for _ in range(20)))
            pause = asyncio.sleep(time.monotonic() - begin)
            return busy, await turns_of_the_loop(pause)

    busy, free = asyncio.run(main())
    assert busy > free / 4, "the loop stood still"
    assert stand_in.calls(role)["successes"] == 2


async def _all(calls: Any) -> list[Any]:
    return await asyncio.gather(*calls)


def test_a_cold_start_of_many_coroutines_makes_one_call(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients
) -> None:
    stand_in.fault("latency", role=role, latency_ms=300, count=1)
    session = sts_session()

    threads = [threading.active_count()]

    async def main() -> list[Any]:
        async with client(session, config=AioConfig(max_pool_connections=50)) as s3:
            calls = asyncio.gather(*(s3.list_buckets() for _ in range(CALLERS)))
            while not calls.done():
                threads.append(threading.active_count())
                await asyncio.sleep(0.005)
            return await calls

    assert all(reply["Buckets"] for reply in asyncio.run(main()))
    assert max(threads) <= threads[0] + 1, "no more than the one that fetches"
    counts = stand_in.calls(role)
    assert counts["attempts"] == counts["successes"] == 1


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_a_rejected_call_is_tried_again_with_the_new_set(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients, mode: str
) -> None:
    session = sts_session()

    async def main() -> list[Any]:
        config = AioConfig(retries={"mode": mode, "total_max_attempts": 1})
        async with client(session, config=config) as s3, client(session, "sts") as sts:
            await s3.list_buckets()
            revoke(stand_in, session)
            calls = [s3.list_buckets() for _ in range(20)] + [sts.get_caller_identity()]
            return await asyncio.gather(*calls)

    replies = asyncio.run(main())
    assert all(each["ResponseMetadata"]["HTTPStatusCode"] == 200 for each in replies)
    assert stand_in.calls(role)["successes"] == 2
    assert session.status().counters["installs"] == 2


def test_access_denied_is_no_rejection_in_a_loop_either(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients
) -> None:
    session = sts_session()
    stand_in.fault("access_denied", role=role, action="ListBuckets")

    async def main() -> None:
        async with client(session) as s3:
            with pytest.raises(ClientError, match="AccessDenied"):
                await s3.list_buckets()

    asyncio.run(main())
    assert session.status().counters["rejections"] == 0


def test_a_cancelled_call_leaves_the_flight_to_others(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients
) -> None:
    stand_in.fault("latency", role=role, latency_ms=700, count=1)
    session = sts_session()

    async def main() -> list[Any]:
        async with client(session) as s3:
            first = asyncio.create_task(s3.list_buckets())
            while not session.status().refreshing:
                await asyncio.sleep(0.005)
            others = [asyncio.create_task(s3.list_buckets()) for _ in range(5)]
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(first, 0.05)
            return await asyncio.gather(*others)

    assert all(reply["Buckets"] for reply in asyncio.run(main()))
    assert stand_in.calls(role)["attempts"] == 1


def test_a_hanging_source_frees_all_calls_at_the_deadline(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients
) -> None:
    """Here the refresh hangs for longer than it may: its own client would wait on."""
    stand_in.fault("hang", role=role)
    patient = {"endpoint_url": stand_in.endpoint, "config": Config(read_timeout=10)}
    session = sts_session(refresh_timeout=1, sts_client_kwargs=patient)

    async def main() -> list[Any]:
        async with client(session) as s3:
            calls = (s3.list_buckets() for _ in range(50))
            return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = asyncio.run(asyncio.wait_for(main(), 30))
    assert {type(each) for each in outcomes} == {EvercredsCredentialError}
    assert {each.code for each in outcomes} == {"timed_out"}


def test_all_calls_share_a_failed_refresh(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients
) -> None:
    stand_in.fault("access_denied", role=role, latency_ms=300)
    session = sts_session()

    async def main() -> list[Any]:
        async with client(session) as s3:
            calls = (s3.list_buckets() for _ in range(100))
            return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = asyncio.run(main())
    assert all(isinstance(each, ClientError) for each in outcomes)
    assert {each.operation_name for each in outcomes} == {"AssumeRole"}
    assert stand_in.calls(role)["attempts"] == 1


def test_threads_refresh_while_coroutines_call(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients
) -> None:
    """Several loops in several threads, and the session is used synchronously beside them."""
    session = sts_session()
    stop = threading.Event()
    called: list[int] = []

    def loop() -> None:
        async def main() -> int:
            calls = 0
            async with client(session) as s3:
                while not stop.is_set():
                    replies = await _all(s3.list_buckets() for _ in range(5))
                    calls += sum(bool(reply["Buckets"]) for reply in replies)
            return calls

        called.append(asyncio.run(main()))

    loops = [threading.Thread(target=loop, daemon=True) for _ in range(3)]
    for thread in loops:
        thread.start()
    s3 = session.client("s3", endpoint_url=stand_in.endpoint)
    for _ in range(10):
        session.refresh()
        assert s3.list_buckets()["Buckets"]
    # Who still waits for the last refresh when its set is rejected is told so, by the rules.
    made = signed_calls(stand_in)
    until(lambda: signed_calls(stand_in) > made + 6 * len(loops))
    revoke(stand_in, session)
    assert s3.list_buckets()["Buckets"]
    stop.set()
    for thread in loops:
        thread.join(60)
    assert len(called) == 3
    assert min(called) > 0
    assert stand_in.calls(role)["concurrent_max"] == 1


def test_a_custom_source_may_use_its_sessions_client(
    stand_in: StandIn, base_keys: None, role: str, client: Clients
) -> None:
    """It signs with the base credentials there, in the loop of the source's own thread."""

    async def provider() -> dict[str, Any]:
        async with client(session, "sts") as sts:
            assert ":user/" in (await sts.get_caller_identity())["Arn"]
            reply = await sts.assume_role(RoleArn=role, RoleSessionName="mine")
        given = reply["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"],
        }

    session = RefreshableSession(method="custom", custom_credentials_method=provider)

    async def main() -> Any:
        async with client(session, "sts") as sts:
            return await sts.get_caller_identity()

    assert asyncio.run(main())["Arn"].endswith("/mine")
    session.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_of_a_process_whose_coroutines_wait(
    sts_session: SessionMaker, stand_in: StandIn, role: str, client: Clients
) -> None:
    stand_in.fault("latency", role=role, latency_ms=1500, count=1)
    session = sts_session()
    replies: list[Any] = []

    async def main() -> list[Any]:
        async with client(session) as s3:
            return await _all(s3.list_buckets() for _ in range(20))

    parent = threading.Thread(target=lambda: replies.extend(asyncio.run(main())), daemon=True)
    parent.start()
    until(lambda: stand_in.calls(role)["attempts"] == 1)

    def child() -> None:
        assert all(reply["Buckets"] for reply in asyncio.run(main()))
        session.refresh()
        assert all(reply["Buckets"] for reply in asyncio.run(main()))

    assert ended_well(in_child(child))
    parent.join(60)
    assert len(replies) == 20


def test_the_package_itself_imports_no_library_for_asyncio() -> None:
    program = "import sys, evercreds; print([n for n in sys.modules if n.startswith('aio')])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"
