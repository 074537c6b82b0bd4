import os
import sqlite3
from contextlib import closing

from evercreds import RefreshableSession
from evercreds.share import CompareAndSwapStore, Versioned


class TableStore(CompareAndSwapStore):
    """One row for each record; its version rises with each writing."""

    def __init__(self, path: str) -> None:
        self.path = path
        with closing(self.connect()) as table:
            table.execute("CREATE TABLE IF NOT EXISTS shared (key PRIMARY KEY, content, version)")

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=10, isolation_level=None)

    def get(self, key: str) -> Versioned:
        with closing(self.connect()) as table:
            find = "SELECT content, version FROM shared WHERE key = ?"
            row = table.execute(find, [key]).fetchone()
        return Versioned(*row) if row else Versioned(None, None)

    def put(self, key: str, content: bytes, version: object, ttl_ms: int) -> bool:
        insert = "INSERT OR IGNORE INTO shared VALUES (:key, :content, 1)"
        update = """UPDATE shared SET content = :content, version = version + 1
                    WHERE key = :key AND version = :version"""
        values = {"key": key, "content": content, "version": version}
        with closing(self.connect()) as table:
            done = table.execute(insert if version is None else update, values)
        return done.rowcount == 1


session = RefreshableSession(
    assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/job"},
    region_name="us-east-1",
    share=TableStore("shared.db"),
    share_key=os.urandom(32),  # yours: the same bytes in each process
)
print(session.credentials["access_key"])
