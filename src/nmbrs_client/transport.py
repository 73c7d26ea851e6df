"""The only module that opens a connection.

What it promises, and its contract tests prove:

* a POST is written at most once, on a connection of its own: one that was lying idle may be dead, and then
  nobody would know whether the refresh token in it was used;
* an error is NeverLeft only when no byte was handed to the network;
* no redirect is followed, no cookie kept;
* an answer that does not end, or grows beyond the largest, is given up.
"""

from __future__ import annotations

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
        self._session = self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def longest_call(self) -> timedelta:
        """No call lasts longer than this."""
        return timedelta(seconds=self._connect + self._read)

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self.longest_call.total_seconds(), connect=self._connect),
        )

    async def send(self, request: Request) -> Response:
        """See `Transport.send`."""
        if self._session is None:
            raise RuntimeError("open the transport first: async with AiohttpTransport() as transport")
        try:
            if request.method == "GET":
                return await self._exchange(self._session, request)
            async with self._opened() as session:
                return await self._exchange(session, request)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
            raise NeverLeft(f"{type(failure).__name__}: {failure}") from None
        except (aiohttp.ClientError, OSError) as failure:
            # Not the failure's own text: it may repeat what a broken answer held.
            raise NoAnswer(type(failure).__name__) from None

    async def _exchange(self, session: aiohttp.ClientSession, request: Request) -> Response:
        async with session.request(
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
