import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import aiohttp
import pytest
import uvicorn
from aiosmtpd.smtp import SMTP

from afas_sandbox.app import profit_app
from afas_sandbox.control import control_app
from afas_sandbox.randomness import SeededRandomness
from afas_sandbox.sandbox import MailServer, Sandbox
from afas_sandbox.seeding import seed

HOST = "12345.resttest"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass
class Mailbox:
    """What came in by SMTP."""

    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@dataclass
class Profit:
    """A running sandbox and a caller of it."""

    sandbox: Sandbox
    mailbox: Mailbox
    session: aiohttp.ClientSession
    url: str
    control_url: str
    headers: dict[str, str] = field(default_factory=dict)

    def sign_in(self, user: str = "12345.admin") -> None:
        connector = self.sandbox.world.environments[HOST].app_connectors[1]
        token = connector.add_token(user, "test", self.sandbox.randomness, NOW)
        encoded = base64.b64encode(token.xml.encode()).decode()
        self.headers = {"Authorization": f"AfasToken {encoded}", "Accept-Language": "nl-nl"}

    async def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        async with self.session.request(
            method, f"{self.url}/{HOST}/ProfitRestServices/{path}", json=body, headers=self.headers | headers
        ) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, dict(answer.headers), await (answer.json() if is_json else answer.read())

    async def control(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with self.session.request(method, f"{self.control_url}{path}", json=body) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def serving(app: Any, sandbox: Sandbox) -> AsyncIterator[str]:
    """The application on a free port; without uvicorn's own loop, which ends in steps of 0.1 s."""
    config = uvicorn.Config(app, port=0, http=sandbox.lines.protocol(), log_level="error", lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    for listener in server.servers:
        listener.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()


@pytest.fixture
async def profit() -> AsyncIterator[Profit]:
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)
    mail_server = MailServer("127.0.0.1", smtp.sockets[0].getsockname()[1])
    sandbox = Sandbox(seed("demo"), SeededRandomness("test"), lambda: NOW, mail_server)
    async with (
        serving(profit_app(sandbox), sandbox) as url,
        serving(control_app(sandbox), sandbox) as control_url,
        aiohttp.ClientSession() as session,
    ):
        running = Profit(sandbox, mailbox, session, url, control_url)
        running.sign_in()
        yield running
    smtp.close()


@pytest.fixture
def entry() -> dict[str, Any]:
    """A wage entry that the demo's first administration books."""
    return wage_entry()


def wage_entry(unit: int = 1, day: str = "2026-10-31") -> dict[str, Any]:
    dated = {"VaAs": "1", "EnDa": day, "BpDa": day, "BpNr": "2026-10-0001"}
    return {
        "FiEntryPar": {
            "Element": {
                "Fields": {"Year": 2026, "Peri": 10, "UnId": unit, "JoCo": "90"},
                "Objects": {
                    "FiEntries": {
                        "Element": [
                            {
                                "Fields": dated | {"AcNr": "4000", "Ds": "Brutoloon", "AmDe": "1250.55"},
                                "Objects": {"FiDimEntries": {"Element": {"Fields": {"DiC1": "100"}}}},
                            },
                            {"Fields": dated | {"AcNr": "2100", "Ds": "Nettoloon", "AmCr": 1250.55}},
                        ]
                    }
                },
            }
        }
    }
