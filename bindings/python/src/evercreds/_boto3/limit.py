"""Bounds what a client of ours reads of a reply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, HTTPClientError, ReadTimeoutError
from urllib3 import exceptions

from evercreds.errors import EvercredsCredentialError

__all__ = ["MOST_BYTES", "limit_replies"]

MOST_BYTES = 64 << 10
"""What is read of a reply at most. Real ones have about 1.1 KB; AWS sets no bound for a token."""

_CHUNK_BYTES = 16 << 10


def limit_replies(client: Any) -> Any:
    """Have a client that was made here end a reply that is longer than any real one.

    botocore reads a reply to its end before anything of it can be looked at, and has no event in
    between. So what sends its requests is wrapped, with all that was set for it.
    """
    endpoint: Any = getattr(client, "_endpoint", None)
    if hasattr(endpoint, "http_session"):
        endpoint.http_session = _Limited(endpoint.http_session)
    return client


class _Limited:
    """What sends a client's requests."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def send(self, request: Any) -> Any:
        """Send a request, and read the reply."""
        request.stream_output = True  # or all of it would have been read by then
        reply = self._session.send(request)
        body = _read(reply.raw, request.url)
        return AWSResponse(reply.url, reply.status_code, reply.headers, _Body(body))


def _read(raw: Any, url: str) -> bytes:
    body = bytearray()
    try:
        for part in raw.stream(_CHUNK_BYTES):
            body += part
            if len(body) > MOST_BYTES:
                raw.close()
                raise EvercredsCredentialError(
                    f"the reply must have at most {MOST_BYTES} bytes", code="malformed"
                )
    # as botocore has them where it reads a reply itself
    except exceptions.ReadTimeoutError as error:
        raise ReadTimeoutError(endpoint_url=url, error=error) from error
    except exceptions.ProtocolError as error:
        raise ConnectionClosedError(endpoint_url=url, error=error) from error
    except exceptions.HTTPError as error:
        raise HTTPClientError(error=error) from error
    return bytes(body)


class _Body:
    """A body that was read."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Give all of it."""
        yield self._body
