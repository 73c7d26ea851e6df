"""A small AFAS on the loopback, after AFAS's own pages: activation code, metainfo and two GetConnectors."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

API_KEY = "A" * 31 + "1"
ENVIRONMENT_KEY = "b" * 31 + "2"
CODE = "34264813"
TOKEN = f"<token><version>1</version><data>{'5EC2E7' * 10}ABCD</data></token>"
JOURNALS: list[dict[str, object]] = [
    {"UnitId": 1, "JournalId": "90", "Description": "Lonen", "Blocked": False},
    {"UnitId": 1, "JournalId": "91", "Description": "Oud", "Blocked": True},
]
NOT_OFFERED = {
    "externalMessage": "Deze connector wordt niet ondersteund of de gebruiker is niet geautoriseerd.",
    "errorNumber": -2147180996,
    "profitLogReference": "0123456789abcdef0123456789abcdef",
}


@dataclass
class Afas:
    """What this AFAS offers and what it was asked; a test changes it as an administrator would."""

    port: int = 0
    update_connectors: list[str] = field(default_factory=lambda: ["FiEntries"])
    get_connectors: list[str] = field(default_factory=lambda: ["Precal_Administraties", "Profit_Journals"])
    columns: list[tuple[str, str]] = field(
        default_factory=lambda: [("AdminId", "int"), ("AdminNm", "string")]
    )
    administrations: list[dict[str, object]] = field(
        default_factory=lambda: [
            {"AdminId": 1, "AdminNm": "Bakkerij Van Dam"},
            {"AdminId": 2, "AdminNm": "Van Dam Vastgoed"},
        ]
    )
    mailed: list[dict[str, str]] = field(default_factory=list)
    tokens_work: bool = True
    answers: dict[str, web.Response] = field(default_factory=dict)
    delay: float = 0.0

    @property
    def template(self) -> str:
        return f"http://127.0.0.1:{self.port}/{{participant_number}}/{{segment}}"

    async def request_code(self, request: web.Request) -> web.Response:
        if self.delay:
            await asyncio.sleep(self.delay)
        if answer := self.answers.get("OtpRequest"):
            return answer
        body = await request.json()
        if (body["apiKey"], body["apiToken"]) == (API_KEY, ENVIRONMENT_KEY):
            self.mailed.append(body)
        return web.Response(status=201)

    async def validate_code(self, request: web.Request) -> web.Response:
        body = await request.json()
        right = (body["apiKey"], body["apiToken"], body["otp"]) == (API_KEY, ENVIRONMENT_KEY, CODE)
        return web.json_response({"token": f"{TOKEN}\r\n"}) if right else web.Response(status=204)

    async def meta_info(self, request: web.Request) -> web.Response:
        if not self.tokens_work or "Authorization" not in request.headers:
            return web.Response(status=401)
        if answer := self.answers.get("metainfo"):
            return answer
        named = {
            "updateConnectors": [{"id": name, "description": name} for name in self.update_connectors],
            "getConnectors": [{"id": name, "description": name} for name in self.get_connectors],
        }
        info = {"envid": "T12345AA", "appName": "Loon", "group": "ADM", "tokenExpiry": "0"}
        return web.json_response({**named, "info": info})

    async def fields(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.get_connectors:
            return web.json_response(NOT_OFFERED, status=500)
        columns = [{"id": column, "dataType": kind, "label": column} for column, kind in self.columns]
        return web.json_response({"name": name, "description": "", "fields": columns})

    async def rows(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.get_connectors:
            return web.json_response(NOT_OFFERED, status=500)
        found = self.administrations
        if name == "Profit_Journals":
            found = [row for row in JOURNALS if str(row["UnitId"]) == request.query["filtervalues"]]
        skip, take = int(request.query["skip"]), int(request.query["take"])
        return web.json_response({"skip": skip, "take": take, "rows": found[skip : skip + take]})

    def application(self) -> web.Application:
        base = "/12345/resttest"
        application = web.Application()
        application.add_routes(
            [
                web.post(f"{base}/OtpRequest", self.request_code),
                web.post(f"{base}/OtpValidation", self.validate_code),
                web.get(f"{base}/metainfo", self.meta_info),
                web.get(f"{base}/metainfo/get/{{name}}", self.fields),
                web.get(f"{base}/connectors/{{name}}", self.rows),
            ]
        )
        return application


@contextmanager
def running_afas() -> Iterator[Afas]:
    """An AFAS for environment T12345, in a thread of its own."""
    afas = Afas()
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(afas.application(), access_log=None)
    started = threading.Event()

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        afas.port = int(runner.addresses[0][1])
        started.set()

    def serve() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=serve, name="afas", daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield afas
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
