"""A TCP server on loopback that sees every connection and every byte, and misbehaves as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BOOKING = b'{"results":{"FiEntryPar":{"UnId":"1","EnNo":"5789"}}}'


def answer(status: str = "201 Created", body: bytes = BOOKING, *headers: str) -> bytes:
    """One HTTP answer that keeps the connection alive."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class RawServer:
    """What came in: how many connections, and every whole request with its head and body."""

    address: str = ""
    connections: int = 0
    bytes_read: int = 0
    requests: list[bytes] = field(default_factory=list)

    def count(self, method: str) -> int:
        """How many requests with this method came in, over all connections."""
        return sum(request.startswith(method.encode() + b" ") for request in self.requests)


Act = Callable[[RawServer, asyncio.StreamWriter], Awaitable[None]]


def replying(*answers: bytes) -> Act:
    """Give the n-th request the n-th answer, the last one for ever; an empty answer cuts the connection."""

    async def act(server: RawServer, writer: asyncio.StreamWriter) -> None:
        reply = answers[min(len(server.requests), len(answers)) - 1]
        if not reply:
            writer.close()
            return
        writer.write(reply)
        await writer.drain()

    return act


@asynccontextmanager
async def raw_server(act: Act) -> AsyncIterator[RawServer]:
    """A server that calls `act` after each whole request."""
    seen = RawServer()
    open_lines: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        open_lines.append(writer)
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                seen.bytes_read += len(head)
                body = await reader.readexactly(_length(head))
                seen.requests.append(head + body)
                await act(seen, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client hung up, as some tests want
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    seen.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield seen
    finally:
        server.close()
        for line in open_lines:
            line.close()
        await server.wait_closed()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
