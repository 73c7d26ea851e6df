"""The client over a real line: from a consent to a journal, against a small Nmbrs made for these tests."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote

import pytest
from aiohttp import web

from nmbrs_client import errors
from nmbrs_client.auth import Addresses, Application, challenge_of
from nmbrs_client.client import IdentityClient, NmbrsClient
from nmbrs_client.journal_xml import read_journal_xml
from nmbrs_client.records import Variant
from nmbrs_client.transport import AiohttpTransport

APPLICATION = Application("PartnerApp_x", "s*$%+secret", "key-1", "https://bridge.example/back")
VERIFIER = "v" * 43
JOURNAL = (
    b"<all><transaction><header><date>20261130</date></header><lines><line><dim1>4000</dim1>"
    b"<value>12.34</value><debitcredit>debit</debitcredit></line></lines></transaction></all>"
)
COMPANIES = 250


@dataclass
class SmallNmbrs:
    """Rotating tokens, pages of companies, one run whose journal takes two looks."""

    address: str = ""
    refresh_tokens: list[str] = field(default_factory=list)
    generation: int = 0
    looks: int = 0
    calls_before_too_many: int = 10**9

    @property
    def addresses(self) -> Addresses:
        at = self.address
        return Addresses(f"{at}/authorize", f"{at}/token", f"{at}/revocation", at)

    def granted(self) -> web.Response:
        self.generation += 1
        self.refresh_tokens.append(f"refresh-{self.generation}")
        body = {"access_token": f"access-{self.generation}", "refresh_token": self.refresh_tokens[-1]}
        return web.json_response({**body, "expires_in": 3600, "token_type": "Bearer"})

    async def token(self, request: web.Request) -> web.Response:
        signed = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        if [unquote(half) for half in signed.split(":")] != [
            APPLICATION.client_id,
            APPLICATION.client_secret,
        ]:
            return web.json_response({"error": "invalid_client"}, status=401)
        form = await request.post()
        if form["grant_type"] == "authorization_code" and form["code"] == "good":
            fit = challenge_of(str(form["code_verifier"])) == challenge_of(VERIFIER)
            return self.granted() if fit else web.json_response({"error": "invalid_grant"}, status=400)
        if form.get("refresh_token") in self.refresh_tokens[-1:]:
            return self.granted()
        return web.json_response({"error": "invalid_grant"}, status=400)

    async def revocation(self, request: web.Request) -> web.Response:
        assert (await request.post())["token_type_hint"] == "refresh_token"
        self.refresh_tokens.clear()
        return web.Response()

    @web.middleware
    async def guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not request.path.startswith("/api/"):
            return await handler(request)
        if request.headers.get("X-Subscription-Key") != APPLICATION.subscription_key:
            return web.json_response({"statusCode": 401, "message": "invalid key"}, status=401)
        if request.headers["Authorization"] != f"Bearer access-{self.generation}":
            return problem(40102)
        self.calls_before_too_many -= 1
        if self.calls_before_too_many < 0:
            self.calls_before_too_many = 2
            return problem(42908)
        return await handler(request)

    async def companies(self, request: web.Request) -> web.Response:
        number, size = int(request.query["pageNumber"]), int(request.query["pageSize"])
        chosen = range((number - 1) * size, min(number * size, COMPANIES))
        data = [{"companyId": f"c{n}", "number": f"{n:05}", "name": "x", "debtorId": "d"} for n in chosen]
        last = -(-COMPANIES // size)
        return web.json_response({"pagination": {"pageNumber": number, "totalPages": last}, "data": data})

    async def start(self, request: web.Request) -> web.Response:
        return web.json_response({"taskId": f"t-{request.match_info['variant']}-{request.query['year']}"})

    async def document(self, request: web.Request) -> web.Response:
        self.looks += 1
        if request.match_info["task"] != "t-journalscostcenter-2026":
            return problem(40401)
        if self.looks < 3:
            return web.json_response("Document is being processed", status=202)
        return web.Response(body=JOURNAL, content_type="application/octet-stream")


def problem(code: int) -> web.Response:
    return web.json_response({"httpStatus": code // 100, "code": code, "title": "x"}, status=code // 100)


@asynccontextmanager
async def serving() -> AsyncIterator[SmallNmbrs]:
    nmbrs = SmallNmbrs()
    app = web.Application(middlewares=[nmbrs.guard])
    app.router.add_post("/token", nmbrs.token)
    app.router.add_post("/revocation", nmbrs.revocation)
    app.router.add_get("/api/companies", nmbrs.companies)
    app.router.add_get("/api/companies/{company}/runs/{run}/{variant}", nmbrs.start)
    app.router.add_get("/api/documents/{task}", nmbrs.document)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    nmbrs.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield nmbrs
    finally:
        await runner.cleanup()


@dataclass
class Rotating:
    """The least that a keeper of tokens does: one refresh at a time, the newest token written down."""

    identity: IdentityClient
    access: str
    refresh: str
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> str:
        return self.access

    async def after_refusal(self, refused: str) -> str:
        async with self.turn:
            if self.access == refused:
                tokens = await self.identity.refresh(self.refresh)
                self.access, self.refresh = tokens.access_token, tokens.refresh_token
            return self.access


@dataclass
class Office:
    nmbrs: SmallNmbrs
    identity: IdentityClient
    tokens: Rotating
    line: AiohttpTransport
    pauses: list[int] = field(default_factory=list)

    async def pause(self, seconds: int) -> None:
        self.pauses.append(seconds)

    def client(self, subscription_key: str = APPLICATION.subscription_key) -> NmbrsClient:
        return NmbrsClient(self.line, self.nmbrs.addresses, subscription_key, self.tokens, self.pause)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with serving() as nmbrs, AiohttpTransport(read_timeout=timedelta(seconds=60)) as line:
        identity = IdentityClient(line, APPLICATION, nmbrs.addresses)
        tokens = await identity.exchange_code("good", VERIFIER)
        yield Office(nmbrs, identity, Rotating(identity, tokens.access_token, tokens.refresh_token), line)


async def test_every_company_of_many_pages_is_read_once(office: Office) -> None:
    read = [company async for company in office.client().all_companies()]
    assert [company.number for company in read] == [f"{n:05}" for n in range(COMPANIES)]


async def test_a_journal_comes_in_the_end_and_can_be_read(office: Office) -> None:
    document = await office.client().journal("c1", "r1", Variant.COST_CENTRE, 2026, 60)
    assert read_journal_xml(document)[0].lines[0].account == "4000"
    assert office.pauses == [1, 2, 4]


async def test_a_task_that_is_gone_is_named(office: Office) -> None:
    with pytest.raises(errors.TaskVanished):
        await office.client().journal("c1", "r1", Variant.COMPANY, 2026, 60)


async def test_an_expired_token_is_renewed_once_for_all_calls_that_meet_it(office: Office) -> None:
    office.nmbrs.generation += 1  # the access token in use is now an old one
    office.nmbrs.refresh_tokens.append(office.tokens.refresh)
    client = office.client()

    async def count() -> int:
        return len([each async for each in client.companies()])

    assert set(await asyncio.gather(count(), count(), count())) == {COMPANIES}
    assert office.tokens.refresh == "refresh-3"


async def test_a_wrong_subscription_key_costs_no_refresh_token(office: Office) -> None:
    with pytest.raises(errors.SubscriptionKeyRefused):
        await anext(office.client("wrong").companies())
    assert office.tokens.refresh == "refresh-1"


async def test_a_refresh_token_serves_once(office: Office) -> None:
    await office.identity.refresh("refresh-1")
    with pytest.raises(errors.ConsentEnded):
        await office.identity.refresh("refresh-1")


async def test_a_consent_given_back_is_over(office: Office) -> None:
    await office.identity.revoke("refresh-1")
    office.nmbrs.generation += 1
    with pytest.raises(errors.ConsentEnded):
        await anext(office.client().companies())


async def test_an_application_that_is_not_known_is_named(office: Office) -> None:
    stranger = Application("PartnerApp_x", "other", "key-1", APPLICATION.redirect_url)
    with pytest.raises(errors.ApplicationRefused):
        await IdentityClient(office.line, stranger, office.nmbrs.addresses).refresh("refresh-1")


async def test_a_code_of_another_browser_yields_nothing(office: Office) -> None:
    with pytest.raises(errors.ConsentEnded):
        await office.identity.exchange_code("good", "w" * 43)


async def test_a_list_goes_on_where_nmbrs_said_too_many(office: Office) -> None:
    office.nmbrs.calls_before_too_many = 1
    read = [company async for company in office.client().companies()]
    assert len(read) == COMPANIES
    assert office.pauses == [1]
