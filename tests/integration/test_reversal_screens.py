"""The page on which a booked journal is taken out of AFAS, and what its journal's page then shows."""

import re

import pytest
from django.test import Client
from tests.integration.journal_pages import (
    PAYLOAD,
    answered,
    client_of,
    delivered,
    mapped_account,
    may_look,
    page,
    seen_on,
)
from tests.integration.payroll_office import NOW, PayrollOffice, draft, entry, keep, make_office

from loonbrug.access.models import Right
from loonbrug.access.rights import Level, Part
from loonbrug.audit.models import Record
from loonbrug.connections.models import Connection
from loonbrug.delivery.models import AttemptKind, Delivery
from loonbrug.delivery.outcomes import Reason
from loonbrug.delivery.states import ENDED, State
from loonbrug.screens.office_home import office_home

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
    return keep(office, draft(office.bakery_id, entry(), entry(day=26))).journal_id


def booked(office: PayrollOffice, connection: Connection, journal_id: int, **second: object) -> None:
    """Both entries are in AFAS."""
    delivered(office, connection, journal_id, 1, State.BOOKED, entry_number="5789")
    given = {"state": State.VERIFIED, "entry_number": "5790"} | second
    delivered(office, connection, journal_id, 2, **given)  # type: ignore[arg-type]


def test_the_page_says_what_goes_by_number_place_and_totals(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    may_look(connection)
    booked(office, connection, journal_id)
    assert f"/journals/{journal_id}/reverse/" in page(writer, f"/journals/{journal_id}/")
    shown = page(writer, f"/journals/{journal_id}/reverse/")
    for part in ("5789", "5790", "LON", "2026-11", "2.000,00", "2 boekingen terugdraaien"):
        assert part in shown
    assert 'value="delete" required' in shown


def test_reversing_is_asked_for_with_a_reason_and_recorded(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    may_look(connection)
    booked(office, connection, journal_id)
    address = f"/journals/{journal_id}/reverse/"
    seen = seen_on(writer, address)
    refused = writer.post(address, seen | {"how": "delete", "reason": " "})
    assert refused.status_code == 200
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.BOOKED, State.VERIFIED}
    done = writer.post(address, seen | {"how": "delete", "reason": "verkeerde run"}, follow=True)
    assert set(Delivery.objects.values_list("state", "reason")) == {(State.REVERSING, Reason.TO_DELETE)}
    shown = done.content.decode()
    assert "Wordt teruggedraaid" in shown
    assert "verkeerde run" in shown
    assert "Terugdraaien door verwijderen" in shown
    assert f'hx-get="/journals/{journal_id}/entries/1/"' in shown
    record = Record.objects.get(verb="reverse")
    assert (record.subject_kind, record.subject_id) == ("journal", journal_id)


def test_a_second_click_changes_nothing_and_says_so(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    may_look(connection)
    booked(office, connection, journal_id)
    address = f"/journals/{journal_id}/reverse/"
    asked = seen_on(writer, address) | {"how": "delete", "reason": "verkeerde run"}
    writer.post(address, asked)
    again = writer.post(address, asked, follow=True)
    assert "Deze boeking is intussen verder" in again.content.decode()
    assert "Terugdraaien kan zodra elke boeking klaar is" in again.content.decode()
    assert Record.objects.filter(verb="reverse").count() == 1


def test_what_was_sent_in_the_place_of_what_the_page_shows_is_not_reversed_by_it(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    may_look(connection)
    first = delivered(office, connection, journal_id, 1, State.BOOKED, entry_number="5789")
    address = f"/journals/{journal_id}/reverse/"
    asked = seen_on(writer, address) | {"how": "delete", "reason": "verkeerde run"}
    Delivery.objects.filter(pk=first.pk).update(state=State.REVERSING)  # a colleague was earlier
    Delivery.objects.filter(pk=first.pk).update(state=State.REVERSED, is_ended=True)
    anew = delivered(office, connection, journal_id, 2, State.BOOKED, entry_number="5790")
    Delivery.objects.filter(pk=anew.pk).update(ordinal=1)
    answer = writer.post(address, asked, follow=True)
    assert "Deze boeking is intussen verder" in answer.content.decode()
    assert "5790" in answer.content.decode()
    anew.refresh_from_db()
    assert anew.state == State.BOOKED


def test_without_a_look_only_a_counter_entry_is_offered_and_shown_with_the_entry(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    delivered(office, connection, journal_id, 1, State.BOOKED, entry_number="5789", payload=PAYLOAD)
    shown = page(writer, f"/journals/{journal_id}/reverse/")
    assert 'value="counter_entry" required' in shown
    assert 'value="delete"' not in shown
    assert "een tegenboeking kan wel" in shown
    assert "eigen boekstuknummer" in shown
    address = f"/journals/{journal_id}/reverse/"
    asked = seen_on(writer, address) | {"how": "counter_entry", "reason": "verkeerde run"}
    done = writer.post(address, asked, follow=True)
    assert "Tegenboeking van boeking 1" in done.content.decode()
    live = page(writer, f"/journals/{journal_id}/entries/1/?counter")
    assert Delivery.objects.get(reverses__isnull=False).voucher_number in live
    page(writer, f"/journals/{journal_id}/entries/2/?counter", 404)


def test_what_may_be_deleted_already_and_cannot_be_looked_up_is_not_undone_again(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    delivered(office, connection, journal_id, 1, State.BOOKED, entry_number="5789", reason=Reason.NOT_SEEN)
    answered(Delivery.objects.get(), "unknown", kind=AttemptKind.DELETE, entry_number="5789")
    shown = page(writer, f"/journals/{journal_id}/reverse/")
    assert "misschien al verwijderd" in shown
    assert "dubbel, of anders" not in shown
    assert "Profit_Transactions_Allocated" in shown
    assert "terugdraaien</button>" not in shown
    asked = {"seen": str(Delivery.objects.get().pk), "how": "counter_entry", "reason": "verkeerde run"}
    writer.post(f"/journals/{journal_id}/reverse/", asked)
    assert Delivery.objects.get().state == State.BOOKED


def counter_entry_of(undone: Delivery, state: State) -> Delivery:
    row = Delivery.objects.get(pk=undone.pk)
    row.pk, row.reverses, row.voucher_number = None, undone, "202611-1001-COUNTER"
    row.state, row.is_ended = state, state in ENDED
    row.save(force_insert=True)
    return row


def test_an_entry_that_afas_holds_twice_and_cannot_be_looked_up_says_so(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    delivered(office, connection, journal_id, 1, State.CONFLICT, entry_number="5789")
    shown = page(writer, f"/journals/{journal_id}/reverse/")
    assert "dubbel, of anders dan verzonden" in shown
    assert "misschien al verwijderd" not in shown
    assert "Profit_Transactions_Allocated" in shown
    assert "terugdraaien</button>" not in shown


def test_an_entry_that_afas_holds_twice_can_only_be_deleted_and_the_page_says_why(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    may_look(connection)
    delivered(office, connection, journal_id, 1, State.CONFLICT, entry_number="5789")
    shown = page(writer, f"/journals/{journal_id}/reverse/")
    assert "dubbel, of anders dan verzonden" in shown
    assert "Verwijderen kan wel" in shown
    assert 'value="delete" required' in shown
    assert "eigen boekstuknummer" not in shown


def test_what_is_under_way_is_not_called_what_stays_nor_entered_by_hand(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    delivered(
        office, connection, journal_id, 1, State.REVERSING, entry_number="5789", reason=Reason.TO_DELETE
    )
    address = f"/journals/{journal_id}/reverse/"
    shown = page(writer, address)
    assert "Wat blijft zoals het is" not in shown
    assert "met de hand" not in shown
    Delivery.objects.update(state=State.BOOKED, reason="")
    delivered(office, connection, journal_id, 2, State.BOOKED_BY_HAND, entry_number="5790")
    shown = page(writer, address)
    assert "Wat blijft zoals het is" in shown
    assert "wordt met de hand uit AFAS gehaald" in shown


def test_a_counter_entry_in_doubt_is_not_taken_for_what_it_undoes(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    undone = delivered(
        office, connection, journal_id, 1, State.REVERSING, entry_number="5789", reason=Reason.COUNTER_ENTRY
    )
    counter = counter_entry_of(undone, State.UNDECIDED)
    shown = page(writer, f"/deliveries/{counter.pk}/doubt/")
    assert "Tegenboeking van boeking 1" in shown
    assert "die wordt niet bedoeld" in shown
    found = {"seen": "0", "decision": "booked", "entry_number": "05789", "reason": "gevonden"}
    refused = writer.post(f"/deliveries/{counter.pk}/doubt/", found).content.decode()
    assert "Journaalpostnummer 5789 is van een andere boeking van Loonbrug" in refused
    assert Delivery.objects.get(pk=undone.pk).state == State.REVERSING
    writer.post(f"/deliveries/{counter.pk}/doubt/", found | {"entry_number": "5790"})
    assert Delivery.objects.get(pk=undone.pk).state == State.REVERSED


def test_while_an_entry_is_in_doubt_there_is_nothing_to_click(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    booked(office, connection, journal_id, state=State.IN_DOUBT, doubt_until=NOW)
    shown = page(writer, f"/journals/{journal_id}/reverse/")
    assert "onderweg, in twijfel" in shown
    assert "terugdraaien</button>" not in shown


@pytest.mark.parametrize("missing", [Part.REVERSAL, Part.JOURNAL_EXPORT])
def test_reversing_needs_both_rights(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int, missing: Part
) -> None:
    may_look(connection)
    booked(office, connection, journal_id)
    Right.objects.filter(part=missing).update(level=Level.READ)
    assert f"/journals/{journal_id}/reverse/" not in page(writer, f"/journals/{journal_id}/")
    shown = page(writer, f"/journals/{journal_id}/reverse/")
    assert "terugdraaien</button>" not in shown
    posted = writer.post(f"/journals/{journal_id}/reverse/", {"how": "delete", "reason": "x"})
    assert posted.status_code == 403
    assert Delivery.objects.filter(state=State.REVERSING).count() == 0


@pytest.mark.parametrize("act", ["retry", "cancel", "anew", "doubt", "conflict"])
def test_who_may_not_reverse_decides_nothing_about_a_counter_entry(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int, act: str
) -> None:
    delivered(office, connection, journal_id, 1, State.BOOKED, entry_number="5789", payload=PAYLOAD)
    address = f"/journals/{journal_id}/reverse/"
    writer.post(address, seen_on(writer, address) | {"how": "counter_entry", "reason": "verkeerde run"})
    counter_entry = Delivery.objects.get(reverses__isnull=False)
    assert f"/deliveries/{counter_entry.pk}/cancel/" in page(writer, f"/journals/{journal_id}/")
    Right.objects.filter(part=Part.REVERSAL).update(level=Level.READ)
    assert f"/deliveries/{counter_entry.pk}/" not in page(writer, f"/journals/{journal_id}/")
    asked = {"seen": "0", "reason": "x", "decision": "again", "entry_number": "5"}
    assert writer.post(f"/deliveries/{counter_entry.pk}/{act}/", asked).status_code == 403
    counter_entry.refresh_from_db()
    assert counter_entry.state == State.QUEUED


def test_a_refusal_is_shown_in_afas_words_with_cause_and_cure(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    found = delivered(
        office, connection, journal_id, 1, State.BOOKED, entry_number="5789", reason=Reason.DELETE_REFUSED
    )
    message = "Journaalpost 5789 is afgeletterd en kan niet worden verwijderd"
    answered(found, "refused", kind=AttemptKind.DELETE, message=message, entry_number="5789")
    shown = page(writer, f"/journals/{journal_id}/")
    assert "Niet teruggedraaid: AFAS weigerde" in shown
    assert "Maak het afletteren ongedaan" in shown
    assert "verwijderen geweigerd" in shown


@pytest.mark.parametrize(("reason", "proposed"), [("", "delete"), (Reason.DELETE_REFUSED, "counter_entry")])
def test_what_afas_refused_to_delete_is_proposed_a_counter_entry(
    office: PayrollOffice,
    writer: Client,
    connection: Connection,
    journal_id: int,
    reason: str,
    proposed: str,
) -> None:
    may_look(connection)
    delivered(
        office, connection, journal_id, 1, State.BOOKED, entry_number="5789", payload=PAYLOAD, reason=reason
    )
    shown = page(writer, f"/journals/{journal_id}/reverse/")
    (chosen,) = re.findall(r'name="how" value="(\w+)"[^>]* checked', shown)
    assert chosen == proposed
    assert ("AFAS weigerde het verwijderen" in shown) is bool(reason)


def test_nothing_is_sent_while_a_part_is_still_being_reversed(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    delivered(office, connection, journal_id, 1, State.REVERSED, entry_number="5789")
    delivered(
        office, connection, journal_id, 2, State.REVERSING, entry_number="5790", reason=Reason.TO_DELETE
    )
    assert f"/journals/{journal_id}/send/" not in page(writer, f"/journals/{journal_id}/")
    sent = writer.post(f"/journals/{journal_id}/send/", follow=True).content.decode()
    assert "wordt nog teruggedraaid" in sent
    assert Delivery.objects.count() == 2


def test_a_reversed_journal_shows_no_number_and_may_be_sent_again(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    for ordinal in (1, 2):
        delivered(office, connection, journal_id, ordinal, State.REVERSED, entry_number=f"578{ordinal}")
    shown = page(writer, f"/journals/{journal_id}/")
    assert "Teruggedraaid" in shown
    assert f"/journals/{journal_id}/send/" in shown
    writer.post(f"/journals/{journal_id}/send/")
    assert list(Delivery.objects.filter(state=State.QUEUED).values_list("generation", flat=True)) == [1, 1]


def test_a_counter_entry_is_marked_among_the_deliveries_and_is_no_booking_of_the_month(
    office: PayrollOffice, writer: Client, connection: Connection, journal_id: int
) -> None:
    undone = delivered(office, connection, journal_id, 1, State.REVERSED, entry_number="5789")
    row = counter_entry_of(undone, State.REJECTED)
    assert "tegenboeking" in page(writer, "/deliveries/")
    Delivery.objects.filter(pk=row.pk).update(state=State.BOOKED)
    month = NOW.replace(day=1, hour=0)
    assert office_home(scope=office.scope, month_start=month).booked_this_month == 0
