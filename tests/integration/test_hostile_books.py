"""AFAS's books as nobody should show them: nothing is proven by them, and one bad row keeps nobody else waiting."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from tests.integration.afas_at_work import Afas
from tests.integration.delivery_office import BOOKED, NOW, POLICY, UNKNOWN, ask, begin_drain, state_of
from tests.integration.test_bad_input import UNREADABLE, answer_with, answered, posts

from afas_client.wire import Request, Response
from loonbrug.connections import clients
from loonbrug.connections.models import Connection
from loonbrug.delivery import asking, operations, read_backs
from loonbrug.delivery.models import Delivery, NumberKeeping, Payload
from loonbrug.delivery.outcomes import Reason
from loonbrug.delivery.states import State

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = POLICY.doubt_until(send_before=NOW + POLICY.send_window)


def line_of_others(number: int, **changed: object) -> dict[str, Any]:
    line = {
        "UnitId": 1,
        "JournalId": "90",
        "Year": 2026,
        "EntryNo": number,
        "VoucherNo": "MEMO-1",
        "AccountNo": "4000",
        "AmtDebit": "12.00",
        "AmtCredit": "12.00",
    }
    return line | changed


def show(afas: Afas, *rows: dict[str, Any]) -> None:
    """Whatever is asked, these are the lines."""
    body = json.dumps({"skip": 0, "take": 1000, "rows": rows}).encode()
    afas.books._show = lambda _: answered(200, body)  # type: ignore[method-assign]


def test_lines_of_others_are_no_sight_of_ours(afas: Afas) -> None:
    """AFAS does not heed the filter and shows the first lines it has: that ours are not among them says nothing."""
    afas.booked()
    answer_with(afas, UNREADABLE["an empty 201"], is_booked=True)
    delivery_id = afas.office.queue()
    afas.run()
    show(afas, line_of_others(1))
    at = NOW
    while at < LIMIT + POLICY.read_time_out:
        at += timedelta(minutes=5)
        afas.run(at)
    assert state_of(delivery_id) in {State.IN_DOUBT, State.UNDECIDED}
    assert posts(afas) == 2


@pytest.mark.parametrize("number", ["", None, "4" * 40, "5001.0", "vijf"])
def test_lines_without_a_number_that_afas_could_have_given_end_no_doubt(afas: Afas, number: object) -> None:
    answer_with(afas, UNREADABLE["an empty 201"], is_booked=True)
    delivery_id = afas.office.queue()
    afas.run()
    numbers = [line["EntryNo"] for line in afas.books.lines]
    for line in afas.books.lines:
        line["EntryNo"] = number
    afas.run(NOW + timedelta(minutes=1))
    assert state_of(delivery_id) is State.IN_DOUBT
    for line, given in zip(afas.books.lines, numbers, strict=True):
        line["EntryNo"] = given
    afas.run(NOW + timedelta(minutes=3))
    assert state_of(delivery_id) in {State.BOOKED, State.VERIFIED}
    assert posts(afas) == 1


def three_to_read_back_at_once(afas: Afas) -> list[int]:
    afas.booked()  # from here on AFAS is known to keep our numbers, and several are asked for at once
    Connection.objects.update(capabilities_checked_at=None)
    ids = [afas.office.queue() for _ in range(3)]
    afas.run()
    Connection.objects.update(capabilities_checked_at=NOW)
    return ids


def test_an_entry_that_cannot_be_read_keeps_those_asked_with_it_from_nothing(afas: Afas) -> None:
    ids = three_to_read_back_at_once(afas)
    bad = Delivery.objects.get(pk=ids[1])
    for line in afas.books.lines:
        if line["VoucherNo"] == bad.voucher_number:
            line["AmtDebit"] = "veel"
    afas.run()
    assert [state_of(each) for each in ids] == [State.VERIFIED, State.BOOKED, State.VERIFIED]
    bad.refresh_from_db()
    assert bad.due_at == NOW + POLICY.look_longest


def test_an_answer_that_is_no_data_at_all_is_not_asked_for_again_entry_by_entry(afas: Afas) -> None:
    three_to_read_back_at_once(afas)
    asked: list[Request] = []

    def no_data(request: Request) -> Response:
        asked.append(request)
        return answered(200, b"<html>onderhoud</html>")

    afas.books._show = no_data  # type: ignore[method-assign]
    afas.run()
    assert len(asked) == 1


def test_an_entry_of_another_year_with_the_same_number_does_not_switch_looking_off(afas: Afas) -> None:
    afas.books.lines.append(line_of_others(afas.books.next_number, Year=2025))
    delivery = afas.booked()
    afas.run()
    assert NumberKeeping.objects.get().is_kept
    assert state_of(delivery.pk) is State.VERIFIED


def test_pages_without_end_are_a_bad_answer(afas: Afas) -> None:
    """Each page is full and another one."""
    answer_with(afas, UNREADABLE["an empty 201"], is_booked=True)
    delivery_id = afas.office.queue()
    afas.run()
    usual, asked = type(afas.books)._show, []

    def without_end(request: Request) -> Response:
        asked.append(request)
        assert len(asked) < 500
        skip = int(parse_qs(urlsplit(request.url).query).get("skip", ["0"])[0])
        rows = [line_of_others(skip + place) for place in range(1000)]
        return answered(200, json.dumps({"rows": rows}).encode())

    afas.books._show = without_end  # type: ignore[method-assign]
    afas.run(NOW + timedelta(minutes=1))
    assert state_of(delivery_id) is State.IN_DOUBT
    afas.books._show = usual.__get__(afas.books)  # type: ignore[method-assign]
    afas.run(NOW + timedelta(minutes=3))
    assert state_of(delivery_id) in {State.BOOKED, State.VERIFIED}


@pytest.mark.parametrize(
    "said", [{"profitLogReference": "nr. " * 30}, {"errorNumber": 2**31}, {"errorNumber": -(2**31)}]
)
def test_an_error_with_numbers_larger_than_they_should_be_is_stored(
    afas: Afas, said: dict[str, object]
) -> None:
    error = {"errorNumber": -2147180996, "externalMessage": "Grootboekrekening 4000 bestaat niet"} | said
    answer_with(afas, answered(500, json.dumps(error).encode()), is_booked=False)
    delivery_id = afas.office.queue()
    afas.run()
    attempt = Delivery.objects.get(pk=delivery_id).attempts.get()
    assert attempt.status == 500
    assert state_of(delivery_id) is not State.SENDING


def test_an_entry_whose_payload_is_gone_keeps_no_other_entry_waiting(afas: Afas) -> None:
    gone, sound = afas.office.queue(), afas.office.queue()
    Payload.objects.filter(delivery_id=gone).delete()
    afas.run()
    assert state_of(sound) in {State.BOOKED, State.VERIFIED}
    assert state_of(gone) is State.QUEUED
    assert posts(afas) == 1


@pytest.mark.parametrize("outcome", ["doubt", "booked"])
def test_a_question_about_an_entry_whose_payload_is_gone_keeps_no_other_waiting(
    afas: Afas, outcome: str
) -> None:
    if outcome == "doubt":
        answer_with(afas, UNREADABLE["an empty 201"], is_booked=True)
    first, other = afas.office.queue(), afas.office.queue(administration=2)
    at = NOW + timedelta(minutes=1)
    afas.office.start()
    for claim in afas.office.claim():
        number = str(afas.books.book(claim.payload))
        answer = UNKNOWN if outcome == "doubt" else replace(BOOKED, entry_number=number)
        afas.office.answer(claim.claim_id, answer)
    Payload.objects.filter(delivery_id=first).delete()
    for minutes in range(5):
        afas.run(at + timedelta(minutes=minutes))
    assert state_of(other) is State.VERIFIED
    assert state_of(first) in {State.IN_DOUBT, State.BOOKED}


def test_a_drain_that_was_overtaken_doubts_nothing_of_the_newer_one(
    afas: Afas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood still right after it had made itself known."""
    doubt = operations.doubt_what_was_left
    claims = []

    def stands_still(**given: Any) -> None:
        monkeypatch.setattr(operations, "doubt_what_was_left", doubt)
        afas.office.start()
        claims.extend(afas.office.claim())
        doubt(**given)

    delivery_id = afas.office.queue()
    monkeypatch.setattr(operations, "doubt_what_was_left", stands_still)
    begin_drain(environment_id=afas.office.environment_id)
    assert len(claims) == 1
    assert state_of(delivery_id) is State.SENDING


def test_a_database_that_goes_away_during_a_look_does_not_put_it_off_for_long(
    afas: Afas, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(afas, UNREADABLE["an empty 201"], is_booked=True)
    first = afas.office.queue()
    afas.run()
    assert state_of(first) is State.IN_DOUBT
    usual = clients.decrypt
    failures = [OperationalError("server closed the connection unexpectedly")]

    def failing(ciphertext: bytes) -> str:
        if failures:
            raise failures.pop()
        return usual(ciphertext)

    monkeypatch.setattr(clients, "decrypt", failing)
    afas.run(NOW + timedelta(minutes=1))
    assert not failures
    afas.run(NOW + timedelta(minutes=1) + POLICY.look_longest)
    assert state_of(first) in {State.BOOKED, State.VERIFIED}


def test_a_look_after_a_delete_that_fails_is_made_again_soon(afas: Afas) -> None:
    delivery = afas.booked()
    afas.run()
    afas.reverse(delivery)
    afas.books.cuts_after_deleting = True
    afas.run()
    assert (state_of(delivery.pk)) is State.REVERSING
    usual = type(afas.books)._show
    afas.books._show = lambda _: answered(503, b"")  # type: ignore[method-assign]
    afas.run(NOW + timedelta(minutes=1))
    afas.books._show = usual.__get__(afas.books)  # type: ignore[method-assign]
    afas.run(NOW + timedelta(minutes=1) + POLICY.look_longest)
    assert state_of(delivery.pk) is State.REVERSED


def test_a_reversal_that_is_asked_for_meanwhile_is_not_put_off_with_the_read_back(
    afas: Afas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL a person may act between our reading what is booked and our asking about it."""
    delivery = afas.booked()
    Delivery.objects.filter(pk=delivery.pk).update(due_at=NOW)
    booked_ones = read_backs._booked_ones

    def and_then_a_person_acts(*given: Any) -> Any:
        found = booked_ones(*given)
        afas.reverse(delivery)
        return found

    monkeypatch.setattr(read_backs, "_booked_ones", and_then_a_person_acts)
    afas.office.start()
    ask(afas.office)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason, delivery.due_at) == (State.REVERSING, Reason.TO_DELETE, NOW)


def test_many_doubts_past_their_limit_cost_no_more_questions_than_one(
    afas: Afas, django_assert_num_queries: Any
) -> None:
    answer_with(afas, UNREADABLE["an empty 201"], is_booked=False)
    environment_id = afas.office.environment_id

    def doubts(count: int) -> None:
        for administration in range(1, count + 1):
            afas.office.queue(administration=administration)
        afas.run()

    doubts(1)
    with CaptureQueriesContext(connection) as asked_of_one:
        asking.end_doubts(environment_id=environment_id, now=LIMIT)
    doubts(5)
    with django_assert_num_queries(len(asked_of_one)):
        asking.end_doubts(environment_id=environment_id, now=LIMIT)
    assert Delivery.objects.filter(state=State.IN_DOUBT).count() >= 5
