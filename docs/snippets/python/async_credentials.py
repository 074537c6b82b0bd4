import asyncio

from evercreds import RefreshableSession


async def main() -> None:
    session = RefreshableSession(
        assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/job"},
        region_name="us-east-1",
    )
    async with session:
        credentials = await session.async_credentials()  # never blocks the loop
        s3 = await asyncio.to_thread(session.client, "s3")  # boto3 blocks: in a thread
        await asyncio.to_thread(s3.list_buckets)
        print(credentials["expiry_time"])


asyncio.run(main())
