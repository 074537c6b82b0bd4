"""Real clients and resources of aioboto3."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conftest import SessionMaker, StandIn
from evercreds.aio import aioboto3_session

aioboto3 = pytest.importorskip("aioboto3", reason="it pins another aiobotocore than is here")


def test_clients_and_resources(sts_session: SessionMaker, stand_in: StandIn, role: str) -> None:
    session = sts_session()

    async def main() -> list[str]:
        aio = aioboto3_session(session)
        assert isinstance(aio, aioboto3.Session)
        assert aio.region_name == session.region_name
        async with aio.client("sts", endpoint_url=stand_in.endpoint) as sts:
            assert (await sts.get_caller_identity())["Arn"] == session.whoami()["Arn"]
        async with aio.resource("s3", endpoint_url=stand_in.endpoint) as s3:
            return [bucket.name async for bucket in s3.buckets.all()]

    wanted = session.client("s3", endpoint_url=stand_in.endpoint).list_buckets()["Buckets"]
    assert asyncio.run(main()) == [bucket["Name"] for bucket in wanted]
    assert stand_in.calls(role)["successes"] == 1


def test_a_rejected_call_is_tried_again(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = sts_session()

    async def main() -> Any:
        async with aioboto3_session(session).client("s3", endpoint_url=stand_in.endpoint) as s3:
            await s3.list_buckets()
            key = (await session.async_credentials())["access_key"]
            stand_in.control("POST", "revoke", access_key_id=key)
            return await asyncio.gather(*(s3.list_buckets() for _ in range(10)))

    assert all(reply["Buckets"] for reply in asyncio.run(main()))
    assert stand_in.calls(role)["successes"] == 2
    assert session.status().counters["installs"] == 2
