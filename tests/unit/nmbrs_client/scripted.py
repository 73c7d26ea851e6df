"""A line without a network: it keeps what was asked, and answers as told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from nmbrs_client.auth import NMBRS
from nmbrs_client.client import NmbrsClient
from nmbrs_client.wire import Request, Response

TOKEN = "access-token-that-nobody-may-see"
NEWER = "newer-token-that-nobody-may-see"
KEY = "subscription-key-that-nobody-may-see"

Answer = Response | Exception


def answered(status: int = 200, body: object = None, **headers: str) -> Response:
    """An answer in JSON. Underscores in the names of headers are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"Content-Type": "application/json", **named}, json.dumps(body).encode())


def problem(code: int, **headers: str) -> Response:
    """An error as Nmbrs tells it."""
    status = code // 100
    body = {"httpStatus": status, "code": code, "title": f"Title_{code}", "detail": f"detail of {code}"}
    return answered(status, body, **headers)


def document(body: bytes = b"<journal/>", content_type: str = "application/octet-stream") -> Response:
    return Response(200, {"Content-Type": content_type}, body)


def page(*items: object, number: int = 1, of: int = 1) -> Response:
    return answered(200, {"pagination": {"pageNumber": number, "totalPages": of}, "data": list(items)})


@dataclass
class Scripted:
    """Gives the n-th request the n-th answer, and the last one for ever; or asks `by` for it."""

    answers: list[Answer] = field(default_factory=list)
    by: Callable[[Request], Answer] | None = None
    asked: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Response:
        self.asked.append(request)
        nth = min(len(self.asked), len(self.answers)) - 1
        answer = self.by(request) if self.by is not None else self.answers[nth]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def paths(self) -> list[str]:
        return [urlsplit(request.url).path for request in self.asked]

    def query(self, index: int) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.asked[index].url).query)


@dataclass
class Kept:
    """Access tokens as whoever keeps the refresh token gives them."""

    token: str = TOKEN
    refused: list[str] = field(default_factory=list)

    async def current(self) -> str:
        return self.token

    async def after_refusal(self, refused: str) -> str:
        self.refused.append(refused)
        self.token = NEWER
        return NEWER


@dataclass
class Clock:
    """Pauses that take no time."""

    pauses: list[int] = field(default_factory=list)

    async def pause(self, seconds: int) -> None:
        self.pauses.append(seconds)


@dataclass
class Office:
    """A client with everything it hangs on, in sight."""

    line: Scripted
    tokens: Kept
    clock: Clock
    client: NmbrsClient


def office(*answers: Answer, by: Callable[[Request], Answer] | None = None) -> Office:
    line, tokens, clock = Scripted(list(answers), by), Kept(), Clock()
    return Office(line, tokens, clock, NmbrsClient(line, NMBRS, KEY, tokens, clock.pause))
