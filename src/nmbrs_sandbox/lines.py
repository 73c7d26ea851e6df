"""Open connections, so that one can be broken off without an answer."""

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class Lines:
    """The transports of the open connections, by the caller's address."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """uvicorn's HTTP protocol, made to report its connections here."""
        open_lines = self._open

        class ReportingProtocol(H11Protocol):
            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                if self.client is not None:
                    open_lines[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    open_lines.pop(self.client, None)
                super().connection_lost(exc)

        return ReportingProtocol

    def cut(self, caller: tuple[str, int]) -> None:
        """Break the connection off: the caller reads a reset, never an answer."""
        line = self._open.get(caller)
        if line is not None:
            line.abort()


class NoAnswer(Response):
    """Instead of an answer: the connection breaks."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - an answer's signature
        self._lines.cut(tuple(scope["client"]))
        # What is left of the request comes first; only after its end may nothing be sent.
        while (await receive())["type"] != "http.disconnect":
            pass
