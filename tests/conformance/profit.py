"""The sandbox called in this process, without a line between."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from afas_sandbox.access import User
from afas_sandbox.app import profit_app
from afas_sandbox.randomness import SeededRandomness
from afas_sandbox.sandbox import Sandbox
from afas_sandbox.world import World

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


class Profit:
    """One environment of a sandbox, with the token of one user."""

    def __init__(self, world: World, host: str, user: User) -> None:
        self.sandbox = Sandbox(world, SeededRandomness("conformance"), lambda: NOW)
        self.host = host
        environment = world.environments[host]
        connector = environment.app_connectors[1]
        token = connector.add_token(user.code, "conformance", self.sandbox.randomness, NOW)
        self._authorization = f"AfasToken {base64.b64encode(token.xml.encode()).decode()}"
        self._app = profit_app(self.sandbox)

    async def call(
        self, method: str, path: str, body: object = None, *, language: str = "nl-nl", query: str = ""
    ) -> Answer:
        headers = {
            "authorization": self._authorization,
            "accept-language": language,
            "content-type": "application/json;charset=utf-8",
        }
        full = f"/{self.host}/ProfitRestServices/{path}"
        scope = {
            "type": "http",
            "method": method,
            "path": full,
            "raw_path": quote(full).encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "http_version": "1.1",
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"" if body is None else json.dumps(body).encode()}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        answer_headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], answer_headers, b"".join(part["body"] for part in sent[1:]))
