import asyncio

from evercreds import RefreshableSession
from evercreds.aio import aiobotocore_session


async def main() -> None:
    session = RefreshableSession(
        assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/job"},
        region_name="us-east-1",
    )
    async with aiobotocore_session(session).create_client("s3") as s3:
        await s3.list_buckets()


asyncio.run(main())
