"""The line asks a POST once, follows nothing, and says what it knows of a request that got no answer."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.contract.afas_client.raw_server import RawServer, answer, raw_server, replying

from nmbrs_client.errors import BadAnswer, Form, NeverLeft, NoAnswer
from nmbrs_client.transport import AiohttpTransport
from nmbrs_client.wire import Request, Response

SECRET = "refresh-token-that-nobody-may-see"


@pytest.fixture
async def line() -> AsyncIterator[AiohttpTransport]:
    # No time-out of it may pass while a busy machine holds both ends up: that would be another error.
    async with AiohttpTransport(read_timeout=timedelta(seconds=60), largest_answer=100_000) as transport:
        yield transport


@pytest.fixture
async def impatient() -> AsyncIterator[AiohttpTransport]:
    # A whole call has as long as both together.
    async with AiohttpTransport(
        connect_timeout=timedelta(seconds=1), read_timeout=timedelta(milliseconds=500)
    ) as transport:
        yield transport


def get(server: RawServer) -> Request:
    return Request("GET", f"{server.address}/api/debtors", {"Authorization": f"Bearer {SECRET}"})


def post(server: RawServer) -> Request:
    return Request("POST", f"{server.address}/connect/token", {}, f"refresh_token={SECRET}".encode())


async def test_an_answer_comes_as_it_is(line: AiohttpTransport) -> None:
    async with raw_server(replying(answer("429 Too Many", b"\xff", "Retry-After: 5"))) as server:
        got = await line.send(get(server))
    assert (got.status, got.header("retry-AFTER"), got.body) == (429, "5", b"\xff")


async def test_reads_share_a_connection_and_a_post_has_its_own(line: AiohttpTransport) -> None:
    async with raw_server(replying(answer("200 OK", b"{}"))) as server:
        for request in (get(server), get(server), post(server), post(server), get(server)):
            await line.send(request)
        assert server.connections == 3
        assert b"refresh_token=" + SECRET.encode() in server.requests[2]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde",
        b"this is no HTTP at all " + SECRET.encode() + b"\r\n\r\n",
    ],
)
async def test_a_post_is_asked_once_whatever_becomes_of_the_line(
    line: AiohttpTransport, reply: bytes
) -> None:
    async def cutting(server: RawServer, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with raw_server(cutting) as server:
        with pytest.raises(NoAnswer) as told:
            await line.send(post(server))
        assert server.count("POST") == 1
    assert SECRET not in str(told.value)
    assert told.value.__suppress_context__


async def test_a_silent_server_is_given_up(impatient: AiohttpTransport) -> None:
    asked = asyncio.Event()

    async def silent(server: RawServer, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.sleep(5)

    async with raw_server(silent) as server:
        with pytest.raises(NoAnswer):
            await impatient.send(post(server))
        await asked.wait()  # on a busy machine we may have given up before the server has read
        assert server.count("POST") == 1


async def test_an_answer_that_drips_for_ever_is_given_up(impatient: AiohttpTransport) -> None:
    async def dripping(server: RawServer, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw_server(dripping) as server:
        with pytest.raises(NoAnswer):
            await impatient.send(get(server))


async def test_where_nobody_listens_nothing_has_left(line: AiohttpTransport) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        nobody = RawServer(address=f"http://127.0.0.1:{taken.getsockname()[1]}")
        for request in (get(nobody), post(nobody)):
            with pytest.raises(NeverLeft) as told:
                await line.send(request)
            assert SECRET not in str(told.value)


async def test_a_server_that_speaks_no_tls_is_never_told_anything(impatient: AiohttpTransport) -> None:
    async with raw_server(replying(answer("200 OK", b"{}"))) as server:
        request = post(server)
        with pytest.raises(NeverLeft):
            await impatient.send(Request("POST", request.url.replace("http:", "https:"), {}, request.body))
        assert server.requests == []


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_no_redirect_is_followed(line: AiohttpTransport, status: str) -> None:
    async with raw_server(replying(answer(status, b"", "Location: /elsewhere"))) as server:
        got = await line.send(get(server))
        assert (str(got.status), len(server.requests)) == (status[:3], 1)


async def test_no_cookie_is_kept(line: AiohttpTransport) -> None:
    async with raw_server(replying(answer("200 OK", b"{}", "Set-Cookie: a=b; Path=/"))) as server:
        server.address = server.address.replace("127.0.0.1", "localhost")  # cookies need a name
        await line.send(get(server))
        await line.send(get(server))
        assert b"cookie" not in server.requests[1].lower()


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_beyond_the_largest_is_refused_also_when_packed(
    line: AiohttpTransport, packed: bool
) -> None:
    body = b"0" * 5_000_000
    reply = (
        answer("200 OK", gzip.compress(body), "Content-Encoding: gzip") if packed else answer("200 OK", body)
    )
    async with raw_server(replying(reply)) as server:
        with pytest.raises(BadAnswer) as told:
            await line.send(get(server))
    assert told.value.form is Form.TOO_LARGE


async def test_a_packed_answer_is_unpacked(line: AiohttpTransport) -> None:
    reply = answer("200 OK", gzip.compress(b"<a/>"), "Content-Encoding: gzip")
    async with raw_server(replying(reply)) as server:
        assert (await line.send(get(server))).body == b"<a/>"


async def test_a_line_that_was_not_opened_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await AiohttpTransport().send(Request("GET", "http://127.0.0.1:1", {}))


def test_requests_and_answers_do_not_show_what_they_carry() -> None:
    request = Request("POST", "http://127.0.0.1", {"Authorization": SECRET}, SECRET.encode())
    response = Response(200, {"Location": SECRET}, SECRET.encode())
    assert SECRET not in repr(request) + repr(response)
