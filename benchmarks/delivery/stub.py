"""An AFAS of fixed latency that costs next to nothing: it books whatever comes, and shows what it booked.

`python -m benchmarks.delivery.stub --latency-ms 20` prints the port that it listens on, and serves until it is ended.
It checks nothing; `GET /figures` tells per environment what it saw.
"""

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

_NUMBER = b'"BpNr":"'
_METAINFO = {
    "updateConnectors": [{"id": "FiEntries"}],
    "getConnectors": [{"id": "Profit_Administrations"}, {"id": "Profit_Transactions_Allocated"}],
    "info": {"envid": "T12345AA", "appName": "Loonbrug", "group": "Loonbrug"},
}


@dataclass
class Books:
    """What one environment booked, and how it was asked."""

    entries: list[bytes] = field(default_factory=list)
    by_voucher: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    reads: int = 0
    at_once: int = 0
    most_at_once: int = 0

    def book(self, body: bytes) -> int:
        """Keep the entry as it came; its number."""
        self.entries.append(body)
        start = body.find(_NUMBER) + len(_NUMBER)
        voucher = body[start : body.find(b'"', start)].decode()
        self.by_voucher[voucher].append(len(self.entries))
        return len(self.entries)

    def rows(self, fields: str, values: str) -> Iterator[dict[str, Any]]:
        """The lines of every entry that one of the groups of conditions names, by its voucher or entry number."""
        numbers: dict[int, None] = {}
        for names, wanted in zip(fields.split(";"), values.split(";"), strict=True):
            asked = dict(zip(names.split(","), wanted.split(","), strict=True))
            named = self.by_voucher[asked["VoucherNo"]] if "VoucherNo" in asked else [int(asked["EntryNo"])]
            numbers |= dict.fromkeys(named)
        for number in numbers:
            yield from _lines(number, self.entries[number - 1])

    def figures(self) -> dict[str, Any]:
        doubled = sum(len(numbers) - 1 for numbers in self.by_voucher.values())
        return {
            "booked": len(self.entries),
            "doubled": doubled,
            "reads": self.reads,
            "at_once": self.at_once,
            "most_at_once": self.most_at_once,
        }


def _lines(number: int, body: bytes) -> Iterator[dict[str, Any]]:
    entry = msgspec.json.decode(body)["FiEntryPar"]["Element"]
    head = entry["Fields"]
    for at, line in enumerate(entry["Objects"][0]["FiEntries"]["Element"], start=1):
        fields = line["Fields"]
        codes = line["Objects"][0]["FiDimEntries"]["Element"]["Fields"] if "Objects" in line else {}
        yield {
            "UnitId": head["UnId"],
            "EntryNo": number,
            "SeqNo": at,
            "Year": head["Year"],
            "Period": head["Peri"],
            "JournalId": head["JoCo"],
            "AccountNo": fields["AcNr"],
            "AmtDebit": msgspec.Raw(fields["AmDe"].encode()),
            "AmtCredit": msgspec.Raw(fields["AmCr"].encode()),
            "VoucherNo": fields["BpNr"],
            **{f"DimAx{axis}": codes.get(f"DiC{axis}") for axis in range(1, 6)},
        }


class Line(asyncio.Protocol):
    """One kept-alive connection: a request, its answer after the latency, the next request."""

    def __init__(self, books: defaultdict[str, Books], latency: float) -> None:
        self._books, self._latency = books, latency
        self._received = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(b"\r\n\r\n") + 4
        if head_end < 4:
            return
        head = self._received[:head_end].lower()
        end = head_end + _content_length(head)
        if len(self._received) >= end:
            method, target, _ = self._received.split(b" ", 2)
            body, self._received = self._received[head_end:end], self._received[end:]
            self._asked(method, target.decode(), body)

    def _asked(self, method: bytes, target: str, body: bytes) -> None:
        if target == "/figures":
            seen = {name: books.figures() for name, books in self._books.items()}
            self._answer(b"200 OK", seen)
            return
        books = self._books[target.split("/", 2)[1]]
        books.at_once += 1
        books.most_at_once = max(books.most_at_once, books.at_once)
        answer = partial(self._post, books, body) if method == b"POST" else partial(self._get, books, target)
        self._loop.call_later(self._latency, answer)

    def _post(self, books: Books, body: bytes) -> None:
        books.at_once -= 1
        booked = {"UnId": "1", "EnNo": str(books.book(body)), "InID": ""}
        self._answer(b"201 Created", {"results": {"FiEntries": booked}})

    def _get(self, books: Books, target: str) -> None:
        books.at_once -= 1
        books.reads += 1
        url = urlsplit(target)
        if url.path.endswith("/metainfo"):
            self._answer(b"200 OK", _METAINFO)
            return
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        skip, take = int(asked["skip"]), int(asked["take"])
        rows = list(books.rows(asked["filterfieldids"], asked["filtervalues"]))
        self._answer(b"200 OK", {"skip": skip, "take": take, "rows": rows[skip : skip + take]})

    def _answer(self, status: bytes, document: object) -> None:
        body = msgspec.json.encode(document)
        head = b"HTTP/1.1 %b\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % (status, len(body)) + body)


def _content_length(head: bytes) -> int:
    start = head.find(b"content-length:")
    return int(head[start + 15 : head.find(b"\r", start)]) if start >= 0 else 0


async def serve(latency: float) -> None:
    """Listen on a free port, say which, and answer for ever."""
    books: defaultdict[str, Books] = defaultdict(Books)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(books, latency), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-ms", type=int, required=True)
    asyncio.run(serve(parser.parse_args().latency_ms / 1000))


if __name__ == "__main__":
    main()
