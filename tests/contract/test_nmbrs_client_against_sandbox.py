"""Our client against the sandbox over a real line: they share no code, only what Nmbrs publishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import uvicorn

from nmbrs_client import errors
from nmbrs_client.auth import SCOPES, Addresses, Application, authorize_url, challenge_of
from nmbrs_client.client import IdentityClient, NmbrsClient
from nmbrs_client.errors import Form
from nmbrs_client.journal_errors import JournalXmlCode, JournalXmlError
from nmbrs_client.journal_xml import Side, Transaction, read_journal_xml
from nmbrs_client.records import Company, Debtor, PayrollRun, Variant
from nmbrs_client.transport import AiohttpTransport
from nmbrs_sandbox import payroll
from nmbrs_sandbox.app import nmbrs_app
from nmbrs_sandbox.calls import Operation
from nmbrs_sandbox.faults import Fault, FaultKind
from nmbrs_sandbox.randomness import SeededRandomness
from nmbrs_sandbox.sandbox import Sandbox
from nmbrs_sandbox.seeding import seed
from nmbrs_sandbox.world import PeriodShape, RunType

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
VERIFIER = "v" * 64
ONE_DEBTOR = "loon@vandijkgroep.example"
TWO_DEBTORS = "beheer@tweedebiteuren.example"
BAKERY = "2001"


@dataclass
class Rotating:
    """The least that a keeper of tokens does: the newest token written down, one refresh at a time."""

    identity: IdentityClient
    access: str
    refresh: str
    refusals: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> str:
        return self.access

    async def after_refusal(self, refused: str) -> str:
        self.refusals += 1
        async with self.turn:
            if self.access == refused:
                tokens = await self.identity.refresh(self.refresh)
                self.access, self.refresh = tokens.access_token, tokens.refresh_token
            return self.access


@dataclass
class Meeting:
    """A running sandbox, and a client that somebody consented to."""

    sandbox: Sandbox
    line: AiohttpTransport
    addresses: Addresses
    application: Application
    pauses: list[int] = field(default_factory=list)

    async def pause(self, seconds: int) -> None:
        """No time passes here, but in the sandbox it does."""
        self.pauses.append(seconds)
        self.sandbox.ahead += timedelta(seconds=seconds)

    @property
    def identity(self) -> IdentityClient:
        return IdentityClient(self.line, self.application, self.addresses)

    async def consent(self, login: str) -> str:
        """What a person does in the browser; gives the code that the browser is led back with."""
        address = authorize_url(self.application, self.addresses, "state-1", challenge_of(VERIFIER))
        async with aiohttp.ClientSession(headers={"Origin": self.addresses.api}) as browser:
            async with browser.get(address) as page:
                assert page.status == 200
            chosen = {"login": login, "decision": "allow"}
            async with browser.post(address, data=chosen, allow_redirects=False) as answer:
                back = urlsplit(answer.headers["Location"])
        query = parse_qs(back.query)
        assert query["state"] == ["state-1"]
        assert f"{back.scheme}://{back.netloc}{back.path}" == self.application.redirect_url
        return query["code"][0]

    async def tokens(self, login: str = ONE_DEBTOR) -> Rotating:
        tokens = await self.identity.exchange_code(await self.consent(login), VERIFIER)
        assert tokens.expires_in == timedelta(hours=1)
        assert tokens.scopes == set(SCOPES)
        return Rotating(self.identity, tokens.access_token, tokens.refresh_token)

    def client(self, tokens: Rotating) -> NmbrsClient:
        key = self.application.subscription_key
        return NmbrsClient(self.line, self.addresses, key, tokens, self.pause)

    async def connected(self, login: str = ONE_DEBTOR) -> NmbrsClient:
        return self.client(await self.tokens(login))

    def fault(
        self,
        kind: FaultKind,
        operation: Operation | None = None,
        *,
        count: int | None = 1,
        delay_ms: int = 0,
        retry_after: int | None = None,
    ) -> None:
        fault = Fault(kind, operation, count=count, delay_ms=delay_ms, retry_after=retry_after)
        self.sandbox.faults.add(fault)

    def called(self, operation: Operation) -> int:
        return sum(call.operation == operation for call in self.sandbox.calls)


@asynccontextmanager
async def serving(sandbox: Sandbox) -> AsyncIterator[str]:
    """The sandbox on a free port; without uvicorn's own loop, which ends in steps of 0.1 s."""
    protocol = sandbox.lines.protocol()
    config = uvicorn.Config(nmbrs_app(sandbox), port=0, http=protocol, log_level="error", lifespan="off")
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
async def meeting() -> AsyncIterator[Meeting]:
    sandbox = Sandbox(seed("demo", NOW.date()), SeededRandomness("meeting"), lambda: NOW)
    partner = next(iter(sandbox.world.partners.values()))
    application = Application(
        partner.client_id,
        partner.client_secret,
        next(iter(sandbox.world.subscription_keys)),
        "http://127.0.0.1:21099/nmbrs/back",
    )
    async with serving(sandbox) as at, AiohttpTransport(read_timeout=timedelta(seconds=60)) as line:
        service = f"{at}/connect"
        addresses = Addresses(f"{service}/authorize", f"{service}/token", f"{service}/revocation", at)
        yield Meeting(sandbox, line, addresses, application)


async def all_of(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


async def bakery(client: NmbrsClient) -> Company:
    companies: list[Company] = await all_of(client.all_companies())
    return next(company for company in companies if company.number == BAKERY)


async def a_run(client: NmbrsClient, kind: RunType = RunType.NORMAL) -> tuple[Company, PayrollRun]:
    company = await bakery(client)
    runs: list[PayrollRun] = await all_of(client.runs(company.id, 2026))
    return company, next(run for run in runs if run.kind == kind and run.locked)


async def fetched(client: NmbrsClient, variant: Variant = Variant.COMPANY) -> bytes:
    company, run = await a_run(client)
    return await client.journal(company.id, run.id, variant, 2026, 60)


def balance(transaction: Transaction) -> Decimal:
    return sum(
        (line.value if line.side is Side.DEBIT else -line.value for line in transaction.lines), Decimal()
    )


# From a consent to a journal


async def test_a_consent_for_one_debtor_shows_its_companies_at_once(meeting: Meeting) -> None:
    client = await meeting.connected()
    assert [debtor.number for debtor in await all_of(client.debtors())] == ["1001"]
    companies = await all_of(client.all_companies())
    assert [company.number for company in companies] == ["2001", "2002", "2003", "2004", "2005"]
    assert meeting.called(Operation.COMPANIES_OF_DEBTOR) == 0


async def test_a_consent_for_two_debtors_is_read_by_debtor(meeting: Meeting) -> None:
    client = await meeting.connected(TWO_DEBTORS)
    with pytest.raises(errors.SeveralDebtors):
        await all_of(client.companies())
    debtors: list[Debtor] = await all_of(client.debtors())
    companies: list[Company] = await all_of(client.all_companies())
    numbers = {debtor.id: debtor.number for debtor in debtors}
    assert [(numbers[each.debtor_id], each.number) for each in companies] == [
        ("1002", "2006"),
        ("1003", "2007"),
        ("1003", "2008"),
    ]


async def test_a_list_of_several_pages_is_read_whole(meeting: Meeting) -> None:
    for number in range(3000, 3230):
        new = replace(meeting.sandbox.world.companies["2005"], number=str(number), runs={})
        payroll.add_company(meeting.sandbox.world, new)
    client = await meeting.connected()
    companies = await all_of(client.companies())
    assert len({company.id for company in companies}) == len(companies) == 235
    assert meeting.called(Operation.COMPANIES) == 3


async def test_codes_keep_their_zeros(meeting: Meeting) -> None:
    client = await meeting.connected(TWO_DEBTORS)
    hotel = next(each for each in await all_of(client.all_companies()) if each.number == "2007")
    centres = await all_of(client.cost_centres(hotel.id))
    assert [(centre.code, centre.description) for centre in centres] == [
        ("010", "Receptie"),
        ("020", "Keuken"),
    ]
    assert await all_of(client.cost_units(hotel.id)) == []


async def test_the_current_period_tells_the_kind_of_period(meeting: Meeting) -> None:
    client = await meeting.connected()
    periods = {
        company.number: await client.current_period(company.id)
        for company in await all_of(client.companies())
    }
    assert (periods[BAKERY].year, periods[BAKERY].period, periods[BAKERY].kind) == (2026, 11, "month")
    assert periods["2004"].kind == "4-weeks"


@pytest.mark.parametrize(
    ("shape", "start"), [(PeriodShape.NUMBER, 10), (PeriodShape.MOMENT, date(2026, 10, 31))]
)
async def test_runs_are_read_in_either_form_of_their_periods(
    meeting: Meeting, shape: PeriodShape, start: object
) -> None:
    meeting.sandbox.world.period_shape = shape
    client = await meeting.connected()
    company = await bakery(client)
    runs: list[PayrollRun] = await all_of(client.runs(company.id, 2026))
    assert [run.period_start for run in runs][-2] == start
    assert {run.kind for run in runs} == {"normal", "normal_twk", "partial"}
    assert [run.locked for run in runs][-2:] == [False, False]
    assert all(run.created_at is not None and run.year == 2026 for run in runs)


async def test_a_thirteenth_period_of_last_year_is_found(meeting: Meeting) -> None:
    client = await meeting.connected()
    company = await bakery(client)
    assert 13 in [run.period_end for run in await all_of(client.runs(company.id, 2025))]


@pytest.mark.parametrize("variant", list(Variant))
async def test_each_variant_gives_a_journal_that_balances(meeting: Meeting, variant: Variant) -> None:
    transactions = read_journal_xml(await fetched(await meeting.connected(), variant))
    assert [balance(transaction) for transaction in transactions] == [0] * len(transactions)
    centres = {line.cost_centre for transaction in transactions for line in transaction.lines}
    units = {line.cost_unit for transaction in transactions for line in transaction.lines}
    has_centres = variant in (Variant.COST_CENTRE, Variant.COST_CENTRE_AND_UNIT)
    assert ("100" in centres, "P01" in units) == (has_centres, variant is Variant.COST_CENTRE_AND_UNIT)


async def test_a_correction_comes_as_several_dated_transactions(meeting: Meeting) -> None:
    client = await meeting.connected()
    company, run = await a_run(client, RunType.NORMAL_TWK)
    document = await client.journal(company.id, run.id, Variant.COST_CENTRE, 2026, 60)
    assert len({transaction.date for transaction in read_journal_xml(document)}) == 3


# Tokens


async def test_an_hour_later_the_token_is_renewed_once_for_all_that_meet_it(meeting: Meeting) -> None:
    tokens = await meeting.tokens()
    first = tokens.refresh
    client = meeting.client(tokens)
    meeting.sandbox.ahead += timedelta(hours=1)
    await asyncio.gather(*(all_of(client.companies()) for _ in range(5)))
    assert meeting.called(Operation.TOKEN) == 2
    with pytest.raises(errors.ConsentEnded):
        await meeting.identity.refresh(first)


async def test_after_thirty_days_somebody_must_consent_again(meeting: Meeting) -> None:
    client = await meeting.connected()
    meeting.sandbox.ahead += timedelta(days=30)
    with pytest.raises(errors.ConsentEnded):
        await all_of(client.companies())


@pytest.mark.parametrize("how", ["revoked", "withdrawn"])
async def test_a_consent_that_is_over_says_so(meeting: Meeting, how: str) -> None:
    tokens = await meeting.tokens()
    if how == "revoked":
        await meeting.identity.revoke(tokens.refresh)
        meeting.sandbox.ahead += timedelta(hours=1)
    else:
        meeting.sandbox.identity.withdraw(1)
    with pytest.raises(errors.ConsentEnded):
        await all_of(meeting.client(tokens).companies())


async def test_a_code_serves_once_for_who_began_and_for_five_minutes(meeting: Meeting) -> None:
    code = await meeting.consent(ONE_DEBTOR)
    await meeting.identity.exchange_code(code, VERIFIER)
    for wrong, verifier in [
        (code, VERIFIER),
        ("no-such-code", VERIFIER),
        (await meeting.consent(ONE_DEBTOR), "w" * 64),
    ]:
        with pytest.raises(errors.ConsentEnded):
            await meeting.identity.exchange_code(wrong, verifier)
    late = await meeting.consent(ONE_DEBTOR)
    meeting.sandbox.ahead += timedelta(minutes=5)
    with pytest.raises(errors.ConsentEnded):
        await meeting.identity.exchange_code(late, VERIFIER)


async def test_a_refresh_whose_answer_is_lost_is_not_asked_again(meeting: Meeting) -> None:
    tokens = await meeting.tokens()
    meeting.fault(FaultKind.CUT_AFTER, Operation.TOKEN)
    with pytest.raises(errors.NoAnswer):
        await meeting.identity.refresh(tokens.refresh)
    assert meeting.called(Operation.TOKEN) == 2
    with pytest.raises(errors.ConsentEnded):  # it was used, as NoAnswer warned
        await meeting.identity.refresh(tokens.refresh)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (FaultKind.CUT_BEFORE, errors.NoAnswer),
        (FaultKind.HTML, errors.BadAnswer),
        (FaultKind.EMPTY, errors.BadAnswer),
        (FaultKind.UNAVAILABLE, errors.Unavailable),
        (FaultKind.UNEXPECTED, errors.ServerFailed),
        (FaultKind.TOO_MANY_CALLS, errors.TooManyCalls),
    ],
)
async def test_a_refresh_that_goes_wrong_is_asked_once_and_named(
    meeting: Meeting, kind: FaultKind, named: type[errors.NmbrsError]
) -> None:
    tokens = await meeting.tokens()
    meeting.fault(kind, Operation.TOKEN)
    with pytest.raises(named):
        await meeting.identity.refresh(tokens.refresh)
    assert (meeting.called(Operation.TOKEN), meeting.pauses) == (2, [])


async def test_an_application_with_a_wrong_secret_is_named(meeting: Meeting) -> None:
    stranger = replace(meeting.application, client_secret="wrong")
    with pytest.raises(errors.ApplicationRefused):
        await IdentityClient(meeting.line, stranger, meeting.addresses).refresh("whatever")


async def test_a_wrong_subscription_key_is_named_and_costs_no_refresh_token(meeting: Meeting) -> None:
    tokens = await meeting.tokens()
    with pytest.raises(errors.SubscriptionKeyRefused):
        await all_of(NmbrsClient(meeting.line, meeting.addresses, "wrong", tokens).companies())
    assert tokens.refusals == 0


async def test_a_disabled_environment_is_named_and_costs_no_refresh_token(meeting: Meeting) -> None:
    tokens = await meeting.tokens()
    meeting.sandbox.world.enabled = False
    with pytest.raises(errors.EnvironmentDisabled):
        await all_of(meeting.client(tokens).companies())
    assert tokens.refusals == 0


async def test_what_is_not_there_or_not_ours_has_different_names(meeting: Meeting) -> None:
    client = await meeting.connected()
    nowhere = "00000000-0000-4000-8000-000000000000"
    elsewhere = str(meeting.sandbox.world.companies["2006"].id)
    with pytest.raises(errors.CompanyNotFound):
        await all_of(client.runs(nowhere, 2026))
    with pytest.raises(errors.DataRefused):
        await all_of(client.runs(elsewhere, 2026))
    with pytest.raises(errors.Invalid) as wrong:
        await all_of(client.runs("no-id", 2026))
    assert wrong.value.evidence.invalid_params[0][0] == "companyId"
    company = await bakery(client)
    with pytest.raises(errors.NotFound):
        await client.start_journal(company.id, nowhere, Variant.COMPANY, 2026)
    with pytest.raises(errors.NotFound):
        await client.document(nowhere)


async def test_a_scope_that_was_not_consented_to_is_no_matter_of_filters(meeting: Meeting) -> None:
    client = await meeting.connected()
    company = await bakery(client)
    meeting.sandbox.identity.consents[0].scopes.remove("company.payrollsettings.read")
    with pytest.raises(errors.AccessRefused) as refused:
        await all_of(client.runs(company.id, 2026))
    assert type(refused.value) is errors.AccessRefused


# Waiting


@pytest.mark.parametrize("kind", [FaultKind.TOO_MANY_CALLS, FaultKind.QUOTA_EXCEEDED, FaultKind.UNAVAILABLE])
async def test_later_is_waited_for(meeting: Meeting, kind: FaultKind) -> None:
    client = await meeting.connected()
    meeting.fault(kind, Operation.COMPANIES, retry_after=7)
    meeting.fault(kind, Operation.COMPANIES)
    assert len(await all_of(client.companies())) == 5
    assert meeting.pauses == [7, 1]


async def test_a_plan_of_few_calls_a_minute_slows_us_down_and_loses_nothing(meeting: Meeting) -> None:
    client = await meeting.connected()
    meeting.sandbox.settings.calls_per_minute = 4
    companies = await all_of(client.companies())
    runs = [run for company in companies for run in await all_of(client.runs(company.id, 2026))]
    assert {company.number for company in companies} == {"2001", "2002", "2003", "2004", "2005"}
    assert len({run.id for run in runs}) == len(runs) == 49
    assert sum(meeting.pauses) >= 60


async def test_a_used_up_quota_is_named_with_a_time_to_try_again(meeting: Meeting) -> None:
    client = await meeting.connected()
    meeting.sandbox.settings.calls_per_day = 0
    with pytest.raises(errors.QuotaExceeded) as later:
        await all_of(client.companies())
    assert later.value.again_in == 3600
    meeting.pauses.clear()
    meeting.fault(FaultKind.QUOTA_EXCEEDED, retry_after=50_000)
    with pytest.raises(errors.QuotaExceeded) as later:
        await all_of(client.companies())
    assert (later.value.again_in, meeting.pauses) == (50_000, [])


@pytest.mark.parametrize("kind", [FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER])
async def test_a_read_survives_a_dropped_line(meeting: Meeting, kind: FaultKind) -> None:
    client = await meeting.connected()
    meeting.fault(kind, Operation.COMPANIES, count=2)
    assert len(await all_of(client.companies())) == 5


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (FaultKind.HTML, errors.BadAnswer),
        (FaultKind.EMPTY, errors.BadAnswer),
        (FaultKind.UNEXPECTED, errors.ServerFailed),
        (FaultKind.GATEWAY, errors.ServerFailed),
        (FaultKind.CUT_BEFORE, errors.NoAnswer),
        (FaultKind.UNAVAILABLE, errors.Unavailable),
        (FaultKind.TOO_MANY_CALLS, errors.TooManyCalls),
        (FaultKind.INVALID_TOKEN, errors.TokenRefused),
    ],
)
async def test_what_stays_wrong_is_named_without_a_secret(
    meeting: Meeting, kind: FaultKind, named: type[errors.NmbrsError]
) -> None:
    tokens = await meeting.tokens()
    meeting.fault(kind, Operation.COMPANIES, count=None)
    with pytest.raises(named) as told:
        await all_of(meeting.client(tokens).companies())
    shown = f"{told.value!s} {told.value!r} {told.value.evidence!r}"
    for secret in (tokens.access, tokens.refresh, meeting.application.client_secret):
        assert secret not in shown
    assert meeting.application.subscription_key not in shown


# Journals that go wrong


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (FaultKind.TASK_FAILS, errors.TaskFailed),
        (FaultKind.TASK_VANISHES, errors.TaskVanished),
        (FaultKind.TASK_NEVER_ENDS, errors.TaskNeverEnded),
    ],
)
async def test_a_task_that_ends_otherwise_is_named_and_can_be_started_anew(
    meeting: Meeting, kind: FaultKind, named: type[errors.TaskEnded]
) -> None:
    client = await meeting.connected()
    meeting.fault(kind)
    with pytest.raises(named):
        await fetched(client)
    assert sum(meeting.pauses) <= 60
    assert read_journal_xml(await fetched(client))


async def test_a_slow_task_is_looked_for_with_growing_pauses(meeting: Meeting) -> None:
    client = await meeting.connected()
    meeting.fault(FaultKind.TASK_SLOW, delay_ms=20_000)
    assert read_journal_xml(await fetched(client))
    assert meeting.pauses == [1, 2, 4, 8, 16]
    assert meeting.called(Operation.DOCUMENTS) == 5


async def test_a_run_deleted_while_its_journal_is_made_still_gives_the_snapshot(meeting: Meeting) -> None:
    client = await meeting.connected()
    company, run = await a_run(client)
    task = await client.start_journal(company.id, run.id, Variant.COMPANY, 2026)
    there = meeting.sandbox.world.companies[BAKERY]
    key = next(key for key, each in there.runs.items() if str(each.id) == run.id)
    payroll.delete_run(there, key)
    await meeting.pause(1)
    assert read_journal_xml(await client.document(task) or b"")
    with pytest.raises(errors.NotFound):
        await client.start_journal(company.id, run.id, Variant.COMPANY, 2026)


@pytest.mark.parametrize(("kind", "form"), [(FaultKind.HTML, Form.HTML), (FaultKind.EMPTY, Form.EMPTY)])
async def test_what_is_no_document_is_named(meeting: Meeting, kind: FaultKind, form: Form) -> None:
    client = await meeting.connected()
    meeting.fault(kind, Operation.DOCUMENTS)
    with pytest.raises(errors.BadAnswer) as bad:
        await fetched(client)
    assert bad.value.form is form


async def test_half_a_document_is_refused_whole(meeting: Meeting) -> None:
    client = await meeting.connected()
    meeting.fault(FaultKind.TRUNCATED)
    with pytest.raises(JournalXmlError) as refused:
        read_journal_xml(await fetched(client))
    assert [found.code for found in refused.value.problems] == [JournalXmlCode.MALFORMED]


async def test_a_journal_that_does_not_balance_is_read_as_it_is(meeting: Meeting) -> None:
    client = await meeting.connected()
    meeting.fault(FaultKind.UNBALANCED)
    (transaction,) = read_journal_xml(await fetched(client))
    assert balance(transaction) == Decimal("0.01")


@pytest.mark.parametrize(
    "kind", [FaultKind.UNKNOWN_ELEMENTS, FaultKind.UTF_16_PROLOG, FaultKind.NEGATIVE_VALUES]
)
async def test_what_is_merely_strange_changes_nothing(meeting: Meeting, kind: FaultKind) -> None:
    client = await meeting.connected()
    plain = read_journal_xml(await fetched(client))
    meeting.fault(kind)
    assert read_journal_xml(await fetched(client)) == plain


async def test_a_journal_of_another_company_can_be_told_by_its_office(meeting: Meeting) -> None:
    client = await meeting.connected()
    assert {each.office for each in read_journal_xml(await fetched(client))} == {BAKERY}
    meeting.fault(FaultKind.OTHER_COMPANY)
    assert BAKERY not in {each.office for each in read_journal_xml(await fetched(client))}


async def test_a_journal_of_a_hundred_thousand_lines_is_read(meeting: Meeting) -> None:
    client = await meeting.connected()
    meeting.fault(FaultKind.HUGE)
    (transaction,) = read_journal_xml(await fetched(client))
    assert len(transaction.lines) >= 100_000
    assert balance(transaction) == 0
