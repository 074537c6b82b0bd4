# A hundred coroutines of uvloop wait for one refresh; signed calls run in threads.
# framework: uvloop
import asyncio

import uvloop
from evercreds import RefreshableSession
from refreshed import ROLE_ARN, signed


async def main() -> None:
    async with RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN}) as session:
        s3 = session.client("s3")
        loop = asyncio.get_running_loop()
        assert type(loop).__module__.startswith("uvloop")
        until = loop.time() + 90
        while (await asyncio.to_thread(signed))["sets"] < 3:
            assert loop.time() < until, await asyncio.to_thread(signed)
            keys = await asyncio.gather(*(session.async_credentials() for _ in range(100)))
            assert len({each["access_key"] for each in keys}) == 1
            await asyncio.to_thread(s3.list_buckets)
            await asyncio.sleep(0.3)


uvloop.run(main())
