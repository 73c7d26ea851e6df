"""Book, reverse and send again against the sandbox of AFAS in a process of its own; also when answers get lost."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import Settings
from tests import authorised_office
from tests.running import Installation, environment_part

from afas_client.transport import AiohttpTransport
from loonbrug.access.rights import Scope
from loonbrug.delivery import queries
from loonbrug.delivery.drain import drain, grouping_writer
from loonbrug.delivery.ground import Ground
from loonbrug.delivery.outcomes import Policy, Reason
from loonbrug.delivery.queries import DeliveryView
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import ENDED, IN_AFAS, State
from loonbrug.delivery.writer import Writer
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.models import JournalLife
from loonbrug.payroll.queries import Fate
from loonbrug.project.demo.office import found_office
from loonbrug.project.demo.sandbox import SMALLEST_USER, AfasSide
from loonbrug.project.wiring import now
from loonbrug.workflows.deliver import send_journal
from loonbrug.workflows.import_journal import import_file
from loonbrug.workflows.reverse import reverse_journal

pytestmark = pytest.mark.django_db(transaction=True)

#: AFAS's limit is 2 s here, as the sandbox is told; an attempt has all the time it may need on a busy machine.
POLICY = Policy(
    answer_limit=timedelta(seconds=2),
    margin=timedelta(seconds=1),
    send_window=timedelta(seconds=5),
    look_first=timedelta(milliseconds=50),
    look_longest=timedelta(milliseconds=300),
)
FILE = "korenaar-2026-10.xml"


class Office:
    """The sample office in this process, its drain, and AFAS in another."""

    def __init__(self, afas: Installation, writer: Writer, *, looks: bool) -> None:
        self.afas, self._writer = afas, writer
        self.scope: Scope = found_office(now=now())
        side = AfasSide()
        user = authorised_office.USER if looks else SMALLEST_USER
        keys = side.keys() if looks else side.keys(side.add_smallest_connector())
        connection_id = authorised_office.authorise(self.scope, side, user=user, keys=keys)
        authorised_office.map_company(self.scope, connection_id, "2001", 1, "", four_weeks=False)
        self.journal_id = authorised_office.read_in("2001", FILE)

    def send(self) -> DeliveryView:
        """Send the journal and drain until AFAS has it."""
        send_journal(scope=self.scope, journal_id=self.journal_id, now=now())
        return self.drain_until(lambda view: view.state in IN_AFAS)

    def reverse(self, how: How = How.DELETE) -> None:
        reverse_journal(
            scope=self.scope, journal_id=self.journal_id, how=how, reason="the run was wrong", now=now()
        )

    def reversed(self, how: How = How.DELETE) -> DeliveryView:
        """Reverse the journal and drain until that has come to an end."""
        self.reverse(how)
        return self.drain_until(lambda view: view.state is not State.REVERSING)

    def latest(self) -> DeliveryView:
        views = queries.of_journals(scope=self.scope, journal_ids=[self.journal_id])[self.journal_id]
        return [view for view in views if view.reverses_id is None][-1]

    def drain_until(self, has_ended: Any) -> DeliveryView:
        until = time.monotonic() + 60
        while not has_ended(view := self.latest()):
            assert time.monotonic() < until, view
            self._drain()
            time.sleep(0.05)
        return view

    def _drain(self) -> None:
        ground = Ground(
            now=now,
            boot="this boot",
            boot_seconds=time.monotonic,
            new_id=uuid4,
            writer=self._writer,
            open_transport=lambda: AiohttpTransport(read_timeout=POLICY.read_time_out),
            policy=POLICY,
            is_stopping=lambda: False,
            others_wait=lambda: False,
            slice_seconds=60.0,
            note_claim=lambda _: None,
        )
        for environment_id in queries.environments_with_due_work(now=now()):
            asyncio.run(drain(environment_id=environment_id, ground=ground))

    def books(self) -> list[dict[str, Any]]:
        return self.afas.books(1)

    def fail_next_delete(self, kind: str) -> None:
        fault = {"kind": kind, "operation": "DELETE FiEntries", "count": 1}
        self.afas.control("POST", "/faults", fault)

    def reconcile(self, entry_number: str) -> None:
        """What AFAS's user does when an entry is settled against another."""
        entries = [{"number": int(entry_number), "reconciled": True}]
        part = environment_part(administrations=[{"id": 1, "entries": entries}])
        self.afas.control("POST", "/world", part)


@pytest.fixture(scope="module")
def afas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("afas"), scale=450) as running:
        running.start_afas()
        yield running


@pytest.fixture(autouse=True)
def record_is_emptied(transactional_db: None) -> Iterator[None]:
    """The record of acts lets nothing be taken out of it, not even by the end of a test."""
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER USER")
            cursor.execute("TRUNCATE audit_record")
            cursor.execute("ALTER TABLE audit_record ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT sql FROM sqlite_master WHERE lower(name) = 'audit_record_no_delete'")
        (trigger,) = cursor.fetchone()
        cursor.execute("DROP TRIGGER audit_record_no_delete")
        cursor.execute("DELETE FROM audit_record")
        cursor.execute(trigger)


@pytest.fixture
def writer() -> Iterator[Writer]:
    with grouping_writer() as made:
        yield made


@pytest.fixture
def fresh_afas(afas: Installation, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """As on its first day, and where the product and the sample office look for it."""
    afas.control("POST", "/reset")
    afas.forget_mails()
    settings.AFAS_URL = afas.environment["LOONBRUG_AFAS_URL"]
    for name in ("LOONBRUG_DEMO_CONTROL", "LOONBRUG_DEMO_MAIL"):
        monkeypatch.setenv(name, afas.environment[name])
    return afas


@pytest.fixture
def office(fresh_afas: Installation, writer: Writer) -> Office:
    return Office(fresh_afas, writer, looks=True)


def test_a_reversed_journal_is_gone_and_is_sent_again_under_another_number(office: Office) -> None:
    first = office.send()
    assert office.reversed().state is State.REVERSED
    assert office.books() == []
    again = office.send()
    assert again.voucher_number != first.voucher_number
    (entry,) = office.books()
    assert {line["voucher_number"] for line in entry["lines"]} == {again.voucher_number}


def test_another_journal_may_take_the_place_of_the_reversed_one(office: Office) -> None:
    office.send()
    office.reversed()
    name = "korenaar-2026-11-twee-boekingen.xml"
    (found,) = import_file(
        scope=office.scope,
        name=name,
        data=(authorised_office.SAMPLES / name).read_bytes(),
        company_id=office.latest().company_id,
        year=2026,
        period=10,
        run=1,
        replace=True,
        now=now(),
    )
    assert found.fate is Fate.DIFFERS
    assert payroll.summary(scope=office.scope, journal_id=office.journal_id).life is JournalLife.REPLACED


def test_a_reconciled_entry_is_refused_and_stays_booked(office: Office) -> None:
    booked = office.send()
    office.reconcile(booked.entry_number)
    refused = office.reversed()
    assert (refused.state in IN_AFAS, refused.reason) == (True, Reason.DELETE_REFUSED)
    assert refused.attempts[-1].code == "entry-reconciled"
    assert [str(entry["number"]) for entry in office.books()] == [booked.entry_number]


def test_an_answer_lost_after_the_deletion_ends_as_reversed(office: Office) -> None:
    office.send()
    office.fail_next_delete("cut_after")
    ended = office.reversed()
    assert ended.state is State.REVERSED
    assert [attempt.outcome for attempt in ended.attempts if attempt.kind == "delete"] == ["unknown"]
    assert office.books() == []


def test_an_answer_lost_before_the_deletion_ends_as_booked_and_can_be_reversed_again(office: Office) -> None:
    office.send()
    office.fail_next_delete("cut_before")
    ended = office.reversed()
    assert (ended.state in IN_AFAS, ended.reason) == (True, Reason.STILL_THERE)
    assert len([attempt for attempt in ended.attempts if attempt.kind == "delete"]) == 1
    assert len(office.books()) == 1
    assert office.reversed().state is State.REVERSED
    assert office.books() == []


def test_without_a_look_a_counter_entry_undoes_the_journal(fresh_afas: Installation, writer: Writer) -> None:
    office = Office(fresh_afas, writer, looks=False)
    office.send()
    assert office.reversed(How.COUNTER_ENTRY).state in ENDED
    booked, counter = office.books()
    assert [(line["account"], line["debit"], line["credit"]) for line in booked["lines"]] == [
        (line["account"], line["credit"], line["debit"]) for line in counter["lines"]
    ]
