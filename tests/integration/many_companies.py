"""An office with as many companies as a test wants, each with a journal that is ready to be sent."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID, uuid4

from django.test import Client

from loonbrug.access.models import Office, Right, Template, User
from loonbrug.access.queries import scope_of
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections.models import Connection, ConnectionState, Environment
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, IN_AFAS, TRANSITIONS, State
from loonbrug.directory.models import Company, Debtor
from loonbrug.ledger.canonical import content_hash
from loonbrug.ledger.entry import Entry, Line
from loonbrug.mappings.models import Mapping
from loonbrug.payroll.line_store import pack
from loonbrug.payroll.models import Journal, JournalEntry, JournalSource, PayrollRun
from loonbrug.workflows import send_all

NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
NOTHING = Decimal("0.00")


@dataclass
class ManyCompanies:
    """The office; companies and journals are in the order in which they were made."""

    office: Office
    debtor: Debtor
    connection: Connection
    user: User
    companies: list[Company] = field(default_factory=list)
    journal_ids: list[int] = field(default_factory=list)

    @property
    def scope(self) -> Scope:
        return scope_of(user_id=self.user.pk)

    def add(self, *, count: int = 1, lines: int = 2, period: int = 11, mapped: bool = True) -> list[int]:
        """More companies with one journal each; the ids of the journals."""
        first = len(self.companies)
        made = Company.objects.bulk_create(
            Company(
                office=self.office,
                debtor=self.debtor,
                number=f"{1000 + first + at}",
                name=f"Bedrijf {first + at}",
            )
            for at in range(count)
        )
        self.companies += made
        if mapped:
            Mapping.objects.bulk_create(self._mapping(company) for company in made)
        ids = self.journals(made, lines=lines, period=period)
        self.journal_ids += ids
        return ids

    def journals(
        self, companies: list[Company], *, lines: int = 2, period: int = 11, run: int = 1, entries: int = 1
    ) -> list[int]:
        """A journal for each of these companies."""
        runs = PayrollRun.objects.bulk_create(
            PayrollRun(office=self.office, company=company, year=2026, period=period, number=run)
            for company in companies
        )
        parts = [
            [entry_of(run.pk * 10 + at, lines, day=20 + at, period=period) for at in range(entries)]
            for run in runs
        ]
        journals = Journal.objects.bulk_create(
            Journal(
                office=self.office,
                run=run,
                source=JournalSource.FILE,
                file_name="a.csv",
                source_bytes=b"",
                source_hash="0" * 64,
                content_hash=content_hash(part),
                imported_at=NOW,
                imported_by="Anna",
            )
            for run, part in zip(runs, parts, strict=True)
        )
        JournalEntry.objects.bulk_create(
            JournalEntry(
                journal=journal,
                ordinal=ordinal,
                date=entry.date,
                line_count=len(entry.lines),
                total_debit=entry.totals()[0],
                total_credit=entry.totals()[1],
                lines=pack(entry.lines),
            )
            for journal, part in zip(journals, parts, strict=True)
            for ordinal, entry in enumerate(part, start=1)
        )
        return [journal.pk for journal in journals]

    def start(self, *journal_ids: int, key: UUID | None = None, at: datetime.datetime = NOW) -> int:
        """Approve these journals, or all; the batch."""
        chosen = journal_ids or self.journal_ids
        return send_all.start(scope=self.scope, key=key or uuid4(), journal_ids=chosen, now=at)

    def send(self, *journal_ids: int) -> int:
        """Approve these journals, or all, and queue every one of them; the batch."""
        batch_id = self.start(*journal_ids)
        work_off(batch_id)
        return batch_id

    def browser(self, level: Level = Level.WRITE, language: str = "en") -> Client:
        """A browser in which somebody with this right is signed in."""
        client = Client()
        client.force_login(user_of(self.office, level, language))
        return client

    def _mapping(self, company: Company) -> Mapping:
        return Mapping(
            office=self.office,
            company=company,
            connection=self.connection,
            administration=12,
            journal_code="LON",
            cost_centre_axis=1,
            cost_unit_axis=2,
            balance_pattern="[0-3][0-9][0-9][0-9]",
            profit_loss_pattern="[4-9][0-9][0-9][0-9]",
            period_rule="month",
            valid_from_year=2026,
            valid_from_period=1,
            changed_at=NOW,
        )


def work_off(batch_id: int, *, count: int = 100) -> None:
    while send_all.send_slice(batch_id=batch_id, count=count, now=NOW):
        pass


def move(journal_id: int, state: State, *, entry_number: str = "", ordinal: int = 1) -> None:
    """Bring the delivery of an entry to this state by ways that the table of states allows."""
    row = Delivery.objects.filter(journal_id=journal_id, ordinal=ordinal).latest("id")
    for step in _way(State(row.state), state):
        number = entry_number or "5789" if step in IN_AFAS | {State.REVERSING} else row.entry_number
        Delivery.objects.filter(pk=row.pk).update(
            state=step, is_ended=row.is_ended or step in ENDED, entry_number=number
        )


def _way(before: State, after: State) -> list[State]:
    """The shortest way between two states."""
    ways: list[list[State]] = [[before]]
    while ways[0][-1] is not after:
        way = ways.pop(0)
        ways += [[*way, step] for start, step in TRANSITIONS if start is way[-1] and step not in way]
    return ways[0][1:]


def entry_of(seed: int, lines: int, *, day: int = 25, period: int = 11) -> Entry:
    """A balanced entry whose amounts come from the seed."""
    amount = Decimal(seed % 9000 + 1000)
    pairs = [
        (
            Line(str(4000 + at), amount, NOTHING, cost_centre=str(100 + at % 5), description="Bruto lonen"),
            Line(str(2000 + at % 900), NOTHING, amount, description="Nettoloon"),
        )
        for at in range(lines // 2)
    ]
    return Entry(datetime.date(2026, period, day), tuple(line for pair in pairs for line in pair))


def user_of(office: Office, level: Level, language: str = "en") -> User:
    name = f"{level}-{language}-{office.pk}"
    template, is_new = Template.objects.get_or_create(office=office, name=name)
    if is_new:
        Right.objects.bulk_create(Right(template=template, part=part, level=level) for part in Part)
    return User.objects.get_or_create(
        email=f"{name}@example.nl",
        defaults={"office": office, "template": template, "name": "Anna", "language": language},
    )[0]


def make_office(name: str = "Kantoor De Brug", participant_number: str = "12345") -> ManyCompanies:
    office = Office.objects.create(name=name)
    connection = Connection.objects.create(
        office=office,
        environment=Environment.objects.create(participant_number=participant_number, type="test"),
        afas_user=f"{participant_number}.anna",
        state=ConnectionState.AUTHORISED,
        token_ciphertext=b"kept",
        update_connectors=["FiEntries"],
        created_at=NOW,
    )
    debtor = Debtor.objects.create(office=office, number="100", name="Van Dam Holding")
    return ManyCompanies(office, debtor, connection, user_of(office, Level.WRITE))
