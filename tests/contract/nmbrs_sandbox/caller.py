"""A partner that calls the sandbox in this process: consent, tokens, the API, the control port."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from tests.contract.afas_sandbox_pages.visitor import ORIGIN, Page, Visitor

from nmbrs_sandbox.app import nmbrs_app
from nmbrs_sandbox.control import control_app
from nmbrs_sandbox.randomness import SeededRandomness
from nmbrs_sandbox.sandbox import Sandbox
from nmbrs_sandbox.seeding import seed

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEY = "30c0ffee0000400080000000005a4db0"
CLIENT, SECRET = "PartnerApp_Loonbrug_zandbak", "zand*bak$100%+geheim/1"
BACK = "http://127.0.0.1:8000/terug"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SCOPES = "company.info.read company.payrollsettings.read company.document.read document.read offline_access"
VAN_DIJK = "loon@vandijkgroep.example"
TWO_DEBTORS = "beheer@tweedebiteuren.example"
MASTER = "saskia@kantoor.example"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def content(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> int:
        """The number of a problem document, which has to be its status too."""
        assert (self.content["httpStatus"], self.content["code"] // 100) == (self.status, self.status)
        return int(self.content["code"])


@dataclass
class Partner:
    """Loonbrug, as the sandbox knows it; and a person in a browser."""

    sandbox: Sandbox
    token: str = ""
    refresh_token: str = ""
    _site: Visitor = field(init=False)
    _control: Visitor = field(init=False)

    def __post_init__(self) -> None:
        self._site, self._control = Visitor(nmbrs_app(self.sandbox)), Visitor(control_app(self.sandbox))

    @staticmethod
    def asking(**changes: str) -> str:
        """The address of the consent page; an empty change leaves the parameter out."""
        query = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": BACK,
            "scope": SCOPES,
            "state": "a state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        return f"/connect/authorize?{urlencode({name: text for name, text in query.items() if text})}"

    async def decide(self, address: str, *, login: str = VAN_DIJK, decision: str = "allow") -> Page:
        """Send the form of the consent page, without following to the partner."""
        body = urlencode({"login": login, "decision": decision}).encode()
        headers = {"origin": ORIGIN, "content-type": FORM, "content-length": str(len(body))}
        return await self._site.call("POST", address, body, headers)

    async def code(self, **changes: str) -> str:
        login = changes.pop("login", VAN_DIJK)
        page = await self.decide(self.asking(**changes), login=login)
        assert page.status == 303, page.text
        return parse_qs(urlsplit(page.headers["location"]).query)["code"][0]

    async def connect(self, **changes: str) -> None:
        """Consent, and the tokens for it."""
        given = await self.exchange(await self.code(**changes))
        assert given.status == 200, given.text
        self.token, self.refresh_token = given.content["access_token"], given.content.get("refresh_token", "")

    async def exchange(self, code: str, **changes: str) -> Answer:
        fields = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER} | changes
        return await self.ask_token(grant_type="authorization_code", **fields)

    async def renew(self, refresh_token: str) -> Answer:
        return await self.ask_token(grant_type="refresh_token", refresh_token=refresh_token)

    async def ask_token(self, *, basic: str = "", **fields: str) -> Answer:
        return await self.post_form("/connect/token", fields, basic=basic)

    async def post_form(self, path: str, fields: dict[str, str], *, basic: str = "") -> Answer:
        halves = basic or f"{quote(CLIENT, safe='')}:{quote(SECRET, safe='')}"
        authorization = f"Basic {base64.b64encode(halves.encode()).decode()}"
        body = urlencode({name: text for name, text in fields.items() if text}).encode()
        headers = {"authorization": authorization, "content-type": FORM}
        page = await self._site.call("POST", path, body, headers)
        return Answer(page.status, page.headers, page.html)

    async def get(self, path: str, **headers: str) -> Answer:
        """A GET of the API; an empty header is not sent."""
        said = {"authorization": f"Bearer {self.token}", "x-subscription-key": KEY} | headers
        page = await self._site.call("GET", path, b"", said)
        return Answer(page.status, page.headers, page.html)

    async def other(self, method: str, path: str) -> Answer:
        page = await self._site.call(method, path, b"", {})
        return Answer(page.status, page.headers, page.html)

    async def control(self, method: str, path: str, content: object = None) -> Answer:
        body = b"" if content is None else json.dumps(content).encode()
        page = await self._control.call(method, path, body, {})
        return Answer(page.status, page.headers, page.html)

    def company(self, number: str = "2001") -> str:
        """The address of a company."""
        return f"/api/companies/{self.sandbox.world.company(number).id}"

    def run(self, year: int = 2026, period: int = 10, number: int = 1, company: str = "2001") -> str:
        """The address of a run."""
        run = self.sandbox.world.company(company).run((year, period, number))
        return f"{self.company(company)}/runs/{run.id}"

    async def journal(self, run: str, variant: str = "journals", year: int = 2026) -> Answer:
        """The document of a run's journal, once it is made."""
        task = await self.get(f"{run}/{variant}?year={year}")
        assert task.status == 200, task.text
        await self.control("POST", "/clock", {"seconds": 1})
        return await self.get(f"/api/documents/{task.content['taskId']}")


def partner() -> Partner:
    return Partner(Sandbox(seed("demo", NOW.date()), SeededRandomness("tests"), lambda: NOW))
