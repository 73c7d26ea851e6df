"""Our client against the sandbox over a real line: they share no code, only what AFAS publishes."""

import asyncio
import re
import string
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from aiosmtpd.smtp import SMTP
from tests.contract.afas_sandbox.conftest import HOST, Mailbox, serving

from afas_client import errors
from afas_client.auth import ClassicToken
from afas_client.client import AfasClient
from afas_client.fi_entries import Booked, FiDimEntries, FiEntries, FiEntryPar, encode
from afas_client.get_connector import Condition, Operator, Query, all_of
from afas_client.transport import AiohttpTransport
from afas_sandbox import fi_entries
from afas_sandbox.app import profit_app
from afas_sandbox.faults import Fault, FaultKind
from afas_sandbox.messages import LANGUAGES, Message, Refusal, catalogue
from afas_sandbox.randomness import SeededRandomness
from afas_sandbox.sandbox import MailServer, Sandbox
from afas_sandbox.seeding import seed
from afas_sandbox.world import ResponseShape

USER = "12345.admin"
DAY = date(2026, 10, 31)
#: AFAS's answers that are no refusal of the content: what each means for a write.
OTHERWISE = {
    "layout_locked": errors.LayoutLocked,
    "update_connector_refused": errors.ConnectorMissing,
    "get_connector_refused": errors.ConnectorMissing,
    "metainfo_refused": errors.ConnectorMissing,
    "unexpected": errors.Unknown,
    "out_of_memory": errors.Unknown,
    "time_exceeded": errors.Unknown,
}
#: Refusals of what our entries never hold (a second allocation on a line, transitory posts): known to be refused by
#: AFAS's error number, shown in AFAS's own words.
WITHOUT_ADVICE = {
    "allocation_amount",
    "allocation_twice",
    "object_unknown",
    "one_entry_only",
    "transitory_not_here",
    "transitory_outside",
}


@dataclass
class Meeting:
    """A running sandbox, the mails that it sent, and a client that is let in."""

    sandbox: Sandbox
    mailbox: Mailbox
    transport: AiohttpTransport
    url: str
    afas: AfasClient

    def client(self, token: ClassicToken | None = None, *, language: str = "nl-nl") -> AfasClient:
        return AfasClient(self.transport, self.url, token, language=language)

    def keys(self) -> dict[str, str]:
        connector = self.sandbox.world.environments[HOST].app_connectors[1]
        return {
            "api_key": connector.api_key,
            "environment_key": connector.environment_key,
            "user_id": USER,
        }

    def fault(self, kind: FaultKind, **scope: int) -> None:
        self.sandbox.faults.add(Fault(kind, count=1, **scope))

    def book_count(self) -> int:
        administrations = self.sandbox.world.environments[HOST].administrations
        return sum(len(administration.entries) for administration in administrations.values())


@pytest.fixture
async def meeting() -> AsyncIterator[Meeting]:
    mailbox = Mailbox()
    smtp = await asyncio.get_running_loop().create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)
    mail_server = MailServer("127.0.0.1", smtp.sockets[0].getsockname()[1])
    sandbox = Sandbox(seed("demo"), SeededRandomness("meeting"), lambda: datetime.now(UTC), mail_server)
    async with (
        serving(profit_app(sandbox), sandbox) as address,
        AiohttpTransport(read_timeout=timedelta(seconds=60)) as transport,
    ):
        url = f"{address}/{HOST}/ProfitRestServices"
        yield Meeting(sandbox, mailbox, transport, url, AfasClient(transport, url, token_of(sandbox)))
    smtp.close()


def token_of(sandbox: Sandbox) -> ClassicToken:
    connector = sandbox.world.environments[HOST].app_connectors[1]
    token = connector.add_token(USER, "meeting", sandbox.randomness, datetime.now(UTC))
    return ClassicToken(token.xml)


def entry(*, account: str = "4000", cost_centre: str | None = "100", voucher: str = "M-1") -> bytes:
    """One entry that the sandbox books, as long as the account and the cost centre are there."""
    lines = (
        line(account, Decimal("1250.55"), Decimal(0), voucher, cost_centre),
        line("2100", Decimal(0), Decimal("1250.55"), voucher, None),
    )
    return encode(FiEntryPar(Year=2026, Peri=10, UnId=1, JoCo="90", lines=lines))


def line(account: str, debit: Decimal, credit: Decimal, voucher: str, cost_centre: str | None) -> FiEntries:
    return FiEntries(
        AcNr=account,
        EnDa=DAY,
        BpDa=DAY,
        BpNr=voucher,
        AmDe=debit,
        AmCr=credit,
        allocation=FiDimEntries(DiC1=cost_centre) if cost_centre else None,
    )


async def test_the_mailed_code_gives_a_token_that_is_let_in_and_a_wrong_one_none(meeting: Meeting) -> None:
    afas = meeting.client()
    await afas.request_activation_code(**meeting.keys())
    (mail,) = meeting.mailbox.mails
    found = re.search(r"\b[0-9]{8}\b", str(mail.get_content()))
    assert found
    wrong = f"{(int(found.group()) + 1) % 10**8:08}"
    with pytest.raises(errors.ActivationCodeRefused):
        await afas.validate_activation_code(**meeting.keys(), activation_code=wrong)
    token = await afas.validate_activation_code(**meeting.keys(), activation_code=found.group())
    info = await meeting.client(token).meta_info()
    assert info.info.envid == "T12345AA"


async def test_wrong_keys_are_answered_alike_and_nothing_is_mailed(meeting: Meeting) -> None:
    await meeting.client().request_activation_code(**(meeting.keys() | {"api_key": "A" * 32}))
    assert meeting.mailbox.mails == []


async def test_metainfo_tells_the_connectors_and_their_columns(meeting: Meeting) -> None:
    info = await meeting.afas.meta_info()
    assert "FiEntries" in {connector.id for connector in info.update_connectors}
    assert "Profit_Administrations" in {connector.id for connector in info.get_connectors}
    fields = {field.id: field.data_type for field in await meeting.afas.connector_fields("Profit_Journals")}
    assert fields["JournalId"] == "string"


async def test_rows_come_filtered_sorted_and_page_by_page(meeting: Meeting) -> None:
    query = Query(order_by=("-AdminId",), take=2)
    found = [row["AdminId"] async for row in meeting.afas.all_rows("Profit_Administrations", query)]
    assert found == [5, 4, 3, 2, 1]
    where = all_of(
        Condition("AdminId", Operator.AT_LEAST, "2"), Condition("AdminNm", Operator.CONTAINS, "Garage")
    )
    (row,) = await meeting.afas.rows("Profit_Administrations", Query(where=where))
    assert row["AdminId"] == 2


async def test_a_value_with_a_comma_is_found_by_a_filter_in_json(meeting: Meeting) -> None:
    environment = meeting.sandbox.world.environments[HOST]
    environment.administrations[2].name = "Garage, Van Dijk; en Zoon"
    where = all_of(Condition("AdminNm", Operator.EQUAL, "Garage, Van Dijk; en Zoon"))
    (row,) = await meeting.afas.rows("Profit_Administrations", Query(where=where))
    assert row["AdminId"] == 2


@pytest.mark.parametrize("shape", list(ResponseShape))
async def test_the_entry_number_is_read_from_every_shape_of_the_answer(
    meeting: Meeting, shape: ResponseShape
) -> None:
    meeting.sandbox.world.environments[HOST].response_shape = shape
    booked = await meeting.afas.post_entry(entry())
    assert booked == Booked("1", "1", booked.invoice_number)
    assert meeting.book_count() == 1


async def test_a_booked_entry_can_be_looked_up_by_its_voucher_number_and_deleted_once(
    meeting: Meeting,
) -> None:
    booked = await meeting.afas.post_entry(entry(voucher="202610-2001-ABC"))
    where = all_of(Condition("VoucherNo", Operator.EQUAL, "202610-2001-ABC"))
    rows = await meeting.afas.rows("Profit_Transactions", Query(where=where))
    assert {str(row["EntryNo"]) for row in rows} == {booked.entry_number}
    place = {"administration": 1, "journal_code": "90", "entry_number": booked.entry_number}
    await meeting.afas.delete_entry(**place)
    assert meeting.book_count() == 0
    with pytest.raises(errors.Refused):
        await meeting.afas.delete_entry(**place)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", catalogue().values(), ids=lambda message: message.key)
async def test_every_refusal_of_the_sandbox_is_known_to_the_client(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch, message: Message, language: str
) -> None:
    """Over the line, in both languages, with what it means for a write."""

    def refuse(*_arguments: object) -> None:
        raise Refusal(message.key, **details(message))

    monkeypatch.setattr(fi_entries, "book", refuse)
    expected = OTHERWISE.get(message.key, errors.Refused)
    with pytest.raises(expected) as told:
        await meeting.client(token_of(meeting.sandbox), language=f"{language}-{language}").post_entry(entry())
    assert type(told.value) is expected
    if expected is errors.Refused:
        assert bool(told.value.finding) != (message.key in WITHOUT_ADVICE), (
            told.value.evidence.external_message
        )
        assert told.value.evidence.external_message
        assert told.value.evidence.log_reference


def details(message: Message) -> dict[str, str]:
    """A value for everything that the text of a refusal names."""
    texts = (message.wording.nl, message.wording.en)
    names = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
    return dict.fromkeys(names, "1")


async def test_a_real_refusal_names_what_is_wrong(meeting: Meeting) -> None:
    with pytest.raises(errors.Refused) as told:
        await meeting.afas.post_entry(entry(cost_centre="410"))
    assert told.value.finding
    assert told.value.finding.code == "allocation-code-unknown"
    assert meeting.book_count() == 0


@pytest.mark.parametrize(
    ("kind", "booked"), [(FaultKind.CUT_BEFORE, 0), (FaultKind.CUT_AFTER, 1), (FaultKind.BOOK_LATE, 0)]
)
async def test_a_lost_answer_is_unknown_whether_it_was_booked_or_not(
    meeting: Meeting, kind: FaultKind, booked: int
) -> None:
    meeting.fault(kind, delay_ms=60_000)
    with pytest.raises(errors.NoAnswer):
        await meeting.afas.post_entry(entry())
    assert meeting.book_count() == booked


async def test_silence_is_unknown(meeting: Meeting) -> None:
    meeting.fault(FaultKind.LATENCY, delay_ms=60_000)
    async with AiohttpTransport(read_timeout=timedelta(milliseconds=250)) as impatient:
        afas = AfasClient(impatient, meeting.url, token_of(meeting.sandbox))
        with pytest.raises(errors.NoAnswer):
            await afas.post_entry(entry())


async def test_afas_own_time_limit_is_unknown(meeting: Meeting) -> None:
    meeting.sandbox.time_limit_ms = 50
    meeting.fault(FaultKind.LATENCY, delay_ms=60_000)
    with pytest.raises(errors.Unknown) as told:
        await meeting.afas.post_entry(entry())
    assert told.value.evidence.status == 500


async def test_maintenance_is_surely_not_booked_and_says_how_long_to_wait(meeting: Meeting) -> None:
    meeting.fault(FaultKind.UNAVAILABLE, retry_after=120)
    with pytest.raises(errors.Unavailable) as told:
        await meeting.afas.post_entry(entry())
    assert told.value.evidence.retry_after == 120


async def test_a_locked_layout_may_be_tried_later(meeting: Meeting) -> None:
    meeting.fault(FaultKind.LAYOUT_LOCK)
    with pytest.raises(errors.LayoutLocked):
        await meeting.afas.post_entry(entry())
    assert (await meeting.afas.post_entry(entry())).entry_number == "1"


async def test_an_expired_token_is_not_let_in(meeting: Meeting) -> None:
    meeting.fault(FaultKind.EXPIRED_TOKEN)
    with pytest.raises(errors.TokenRefused):
        await meeting.afas.post_entry(entry())


async def test_a_token_of_nobody_is_not_let_in(meeting: Meeting) -> None:
    with pytest.raises(errors.NotLetIn):
        await meeting.client(ClassicToken("<token><version>1</version><data>0</data></token>")).meta_info()
