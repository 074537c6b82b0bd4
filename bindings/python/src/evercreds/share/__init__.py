"""Stores, where processes meet that share one refresh.

Give one to a session as ``share=``; :class:`FileStore` is the one of ``share=True``::

    from evercreds.share import FileStore, RedisStore

    RefreshableSession(..., share=FileStore("/run/my-app/credentials"))
    RefreshableSession(..., share=RedisStore(redis.Redis("cache")), share_key=key)

A store of your own has the four calls of :class:`Store`, or the two of
:class:`CompareAndSwapStore`. :mod:`evercreds.share.testing` tests it. What is written is sealed;
that needs the extra: ``pip install "evercreds[share]"``.
"""

from evercreds.share._aws import DynamoDBStore, S3Store
from evercreds.share._file import FileStore
from evercreds.share._records import (
    NOTHING_SEEN,
    Campaign,
    DataKeys,
    Entry,
    Publication,
    Record,
    Seen,
    Store,
)
from evercreds.share._redis import RedisStore
from evercreds.share._swapping import CompareAndSwapStore, StoreBusyError, Versioned

__all__ = [
    "NOTHING_SEEN",
    "Campaign",
    "CompareAndSwapStore",
    "DataKeys",
    "DynamoDBStore",
    "Entry",
    "FileStore",
    "Publication",
    "Record",
    "RedisStore",
    "S3Store",
    "Seen",
    "Store",
    "StoreBusyError",
    "Versioned",
]
