"""AFAS, clocks, disks and databases at their worst: each ends in a named state, nothing is lost, nothing goes twice."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from tests.integration.afas_at_work import Afas
from tests.integration.delivery_office import NOW, POLICY, state_of

from afas_client.wire import Request, Response
from loonbrug.delivery import claiming, recording
from loonbrug.delivery import ground as grounds
from loonbrug.delivery.claiming import claim_all
from loonbrug.delivery.models import Delivery, NumberKeeping
from loonbrug.delivery.outcomes import Outcome, Reason
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_steps

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = POLICY.doubt_until(send_before=NOW + POLICY.send_window)
ERROR_TEXT = {"errorNumber": -2147180996, "externalMessage": "Er is iets misgegaan"}


def answered(status: int, body: bytes, kind: str = "application/json", **headers: str) -> Response:
    return Response(status, {"Content-Type": kind} | headers, body)


UNREADABLE = {
    "a page of HTML": answered(200, b"<html><body>Onderhoud</body></html>", "text/html"),
    "an empty 201": answered(201, b""),
    "a 200 with the text of an error": answered(200, json.dumps(ERROR_TEXT).encode()),
    "an EnNo that is missing": answered(201, b'{"results":{"FiEntryPar":{"UnId":"1"}}}'),
    "an EnNo that is empty": answered(201, b'{"results":{"FiEntryPar":{"UnId":"1","EnNo":""}}}'),
    "an EnNo that is no number": answered(201, b'{"results":{"FiEntryPar":{"EnNo":"vijf"}}}'),
    "a redirect": answered(302, b"", Location="https://example.com/elsewhere"),
    "half of a JSON": answered(201, b'{"results":{"FiEntry'),
    "a list": answered(201, b"[]"),
}


def posts(afas: Afas) -> int:
    return sum(request.method == "POST" for request in afas.books.sent)


def answer_with(afas: Afas, response: Response, *, is_booked: bool) -> None:
    """AFAS books, or does not, and answers this."""

    def instead(request: Request) -> Response:
        if is_booked:
            afas.books.book(request.body)
        return response

    afas.books._book = instead  # type: ignore[method-assign]


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_answer_that_tells_nothing_is_in_doubt_and_found_in_the_books(afas: Afas, what: str) -> None:
    answer_with(afas, UNREADABLE[what], is_booked=True)
    delivery_id = afas.office.queue()
    afas.run()
    row = Delivery.objects.get(pk=delivery_id)
    assert row.state == State.IN_DOUBT
    attempt = row.attempts.get()
    assert (attempt.outcome, attempt.status) == (Outcome.UNKNOWN, UNREADABLE[what].status)
    afas.run(NOW + timedelta(seconds=5))
    row.refresh_from_db()
    assert row.state in {State.BOOKED, State.VERIFIED}
    assert afas.books.entry_numbers == {row.entry_number}
    afas.run(LIMIT)
    assert posts(afas) == 1


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_answer_that_tells_nothing_of_what_was_not_booked_goes_once_more(afas: Afas, what: str) -> None:
    afas.booked()
    usual = type(afas.books)._book
    answer_with(afas, UNREADABLE[what], is_booked=False)
    delivery_id = afas.office.queue()
    afas.run()
    assert state_of(delivery_id) is State.IN_DOUBT
    afas.books._book = usual.__get__(afas.books)  # type: ignore[method-assign]
    at = NOW
    while state_of(delivery_id) is State.IN_DOUBT:
        at += timedelta(minutes=1)
        assert at < LIMIT + POLICY.read_time_out
        afas.run(at)
    assert state_of(delivery_id) in {State.BOOKED, State.VERIFIED}
    assert posts(afas) == 3
    assert len(afas.books.entry_numbers) == 2


@pytest.mark.parametrize("number", ['"5001"', "5001", '" 5001 "'])
def test_a_number_as_text_and_a_text_as_number_are_the_same_number(afas: Afas, number: str) -> None:
    body = b'{"results":{"FiEntryPar":{"UnId":1,"EnNo":%s}}}' % number.encode()
    answer_with(afas, answered(201, body), is_booked=True)
    delivery_id = afas.office.queue()
    afas.run()
    row = Delivery.objects.get(pk=delivery_id)
    assert (row.state in {State.BOOKED, State.VERIFIED}, row.entry_number) == (True, "5001")


@pytest.mark.parametrize("field", ["UnitId", "Year", "EntryNo", "AccountNo"])
def test_numbers_as_texts_in_the_books_are_read_as_well(afas: Afas, field: str) -> None:
    delivery_id = afas.office.queue()
    book = afas.books.book

    def as_text(body: bytes) -> int:
        number = book(body)
        for line in afas.books.lines:
            line[field] = str(line[field])
        return number

    afas.books.book = as_text  # type: ignore[method-assign]
    afas.run()
    afas.run()
    assert state_of(delivery_id) is State.VERIFIED


@pytest.mark.parametrize(
    "changed",
    [pytest.param(lambda _: "20260001", id="renumbered"), pytest.param(lambda n: n[:10], id="cut off")],
)
def test_a_voucher_number_that_does_not_come_back_as_sent_switches_looking_off(
    afas: Afas, changed: Callable[[str], str]
) -> None:
    book = afas.books.book

    def renumbered(body: bytes) -> int:
        number = book(body)
        for line in afas.books.lines:
            line["VoucherNo"] = changed(str(line["VoucherNo"]))
        return number

    afas.books.book = renumbered  # type: ignore[method-assign]
    first = afas.booked()
    afas.run()
    assert not NumberKeeping.objects.get().is_kept
    assert state_of(first.pk) is State.BOOKED
    answer_with(afas, UNREADABLE["an empty 201"], is_booked=True)
    second = afas.office.queue()
    afas.run()
    afas.run(LIMIT + timedelta(seconds=1))
    row = Delivery.objects.get(pk=second)
    assert (row.state, row.reason, posts(afas)) == (State.UNDECIDED, Reason.NO_LOOK_UP, 2)


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_jumps_while_a_call_is_lost_doubles_nothing(afas: Afas, hours: int) -> None:
    """The clock since boot does not jump with it, so no absence is proven by the jump."""
    afas.booked()
    answer_with(afas, UNREADABLE["an empty 201"], is_booked=False)
    delivery_id = afas.office.queue()
    afas.run()
    body = Delivery.objects.get(pk=delivery_id).payload
    jumped = NOW + timedelta(hours=hours)
    for minutes in range(5):
        afas.run(jumped + timedelta(minutes=minutes), boot_at=NOW + timedelta(minutes=minutes))
    assert state_of(delivery_id) is not State.QUEUED
    assert posts(afas) == 2
    afas.books.book(body)  # AFAS was still at it
    Delivery.objects.filter(pk=delivery_id).update(due_at=NOW - timedelta(days=2))
    afas.run(jumped + timedelta(minutes=6), boot_at=NOW + timedelta(minutes=6))
    assert state_of(delivery_id) in {State.BOOKED, State.VERIFIED}
    assert posts(afas) == 2


@pytest.mark.parametrize("why", ["database or disk is full", "server closed the connection unexpectedly"])
def test_an_answer_that_cannot_be_stored_yet_is_stored_later(
    afas: Afas, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    failures = [OperationalError(why)] * 3

    def failing(steps: Any) -> None:
        if failures:
            raise failures.pop()
        apply_steps(steps)

    monkeypatch.setattr(recording, "apply_steps", failing)
    monkeypatch.setattr(grounds, "STORE_AGAIN_SECONDS", 0.01)
    delivery_id = afas.office.queue()
    afas.run()
    assert state_of(delivery_id) in {State.BOOKED, State.VERIFIED}
    assert posts(afas) == 1


@pytest.mark.parametrize("is_stored", [True, False])
def test_a_database_that_goes_away_at_a_claim_lets_it_leave_once_at_most(
    afas: Afas, monkeypatch: pytest.MonkeyPatch, *, is_stored: bool
) -> None:
    """Whether the commit was stored is not known: it is read back by its claim id."""
    taken = claiming._take
    failures = [OperationalError("server closed the connection unexpectedly")]

    def failing(*given: Any) -> Any:
        if failures:
            raise failures.pop()
        return taken(*given)

    if is_stored:
        _lose_the_news_of_one_claim(afas, monkeypatch)
    else:
        monkeypatch.setattr(claiming, "_take", failing)
    monkeypatch.setattr(grounds, "STORE_AGAIN_SECONDS", 0.01)
    delivery_id = afas.office.queue()
    for _ in range(2):  # the next round finds what was not claimed
        afas.run()
    assert state_of(delivery_id) in {State.BOOKED, State.VERIFIED}
    assert posts(afas) == 1


def _lose_the_news_of_one_claim(afas: Afas, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim is committed, and the connection goes away before anybody is told."""
    writer = afas.writer
    told, lost = writer.join, []

    async def join(operation: Any, request: Any) -> Any:
        result = await told(operation, request)
        if operation is claim_all and result.claims and not lost:
            lost.append(result)
            raise OperationalError("server closed the connection unexpectedly")
        return result

    monkeypatch.setattr(writer, "join", join)
