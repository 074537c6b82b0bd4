# The examples of docs/guides/many-machines.md: sessions that share by a directory, and by Redis.
# title: sharing, the example of the page
# framework: redis
# short: yes
import os
import socket
import subprocess
import tempfile
import time

import redis
from evercreds import RefreshableSession
from evercreds.share import RedisStore
from refreshed import ROLE_ARN, refreshed

role = {"RoleArn": ROLE_ARN, "RoleSessionName": "reports"}


def of_this_machine() -> RefreshableSession:
    return RefreshableSession(assume_role_kwargs=role, share=True)


def of_all_machines(address: str, key: bytes) -> RefreshableSession:
    return RefreshableSession(
        assume_role_kwargs=role,
        share=RedisStore(redis.Redis.from_url(address)),
        share_key=key,  # 32 bytes, the same on all machines
    )


def meet(one: RefreshableSession, other: RefreshableSession, sets: int) -> None:
    clients = [session.client("s3") for session in (one, other)]
    refreshed(lambda: [client.list_buckets() for client in clients], sets=sets)
    counters = [session.status().counters for session in (one, other)]
    assert sum(each["starts"] for each in counters) <= 3, counters
    assert all(each["share_adopted"] + each["share_published"] > 0 for each in counters), counters


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


with tempfile.TemporaryDirectory() as home:
    os.environ["XDG_RUNTIME_DIR"] = home
    meet(of_this_machine(), of_this_machine(), 2)
    port = free_port()
    quiet = ["--bind", "127.0.0.1", "--save", "", "--dir", home, "--loglevel", "warning"]
    server = subprocess.Popen(["redis-server", "--port", str(port), *quiet])
    try:
        client = redis.Redis(port=port)
        for _ in range(100):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.1)
        address, key = f"redis://127.0.0.1:{port}", os.urandom(32)
        meet(of_all_machines(address, key), of_all_machines(address, key), 4)
    finally:
        server.terminate()
        server.wait()
