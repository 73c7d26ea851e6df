"""The page of an entry that AFAS does not hold once and as it was sent: where to look, and what may be chosen."""

import pytest
from django.test import Client
from tests.integration.journal_pages import PAYLOAD, client_of, delivered, mapped_account, may_look, page
from tests.integration.payroll_office import PayrollOffice, draft, keep, make_office

from loonbrug.access.models import Right
from loonbrug.access.rights import Level, Part
from loonbrug.audit.models import Record
from loonbrug.connections.models import Connection
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.outcomes import Reason
from loonbrug.delivery.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> PayrollOffice:
    return make_office()


@pytest.fixture
def writer(office: PayrollOffice) -> Client:
    return client_of(office, Level.WRITE)


@pytest.fixture
def connection(office: PayrollOffice) -> Connection:
    return mapped_account(office)


@pytest.fixture
def journal_id(office: PayrollOffice) -> int:
    return keep(office, draft(office.bakery_id)).journal_id


@pytest.fixture
def late(office: PayrollOffice, connection: Connection, journal_id: int) -> Delivery:
    """Cancelled, sent anew and booked; and then AFAS turned out to have booked the cancelled one too."""
    booked_late = {"is_ended": True, "reason": Reason.BOOKED_LATE, "entry_number": "5789"}
    found = delivered(office, connection, journal_id, 1, State.CONFLICT, payload=PAYLOAD, **booked_late)
    anew = {"generation": 1, "voucher_number": "202611-1001-ANEW", "entry_number": "5790"}
    row = Delivery.objects.get(pk=found.pk)
    row.pk, row.state, row.is_ended, row.reason = None, State.BOOKED, False, ""
    for name, value in anew.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return found


def test_a_conflict_says_where_to_look_and_what_afas_told(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    row = delivered(office, connection, journal_id, 1, State.CONFLICT, reason="double", entry_number="5789")
    address = f"/deliveries/{row.pk}/conflict/"
    assert address in page(writer, f"/journals/{journal_id}/")
    shown = page(writer, address)
    for part in ("Financieel / Grootboek / Journaalpost", row.voucher_number, "LON", "1.000,00", "5789"):
        assert part in shown
    assert f"/journals/{journal_id}/reverse/" in shown


def test_a_person_says_that_it_is_there_once_now(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    row = delivered(office, connection, journal_id, 1, State.CONFLICT, reason="double", entry_number="5789")
    address = f"/deliveries/{row.pk}/conflict/"
    for wrong in ({"entry_number": "", "reason": "x"}, {"entry_number": "5790", "reason": " "}):
        assert writer.post(address, wrong).status_code == 200
    writer.post(address, {"entry_number": "5790", "reason": "de andere is verwijderd"})
    row.refresh_from_db()
    assert (row.state, row.entry_number) == (State.BOOKED, "5790")
    assert Record.objects.get(verb="settle").subject_id == row.pk
    assert "Hier is niets (meer) te beslissen" in page(writer, address)


def test_a_late_booking_has_a_place_of_its_own_and_asks_for_attention(
    writer: Client, journal_id: int, late: Delivery
) -> None:
    shown = page(writer, f"/journals/{journal_id}/")
    for part in ("later toch geboekt", f"/deliveries/{late.pk}/conflict/", "5790", "Vraagt aandacht"):
        assert part in shown


def test_a_late_booking_is_taken_out_alone(
    writer: Client, connection: Connection, journal_id: int, late: Delivery
) -> None:
    may_look(connection)
    address = f"/deliveries/{late.pk}/take-back/"
    assert writer.post(address, {"how": "delete", "reason": " "}).status_code == 200
    writer.post(address, {"how": "delete", "reason": "dubbel"})
    late.refresh_from_db()
    assert (late.state, late.reason) == (State.REVERSING, Reason.TO_DELETE)
    assert list(Delivery.objects.filter(journal_id=journal_id, state=State.BOOKED)) != []
    assert Record.objects.get(verb="take_back").details == {"how": "delete", "reason": "dubbel"}


def test_what_was_sent_anew_forbids_that_the_late_one_stays(writer: Client, late: Delivery) -> None:
    answer = writer.post(f"/deliveries/{late.pk}/conflict/", {"entry_number": "5789", "reason": "blijft"})
    assert "intussen opnieuw verzonden" in answer.content.decode()
    late.refresh_from_db()
    assert late.state == State.CONFLICT


@pytest.mark.parametrize("part", [Part.REVERSAL, Part.JOURNAL_EXPORT])
def test_taking_out_needs_both_rights(writer: Client, late: Delivery, part: Part) -> None:
    Right.objects.filter(part=part).update(level=Level.READ)
    answer = writer.post(f"/deliveries/{late.pk}/take-back/", {"how": "counter_entry", "reason": "dubbel"})
    assert answer.status_code == 403


def test_what_was_typed_in_by_hand_says_whether_it_was_found_in_the_books(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    row = delivered(office, connection, journal_id, 1, State.BOOKED_BY_HAND, entry_number="3008")
    kept = {"kind": "by_hand", "reason": "getypt", "entry_number": "3008", "by": "Anna", "at": row.queued_at}
    decision = row.decisions.create(**kept)
    assert "Met de hand ingevoerd, niet gecontroleerd" in page(writer, f"/journals/{journal_id}/")
    decision.is_checked = True
    decision.save()
    assert "Met de hand ingevoerd, gecontroleerd" in page(writer, f"/journals/{journal_id}/")
