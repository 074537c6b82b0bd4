"""A custom function that uses clients of its own session in threads that it has others start.

The scenario: caller A asks; the function hands work to thread T, which uses a client of the session
that A waits for; T signs with the base credentials, and A is served.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from conftest import StandIn
from evercreds import RefreshableSession

_Work = Callable[[], Any]


async def _in_executor(work: _Work) -> Any:
    given = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(None, given.run, work)


def _in_pool(work: _Work) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, work).result()


def _in_thread(work: _Work) -> Any:
    found: list[Any] = []
    given = contextvars.copy_context()
    thread = threading.Thread(target=lambda: found.append(given.run(work)))
    thread.start()
    thread.join()
    return found[0]


WAYS: dict[str, Callable[[_Work], Any]] = {
    "its own": lambda work: work(),
    "asyncio.to_thread": lambda work: asyncio.run(asyncio.to_thread(work)),
    "run_in_executor": lambda work: asyncio.run(_in_executor(work)),
    "a pool": _in_pool,
    "a thread": _in_thread,
}


@pytest.mark.usefixtures("base_keys")
@pytest.mark.parametrize("way", WAYS)
def test_a_thread_in_the_functions_context_signs_as_the_base(
    stand_in: StandIn, role: str, way: str
) -> None:
    signers: list[str] = []

    def provider() -> dict[str, Any]:
        sts = session.client("sts", endpoint_url=stand_in.endpoint)
        signers.append(WAYS[way](sts.get_caller_identity)["Arn"])
        return _of_role(sts, role)

    session = _custom(provider)
    session.refresh()
    session.refresh()
    assert len(signers) == 2
    assert all(":user/" in signer for signer in signers)


@pytest.mark.usefixtures("base_keys")
def test_a_transfer_without_threads(stand_in: StandIn, role: str) -> None:
    """s3transfer's threads have no context of the function's; it can do without any."""

    def provider() -> dict[str, Any]:
        s3 = session.client("s3", endpoint_url=stand_in.endpoint)
        # There is no such object: what counts is that the service was asked, and answered.
        with pytest.raises(ClientError, match="404"):
            s3.download_fileobj("b", "k", io.BytesIO(), Config=TransferConfig(use_threads=False))
        return _of_role(session.client("sts", endpoint_url=stand_in.endpoint), role)

    session = _custom(provider)
    session.refresh()
    assert session.status().phase == "fresh"


def _custom(provider: Callable[[], Any]) -> RefreshableSession:
    return RefreshableSession(
        method="custom", custom_credentials_method=provider, region_name="us-east-1"
    )


def _of_role(sts: Any, role: str) -> dict[str, Any]:
    reply = sts.assume_role(RoleArn=role, RoleSessionName="own")["Credentials"]
    return {
        "access_key": reply["AccessKeyId"],
        "secret_key": reply["SecretAccessKey"],
        "token": reply["SessionToken"],
        "expiry_time": reply["Expiration"],
    }
