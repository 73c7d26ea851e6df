"""The only module that opens a connection.

What it promises, and its contract tests prove:

* a POST is written at most once, whatever happens to the connection;
* an error is NeverLeft only when no byte was handed to the network;
* no redirect is followed, no cookie kept;
* an answer that does not end, or grows beyond the largest, is given up.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from yarl import URL

from nmbrs_client.errors import BadAnswer, Evidence, Form, NeverLeft, NoAnswer
from nmbrs_client.wire import LARGEST_ANSWER, Request, Response

_CHUNK = 65_536


class Transport(Protocol):
    """Carries one request to Nmbrs and its answer back."""

    async def send(self, request: Request) -> Response:
        """The answer, whatever its status. Raises NeverLeft, NoAnswer, and BadAnswer when it is too large."""
        ...


class AiohttpTransport:
    """A transport with one pool of connections; use it as an async context manager.

    `read_timeout` is for the whole answer. `largest_answer` is in bytes, after decompression.
    """

    def __init__(
        self,
        *,
        read_timeout: timedelta = timedelta(seconds=120),
        connect_timeout: timedelta = timedelta(seconds=20),
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        self._connect = connect_timeout.total_seconds()
        self._read = read_timeout.total_seconds()
        self._largest_answer = largest_answer
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._connect + self._read, connect=self._connect),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, request: Request) -> Response:
        """See `Transport.send`."""
        try:
            return await self._exchange(request)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
            raise NeverLeft(_what(failure)) from None
        except (aiohttp.ClientError, OSError) as failure:
            raise NoAnswer(_what(failure)) from None

    async def _exchange(self, request: Request) -> Response:
        if self._session is None:
            raise RuntimeError("open the transport first: async with AiohttpTransport() as transport")
        async with self._session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=request.body or None,
            allow_redirects=False,
        ) as answer:
            return Response(answer.status, dict(answer.headers), await self._body(answer))

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > self._largest_answer:
                answer.close()
                what = f"the answer is larger than {self._largest_answer} bytes"
                raise BadAnswer(what, Form.TOO_LARGE, evidence=Evidence(status=answer.status))
        return bytes(body)


def _what(failure: Exception) -> str:
    """What happened; not the failure's own text, which may repeat what a broken answer held."""
    if isinstance(failure, asyncio.TimeoutError):
        return f"no answer in time ({type(failure).__name__})"
    return type(failure).__name__
