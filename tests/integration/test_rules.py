"""The fourteen rules that keep every entry booked exactly once, one test for each by its number.

Each shows its rule at work; `docs/delivery-rules.md` names the tests that try to break it.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, connections
from tests.integration.afas_at_work import Afas
from tests.integration.delivery_office import BOOKED, NOT_LET_IN, NOW, POLICY, UNKNOWN, state_of
from tests.integration.test_inspection import ask, numbers_are_kept, tell

from afas_client import errors
from afas_client.errors import NeverLeft, NoAnswer
from afas_client.wire import Request, Response
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery import calls, installation, queries
from loonbrug.delivery.lanes import OvertakenError
from loonbrug.delivery.models import Attempt, Delivery, NumberKeeping
from loonbrug.delivery.outcomes import Outcome, Reason, answer_to
from loonbrug.delivery.questions import Kind
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import State
from loonbrug.ledger.problems import ProblemsError
from loonbrug.project.durability import assert_durable

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = POLICY.doubt_until(send_before=NOW + POLICY.send_window)


def row(delivery_id: int) -> Delivery:
    return Delivery.objects.get(pk=delivery_id)


def lose_answers(afas: Afas, *, is_booked: bool) -> None:
    """From now on the line is cut after AFAS got the message."""

    def cut(request: Request) -> Response:
        if is_booked:
            afas.books.book(request.body)
        raise NoAnswer("the connection was cut")

    afas.books._book = cut  # type: ignore[method-assign]


def posts(afas: Afas) -> int:
    return sum(request.method == "POST" for request in afas.books.sent)


def test_rule_01_a_voucher_number_is_made_from_the_run_and_one_delivery_of_an_entry_lives(afas: Afas) -> None:
    first = afas.booked(run_id=7)
    with pytest.raises(IntegrityError):
        afas.office.queue(run_id=7)
    afas.reverse(first)
    afas.run()
    again = afas.booked(run_id=7)
    numbers = {first.voucher_number, again.voucher_number}
    assert (len(numbers), again.generation) == (2, 1)
    assert all(len(number) <= 32 for number in numbers)
    assert {line["VoucherNo"] for line in afas.books.lines} == {again.voucher_number}
    installation.pause(policy=POLICY, now=NOW)
    assert installation.paused_offices(now=NOW + timedelta(days=9)) == {first.office_id}


def test_rule_02_the_frozen_payload_is_what_is_sent_byte_for_byte(afas: Afas) -> None:
    delivery = afas.booked()
    sent = next(request.body for request in afas.books.sent if request.method == "POST")
    assert sent == delivery.payload
    assert delivery.attempts.get().payload_hash == sha256(sent).hexdigest()


def test_rule_03_no_transaction_is_open_while_we_talk_to_afas(afas: Afas) -> None:
    usual, seen = afas.books._book, []

    def look(request: Request) -> Response:
        """Another process sees the claim, and can write, while AFAS works."""
        with ThreadPoolExecutor(max_workers=1) as other:
            seen.append(other.submit(Attempt.objects.filter(ended_at=None).count).result())
            other.submit(Connection.objects.update, afas_user="12345.ander").result(timeout=5)
            other.submit(connections.close_all).result()
        return usual(request)

    afas.books._book = look  # type: ignore[method-assign]
    afas.booked()
    assert seen == [1]
    assert_durable()


def test_rule_04_a_newer_drain_fences_the_older_one_and_doubts_what_it_left(afas: Afas) -> None:
    office = afas.office
    left = office.queue()
    office.start()
    (claim,) = office.claim()
    assert queries.environments_with_due_work(now=NOW) == (office.environment_id,)
    office.queue(administration=2)
    older = office.epoch
    office.start()
    office.epoch = older
    with pytest.raises(OvertakenError):
        office.claim()
    assert state_of(left) is State.IN_DOUBT
    assert office.answer(claim.claim_id, BOOKED) is State.BOOKED


def test_rule_05_an_attempt_leaves_within_its_window_by_both_clocks_or_not_at_all(afas: Afas) -> None:
    afas.office.queue()
    afas.office.start()
    (claim,) = afas.office.claim()
    for wall, boot in ((30, 0), (0, 30), (-3600, 30)):
        times = {"wall": 0, "boot": 0}
        ground = replace(
            afas.ground(NOW),
            now=lambda times=times: NOW + timedelta(seconds=times["wall"]),
            boot_seconds=lambda times=times: float(times["boot"]),
        )
        departure = calls._Departure(claim, ground)
        times |= {"wall": wall, "boot": boot}
        with pytest.raises(NeverLeft):
            departure()
        assert departure.in_fact(answer_to(NoAnswer("cut"))).outcome is Outcome.NOT_BOOKED


def test_rule_06_a_lost_booking_or_deletion_is_never_sent_by_itself_again(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.cuts_before_deleting = True
    afas.reverse(delivery)
    lose_answers(afas, is_booked=False)
    afas.office.queue(administration=2)
    for minutes in range(0, 16, 3):
        afas.run(NOW + timedelta(minutes=minutes))
    assert (len(afas.books.deletions), posts(afas)) == (1, 2)


def test_rule_07_we_wait_as_long_as_afas_works_and_a_doubt_keeps_its_lane_so_long(afas: Afas) -> None:
    assert POLICY.read_time_out == timedelta(seconds=960)
    assert POLICY.scaled(60).read_time_out == timedelta(seconds=16)
    afas.office.sent(UNKNOWN)
    afas.office.queue()
    assert afas.office.claim(at=LIMIT - timedelta(seconds=1)) == ()
    assert len(afas.office.claim(at=LIMIT)) == 1


def test_rule_08_in_doubt_is_looked_up_and_found_ends_it_without_sending_again(afas: Afas) -> None:
    lose_answers(afas, is_booked=True)
    delivery_id = afas.office.queue()
    afas.run()
    assert state_of(delivery_id) is State.IN_DOUBT
    afas.run(NOW + timedelta(seconds=2))
    assert state_of(delivery_id) in {State.BOOKED, State.VERIFIED}
    assert posts(afas) == 1


def test_rule_09_absence_needs_two_looks_the_limit_apart_and_sight(afas: Afas) -> None:
    office = afas.office
    office.sent(BOOKED)
    numbers_are_kept(office)
    delivery_id = office.sent(UNKNOWN)
    first = NOW + 2 * POLICY.send_window
    looks = [(first, True), (first + timedelta(seconds=959), True), (LIMIT + timedelta(minutes=5), False)]
    for at, has_sight in looks:
        look(afas, delivery_id, at, has_sight=has_sight)
        assert state_of(delivery_id) is State.IN_DOUBT
    look(afas, delivery_id, LIMIT + timedelta(minutes=6), has_sight=True)
    assert state_of(delivery_id) is State.QUEUED


def look(afas: Afas, delivery_id: int, at: object, *, has_sight: bool) -> None:
    Delivery.objects.filter(pk=delivery_id).update(due_at=at)
    for question in ask(afas.office, at):  # type: ignore[arg-type]
        if question.kind is Kind.DOUBT:
            tell(question, at, sight=has_sight)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_kept", [True, False])
def test_rule_10_whether_our_number_is_kept_is_found_out_once_for_a_lane(
    afas: Afas, *, is_kept: bool
) -> None:
    book = afas.books.book

    def renumbered(body: bytes) -> int:
        number = book(body)
        for line in () if is_kept else afas.books.lines:
            line["VoucherNo"] = "1"
        return number

    afas.books.book = renumbered  # type: ignore[method-assign]
    delivery = afas.booked()
    afas.run()
    assert NumberKeeping.objects.get().is_kept is is_kept
    with nullcontext() if is_kept else pytest.raises(ProblemsError, match="delete_not_possible"):
        afas.reverse(delivery, How.DELETE)


@pytest.mark.parametrize(
    "error", [errors.Unknown("404"), errors.NoAnswer("cut"), errors.BadAnswer("302"), errors.AfasError("429")]
)
def test_rule_11_what_the_catalogue_does_not_know_as_settled_is_in_doubt(
    afas: Afas, error: errors.AfasError
) -> None:
    answer = answer_to(error)
    assert answer.outcome is Outcome.UNKNOWN
    assert state_of(afas.office.sent(answer)) is State.IN_DOUBT


def test_rule_12_reading_back_wants_exactly_one_as_sent_and_says_what_was_compared(afas: Afas) -> None:
    delivery = afas.booked()
    afas.run()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.compared) == (State.VERIFIED, "accounts_and_axes")
    afas.books.book(delivery.payload)
    Delivery.objects.filter(pk=delivery.pk).update(due_at=NOW)
    afas.run()
    assert row(delivery.pk).reason == Reason.DOUBLE


def test_rule_13_nothing_is_deleted_that_the_books_do_not_show_to_be_ours_as_sent(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.lines[0]["AmtDebit"] = "99.00"
    afas.reverse(delivery)
    afas.run()
    assert afas.books.deletions == []
    assert (row(delivery.pk).state, row(delivery.pk).reason) == (State.BOOKED, Reason.NOT_AS_SENT)


def test_rule_14_a_paused_connection_freezes_its_doubts(afas: Afas) -> None:
    delivery_id = afas.office.sent(UNKNOWN)
    afas.office.queue(administration=2)
    afas.office.start()
    (claim,) = afas.office.claim()
    afas.office.answer(claim.claim_id, NOT_LET_IN)
    assert Connection.objects.get().state == ConnectionState.BROKEN
    afas.run(LIMIT + timedelta(days=3))
    assert state_of(delivery_id) is State.IN_DOUBT
