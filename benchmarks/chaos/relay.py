"""The network between the product and AFAS, in which a firewall may forget a connection that was idle.

The next POST on such a connection never arrives. Some firewalls answer it with a reset, others with silence.
"""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

CHUNK = 65_536
#: A connection counts as kept alive and idle when its last answer is this long ago.
IDLE_SECONDS = 0.02
#: Closing with this sends a reset.
RESET = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Line:
    """A connection of the product's and the one to AFAS that belongs to it."""

    ours: asyncio.StreamWriter
    afas: asyncio.StreamWriter
    port: int
    answered_at: float | None = None
    is_booking: bool = False

    def is_idle(self) -> bool:
        return self.answered_at is not None and time.monotonic() - self.answered_at >= IDLE_SECONDS


class Relay:
    """Passes bytes on, on a thread of its own; forgets as many idle connections as it is told to.

    Every caller has a port of its own, so that they can be told apart. `is_silent` is asked whether a forgotten
    connection answers with silence, and not with a reset.
    """

    def __init__(self, afas: tuple[str, int], is_silent: Callable[[], bool]) -> None:
        self._afas = afas
        self._is_silent = is_silent
        self._to_forget = 0
        self.struck = 0
        self._servers: list[asyncio.Server] = []
        self._lines: set[_Line] = set()
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._live, name="relay", daemon=True)
        self._thread.start()

    def open(self) -> int:
        """A new port that leads to AFAS."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        opening = asyncio.start_server(self._serve, sock=listening)
        self._servers.append(asyncio.run_coroutine_threadsafe(opening, self._loop).result())
        return int(listening.getsockname()[1])

    def is_booking(self, port: int) -> bool:
        """Whether an entry went out by this port and has no answer yet."""
        return any(line.is_booking for line in tuple(self._lines) if line.port == port)

    def forget(self, count: int) -> None:
        """Let so many more POSTs of an entry meet a connection that was forgotten while it was idle."""
        self._to_forget += count

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()

    def _live(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_closed())

    async def _until_closed(self) -> None:
        await self._closing.wait()
        for server in self._servers:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, ours: asyncio.StreamWriter) -> None:
        try:
            answers, afas = await asyncio.open_connection(*self._afas)
        except OSError:
            ours.transport.abort()
            return
        line = _Line(ours, afas, ours.get_extra_info("sockname")[1])
        self._lines.add(line)
        ways = [
            asyncio.create_task(self._to_afas(reader, line)),
            asyncio.create_task(self._back(answers, line)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._lines.discard(line)
            for way in ways:
                way.cancel()
            for writer in (ours, afas):
                writer.transport.abort()

    async def _to_afas(self, reader: asyncio.StreamReader, line: _Line) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK):
                line.is_booking = line.is_booking or _is_entry(chunk)
                if self._to_forget and line.is_idle() and _is_entry(chunk):
                    self._to_forget -= 1
                    self.struck += 1
                    await self._meet_nobody(reader, line)
                    return
                line.afas.write(chunk)
                await line.afas.drain()

    async def _back(self, answers: asyncio.StreamReader, line: _Line) -> None:
        with suppress(ConnectionError):
            while chunk := await answers.read(CHUNK):
                line.answered_at, line.is_booking = time.monotonic(), False
                line.ours.write(chunk)
                await line.ours.drain()

    async def _meet_nobody(self, reader: asyncio.StreamReader, line: _Line) -> None:
        """A reset at once; or nothing at all, until the product gives up."""
        if self._is_silent():
            while await reader.read(CHUNK):
                pass
            return
        line.ours.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def _is_entry(chunk: bytes) -> bool:
    """Whether this is the beginning of a request that books an entry."""
    first_line = chunk.partition(b"\r\n")[0].lower()
    return first_line.startswith(b"post ") and b"/connectors/fientries" in first_line
