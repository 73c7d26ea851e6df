"""The only module that opens a connection.

What it promises, and its contract tests prove:

* a POST or DELETE is written at most once, whatever happens to the connection;
* the caller's check runs when the connection stands, in the same step as the one write of headers and body;
* an error is NeverLeft exactly when no byte was handed to the network, and NoAnswer from then on;
* no connection that was idle for over `idle_limit` is used again;
* an answer that was lying on a connection before the write left is never taken for the answer to it;
* no redirect is followed.

What remains: a read may be handed an answer that a server sent twice. Between the check and the write the
machine itself may freeze, and a body larger than the socket's buffer leaves as fast as the network takes it,
for at most `TCP_USER_TIMEOUT` without progress.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import StreamWriter
from aiohttp.payload import Payload
from yarl import URL

from afas_client.errors import NeverLeft, NoAnswer
from afas_client.wire import Request, Response

# How long sent bytes may stay unacknowledged; without it a dead line is noticed after a quarter of an hour.
_UNACKNOWLEDGED_MS = 30_000


def may_leave() -> None:
    """The check that lets every request leave."""


class Transport(Protocol):
    """Carries one request to AFAS and its answer back."""

    async def send(self, request: Request, before_leaving: Callable[[], None] = may_leave) -> Response:
        """The answer, whatever its status.

        `before_leaving` runs when the connection stands and before the first byte; what it raises comes out
        as it is, and nothing has left. Raises NeverLeft and NoAnswer.
        """
        ...


class _Letter(Payload):
    """The body of a write: leaves once, together with the headers.

    aiohttp repeats a DELETE by itself on a kept-alive connection that drops, unless the body says that it is
    consumed; this one says so from the moment it leaves, and refuses to be written again. aiohttp keeps the
    headers until the body's first write, so check, headers and body are one step.
    """

    def __init__(self, body: bytes, before_leaving: Callable[[], None]) -> None:
        super().__init__(body)
        self._as_bytes = body
        self._size = len(body)
        self._before_leaving = before_leaving
        self._sealed = False
        self.left = False
        self.held_back: Exception | None = None

    def seal(self) -> None:
        """From here on it must not leave any more."""
        self._sealed = True

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text; aiohttp wants every body to have this."""
        return self._as_bytes.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Check, then hand headers and body to the network."""
        if self._sealed:
            raise ConnectionAbortedError("this request was given up before it left")
        if not _is_clean(writer):
            raise ConnectionResetError("the connection was no longer fit before the request left")
        try:
            self._before_leaving()
        except Exception as reason:
            self.held_back = reason
            raise
        self._sealed = self._consumed = self.left = True
        await writer.write(self._as_bytes)


def _is_clean(writer: AbstractStreamWriter) -> bool:
    """Whether the connection is open, and holds no answer to something that we did not ask."""
    line = writer.protocol if isinstance(writer, StreamWriter) else None
    if not isinstance(line, ResponseHandler) or line.transport is None:
        return False
    return not (line.transport.is_closing() or line.should_close)


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
    return made


class AiohttpTransport:
    """A transport with one pool of connections; use it as an async context manager.

    `read_timeout` counts from the moment the request leaves. Its default is AFAS's own limit of 900 s plus a
    margin (AFAS "Troubleshooting": a time-out at our side does not stop the server). `largest_answer` is in
    bytes.
    """

    def __init__(
        self,
        *,
        read_timeout: timedelta = timedelta(seconds=960),
        connect_timeout: timedelta = timedelta(seconds=20),
        idle_limit: timedelta = timedelta(seconds=5),
        largest_answer: int = 32 * 1024 * 1024,
    ) -> None:
        self._connect = connect_timeout.total_seconds()
        self._read = read_timeout.total_seconds()
        self._idle = idle_limit.total_seconds()
        self._largest_answer = largest_answer
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=self._idle, socket_factory=_socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=self._connect + self._read, connect=self._connect, sock_read=self._read
            ),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, request: Request, before_leaving: Callable[[], None] = may_leave) -> Response:
        """See `Transport.send`."""
        if request.method == "GET":
            return await self._read_only(request)
        letter = _Letter(request.body, before_leaving)
        try:
            return await self._exchange(request, letter)
        except Exception as failure:
            if letter.held_back is not None:
                raise letter.held_back from None
            if letter.left:
                # Whatever broke, from here on nobody knows what AFAS did.
                raise NoAnswer(_what(failure)) from failure
            if isinstance(failure, aiohttp.ClientError | OSError):
                raise NeverLeft(_what(failure)) from failure
            raise
        finally:
            letter.seal()

    async def _read_only(self, request: Request) -> Response:
        try:
            return await self._exchange(request, None)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
            raise NeverLeft(_what(failure)) from failure
        except (aiohttp.ClientError, OSError) as failure:
            raise NoAnswer(_what(failure)) from failure

    async def _exchange(self, request: Request, letter: _Letter | None) -> Response:
        if self._session is None:
            raise RuntimeError("open the transport first: async with AiohttpTransport() as transport")
        async with self._session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=letter,
            allow_redirects=False,
        ) as answer:
            if letter is not None and not letter.left:
                # aiohttp may read before it writes, and then takes what was lying there for the answer.
                answer.close()
                raise ConnectionAbortedError("an answer came before the request left")
            return Response(answer.status, dict(answer.headers), await self._body(answer))

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        while chunk := await answer.content.readany():
            body += chunk
            if len(body) > self._largest_answer:
                answer.close()
                raise ConnectionAbortedError(f"the answer is larger than {self._largest_answer} bytes")
        return bytes(body)


def _what(failure: Exception) -> str:
    """What broke. aiohttp quotes an answer that is no HTTP, and a server may echo our token or entry in it."""
    if isinstance(failure, asyncio.TimeoutError):
        return f"no answer in time ({type(failure).__name__})"
    if isinstance(failure, OSError):
        return f"{type(failure).__name__}: {failure}"
    return type(failure).__name__
