"""The line writes once, at the right moment, and never pretends to know what it does not know."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import StreamWriter
from multidict import CIMultiDict
from tests.contract.afas_client.raw_server import RawServer, answer, raw_server, replying

from afas_client import transport as transport_module
from afas_client.errors import NeverLeft, NoAnswer, NotBooked, Unknown
from afas_client.transport import AiohttpTransport
from afas_client.wire import Request

SHORT = timedelta(milliseconds=250)
BODY = b'{"FiEntryPar":{}}'


def request_to(address: str, method: str = "POST", body: bytes = BODY) -> Request:
    return Request(method, f"{address}/connectors/FiEntries", {"Connection": "keep-alive"}, body)


@dataclass
class Network:
    """Our sockets, and what was handed to the network, in order."""

    sockets: list[socket.socket] = field(default_factory=list)
    events: list[tuple[str, bytes]] = field(default_factory=list)


class WatchedSocket(socket.socket):
    """A socket that writes down what is handed to the network."""

    events: list[tuple[str, bytes]]

    def send(self, data: bytes, flags: int = 0) -> int:
        self.events.append(("send", bytes(data)))
        return super().send(data, flags)

    def sendmsg(self, buffers: Iterable[bytes]) -> int:
        self.events.append(("send", b"".join(bytes(each) for each in buffers)))
        return super().sendmsg(buffers)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    seen = Network()

    def watched(address: aiohttp.AddrInfoType) -> socket.socket:
        made = WatchedSocket(*address[:3])
        made.events = seen.events
        seen.sockets.append(made)
        return made

    monkeypatch.setattr(transport_module, "_socket", watched)
    return seen


@pytest.fixture
async def line(network: Network) -> AsyncIterator[AiohttpTransport]:
    # No time-out of it may pass while a busy machine holds both ends up: that would be another error.
    async with AiohttpTransport(read_timeout=timedelta(seconds=60)) as transport:
        yield transport


@pytest.fixture
async def impatient() -> AsyncIterator[AiohttpTransport]:
    async with AiohttpTransport(read_timeout=SHORT) as transport:
        yield transport


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_write_is_never_repeated_on_a_dropped_kept_alive_connection(
    line: AiohttpTransport, method: str
) -> None:
    async with raw_server(replying(answer("200 OK", b""), b"")) as server:
        await line.send(request_to(server.address, "GET", b""))
        with pytest.raises(NoAnswer):
            await line.send(request_to(server.address, method))
        assert server.count(method) == 1
        assert server.connections == 1, "the write went out on the kept-alive connection"


async def test_a_read_may_be_repeated_on_a_dropped_kept_alive_connection(line: AiohttpTransport) -> None:
    async with raw_server(replying(answer("200 OK", b""), b"", answer("200 OK", b"again"))) as server:
        await line.send(request_to(server.address, "GET", b""))
        assert (await line.send(request_to(server.address, "GET", b""))).body == b"again"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_write_without_an_answer_is_unknown(line: AiohttpTransport, method: str) -> None:
    async with raw_server(replying(b"")) as server:
        with pytest.raises(Unknown):
            await line.send(request_to(server.address, method))
        assert server.count(method) == 1


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 201 Created\r\n",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"this is no HTTP at all\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde",
    ],
)
async def test_a_broken_answer_to_a_write_is_unknown(line: AiohttpTransport, cut: bytes) -> None:
    async def cutting(server: RawServer, writer: asyncio.StreamWriter) -> None:
        writer.write(cut)
        await writer.drain()
        writer.close()

    async with raw_server(cutting) as server:
        with pytest.raises(NoAnswer):
            await line.send(request_to(server.address))
        assert server.count("POST") == 1


async def test_a_silent_server_is_unknown_after_the_read_timeout(impatient: AiohttpTransport) -> None:
    async def silent(server: RawServer, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with raw_server(silent) as server:
        with pytest.raises(NoAnswer, match="in time"):
            await impatient.send(request_to(server.address))


async def test_an_answer_that_drips_does_not_keep_us_for_ever() -> None:
    async def dripping(server: RawServer, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.05)

    # All of an answer has as long as its connection and its first byte together.
    async with (
        raw_server(dripping) as server,
        AiohttpTransport(connect_timeout=8 * SHORT, read_timeout=SHORT) as line,
        asyncio.timeout(10),
    ):
        with pytest.raises(NoAnswer):
            await line.send(request_to(server.address))


async def test_an_answer_that_is_too_large_is_cut_and_unknown() -> None:
    async with (
        AiohttpTransport(largest_answer=1_000) as line,
        raw_server(replying(answer("201 Created", b"x" * 1_001))) as server,
    ):
        with pytest.raises(NoAnswer, match="larger than 1000 bytes"):
            await line.send(request_to(server.address))


@pytest.mark.parametrize("method", ["POST", "DELETE", "GET"])
async def test_a_refused_connection_means_that_nothing_left(line: AiohttpTransport, method: str) -> None:
    async with raw_server(replying(answer())) as server:
        address = server.address
    with pytest.raises(NeverLeft):
        await line.send(request_to(address, method))


async def test_an_unknown_host_means_that_nothing_left(line: AiohttpTransport) -> None:
    with pytest.raises(NeverLeft):
        await line.send(request_to("http://nobody.invalid"))


async def test_tls_that_fails_on_a_new_connection_means_that_nothing_left(
    line: AiohttpTransport,
) -> None:
    async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(no_tls, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NeverLeft):
            await line.send(request_to(f"https://127.0.0.1:{port}"))


async def test_the_check_runs_on_a_standing_connection_before_any_byte(
    line: AiohttpTransport, network: Network
) -> None:
    async with raw_server(replying(answer())) as server:

        def check() -> None:
            (ours,) = network.sockets
            assert ours.getpeername(), "this raises on a socket that is not connected"
            network.events.append(("check", b""))

        await line.send(request_to(server.address), check)
    assert [kind for kind, _ in network.events] == ["check", "send"]


async def test_the_check_runs_again_for_every_request_on_the_same_connection(line: AiohttpTransport) -> None:
    checks: list[int] = []
    async with raw_server(replying(answer())) as server:
        for _ in range(3):
            await line.send(request_to(server.address), lambda: checks.append(len(server.requests)))
        assert checks == [0, 1, 2]
        assert server.connections == 1


@pytest.mark.parametrize(("method", "size"), [("POST", 17), ("POST", 20_000), ("DELETE", 0)])
async def test_headers_and_body_leave_in_one_write(
    line: AiohttpTransport, network: Network, method: str, size: int
) -> None:
    body = b"x" * size
    async with raw_server(replying(answer())) as server:
        await line.send(request_to(server.address, method, body))
        ((_, sent),) = network.events
        assert sent.startswith(method.encode())
        assert sent.endswith(b"\r\n\r\n" + body)
        assert server.requests == [sent]


async def test_a_check_that_objects_keeps_every_byte_back(line: AiohttpTransport) -> None:
    def too_late() -> None:
        raise NeverLeft("the 30 seconds are over")

    async with raw_server(replying(answer())) as server:
        with pytest.raises(NeverLeft, match="the 30 seconds are over"):
            await line.send(request_to(server.address), too_late)
        await asyncio.sleep(0.05)
        assert server.bytes_read == 0


async def test_what_the_check_raises_comes_out_as_it_is(line: AiohttpTransport) -> None:
    def broken() -> None:
        raise LookupError("the clock is gone")

    async with raw_server(replying(answer())) as server:
        with pytest.raises(LookupError, match="the clock is gone"):
            await line.send(request_to(server.address), broken)
        assert server.requests == []


@pytest.mark.parametrize("method", ["POST", "DELETE", "GET"])
async def test_no_request_goes_out_on_a_connection_that_was_idle_too_long(method: str) -> None:
    async with (
        AiohttpTransport(idle_limit=timedelta(milliseconds=100)) as line,
        raw_server(replying(answer())) as server,
    ):
        await line.send(request_to(server.address))
        await asyncio.sleep(0.2)
        await line.send(request_to(server.address, method))
        assert server.connections == 2


async def test_a_connection_that_is_not_idle_too_long_is_used_again(line: AiohttpTransport) -> None:
    async with raw_server(replying(answer())) as server:
        await line.send(request_to(server.address))
        await line.send(request_to(server.address))
        assert server.connections == 1


async def test_the_idle_limit_is_five_seconds_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[object] = []
    connector = transport_module.aiohttp.TCPConnector

    def watched(**options: object) -> object:
        limits.append(options["keepalive_timeout"])
        return connector(**options)

    monkeypatch.setattr(transport_module.aiohttp, "TCPConnector", watched)
    async with AiohttpTransport():
        assert limits == [5.0]


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
async def test_a_redirect_is_handed_over_and_not_followed(line: AiohttpTransport, status: str) -> None:
    async with raw_server(replying(answer(status, b"", "Location: /elsewhere"))) as server:
        for method in ("POST", "DELETE", "GET"):
            response = await line.send(request_to(server.address, method))
            assert response.status == int(status[:3])
        assert len(server.requests) == 3


async def test_cookies_are_not_kept(line: AiohttpTransport) -> None:
    async with raw_server(replying(answer("200 OK", b"", "Set-Cookie: a=b"))) as server:
        # A cookie jar passes over numeric addresses, so this has to be a name.
        address = server.address.replace("127.0.0.1", "localhost")
        await line.send(request_to(address))
        await line.send(request_to(address))
        assert b"cookie" not in server.requests[1].lower()


async def test_the_address_goes_out_as_it_was_written(line: AiohttpTransport) -> None:
    async with raw_server(replying(answer())) as server:
        path = "/connectors/X?filtervalues=a%2Cb%3Bc&x=%5B%27A.b%27%5D"
        await line.send(Request("GET", server.address + path, {}))
        assert server.requests[0].startswith(f"GET {path} HTTP/1.1\r\n".encode())


async def test_unacknowledged_bytes_are_given_up_after_thirty_seconds() -> None:
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        pytest.skip("this system has no TCP_USER_TIMEOUT")
    made = transport_module._socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 0)))
    with made:
        assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


async def test_a_request_given_up_before_it_left_never_leaves_later(
    line: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = []

    async def torn(self: AiohttpTransport, request: Request, letter: transport_module._Letter) -> None:
        waiting.append(letter)
        raise aiohttp.ClientOSError("torn before the write")

    monkeypatch.setattr(AiohttpTransport, "_exchange", torn)
    with pytest.raises(NeverLeft, match="torn"):
        await line.send(request_to("http://127.0.0.1:1"))
    with pytest.raises(ConnectionAbortedError):
        await waiting[0].write(None)


async def test_a_connection_that_closes_before_the_write_means_that_nothing_left(
    line: AiohttpTransport, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = transport_module._Letter.write
    checked: list[bool] = []

    async def after_the_drop(letter: transport_module._Letter, writer: StreamWriter) -> None:
        assert writer.transport is not None
        writer.transport.close()
        await write(letter, writer)

    monkeypatch.setattr(transport_module._Letter, "write", after_the_drop)
    async with raw_server(replying(answer())) as server:
        with pytest.raises(NeverLeft):
            await line.send(request_to(server.address), lambda: checked.append(True))
    assert network.events == []
    assert checked == []


async def test_a_transport_that_was_not_opened_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await AiohttpTransport().send(request_to("http://127.0.0.1:1"))


def test_never_left_counts_as_not_booked_and_no_answer_as_unknown() -> None:
    assert issubclass(NeverLeft, NotBooked)
    assert issubclass(NoAnswer, Unknown)
    assert not issubclass(NoAnswer, NotBooked)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_an_answer_that_nobody_asked_for_is_never_taken_for_ours(
    line: AiohttpTransport, method: str
) -> None:
    stray = answer("201 Created", b'{"results":{"FiEntryPar":{"UnId":"1","EnNo":"666"}}}')
    is_sent = asyncio.Event()

    async def late_twin(server: RawServer, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", b"own"))
        await writer.drain()
        if len(server.requests) == 1:
            await asyncio.sleep(0.02)
            writer.write(stray)
            await writer.drain()
            is_sent.set()

    async with raw_server(late_twin) as server:
        await line.send(request_to(server.address, "GET", b""))
        await is_sent.wait()
        await asyncio.sleep(0.1)
        with suppress(NeverLeft):
            assert (await line.send(request_to(server.address, method))).body == b"own"
        # Either nothing left, or it left once, on a connection of its own.
        assert server.count(method) == server.connections - 1


async def test_a_write_does_not_leave_on_a_line_where_an_answer_already_waits() -> None:
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    link, line = await loop.create_connection(lambda: ResponseHandler(loop), sock=ours)
    with theirs:
        writer = StreamWriter(line, loop)
        await writer.write_headers("POST / HTTP/1.1", CIMultiDict())
        line.data_received(answer())
        letter = transport_module._Letter(BODY, transport_module.may_leave)
        with pytest.raises(ConnectionResetError):
            await letter.write(writer)
        assert not letter.left
        link.close()
        await asyncio.sleep(0)
        assert theirs.recv(1) == b""


ECHOED = b"Authorization: AfasToken geheim, Nettoloon 7345.67"


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    "garbage",
    [
        ECHOED + b"\r\n\r\n",
        b"HTTP/1.1 201 Created\r\n\x01" + ECHOED + b"\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" + ECHOED + b"\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 5" + ECHOED + b"\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 50\r\n\r\n" + ECHOED,
        b"HTTP/1.1 201 Created\r\nX: " + ECHOED * 400 + b"\r\n\r\n",
        b"HTTP/1.1 201 Created\r\n" + ECHOED + b"\r\nX: ",
    ],
)
async def test_what_a_server_echoes_is_in_no_error(
    line: AiohttpTransport, method: str, garbage: bytes
) -> None:
    async def echoing(server: RawServer, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        await writer.drain()
        writer.close()

    async with raw_server(echoing) as server:
        with pytest.raises(NoAnswer) as told:
            await line.send(request_to(server.address, method, BODY if method == "POST" else b""))
    assert "geheim" not in str(told.value)
    assert "7345" not in str(told.value)
