"""Claiming for all drains at once: what was read ahead is a hint, and the claim decides by what the tables say."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, transaction
from tests.integration.delivery_office import (
    BOOKED,
    NOW,
    POLICY,
    REFUSED,
    UNKNOWN,
    DeliveryOffice,
    look_ahead,
    make_office,
    state_of,
)
from tests.integration.test_drain import Line, ground, run

from loonbrug.connections import operations as connections
from loonbrug.connections.clients import sign_ins
from loonbrug.connections.models import Environment
from loonbrug.delivery import claiming, decisions, installation
from loonbrug.delivery import drain as drains
from loonbrug.delivery import ground as grounds
from loonbrug.delivery.asking import take_questions
from loonbrug.delivery.claiming import Claim, Claimed, Wish, claim_all
from loonbrug.delivery.drain import grouping_writer
from loonbrug.delivery.inspection import record_answers
from loonbrug.delivery.lanes import OvertakenError
from loonbrug.delivery.models import Attempt, AttemptKind, Delivery
from loonbrug.delivery.operations import raise_epochs
from loonbrug.delivery.outcomes import Answer
from loonbrug.delivery.reading_ahead import AHEAD_PER_LANE, Ahead, Candidate, Outlook, ready_all
from loonbrug.delivery.recording import Report, record_all
from loonbrug.delivery.states import State
from loonbrug.delivery.writer import Writer

pytestmark = pytest.mark.django_db(transaction=True)


def candidates(count: int, lane: tuple[int, str], first: int = 1) -> list[Candidate]:
    return [Candidate(first + number, lane, AttemptKind.BOOK) for number in range(count)]


def ready(office: DeliveryOffice) -> tuple[Candidate, ...]:
    return look_ahead(office.environment_id)


def wish(office: DeliveryOffice, ahead: Iterable[Candidate], *, reading_count: int = 0) -> Wish:
    claim_ids = [uuid4() for _ in range(9)]
    return Wish(office.environment_id, office.epoch, tuple(ahead), claim_ids, reading_count, POLICY, NOW)


def claimed(*wishes: Wish) -> list[Claimed | Exception]:
    with transaction.atomic():
        return claim_all(wishes)


def claims(result: Claimed | Exception) -> tuple[Claim, ...]:
    assert isinstance(result, Claimed)
    return result.claims


# reading ahead


def test_a_lane_that_was_cut_off_is_short_once_nothing_of_it_is_left() -> None:
    ahead = Ahead(candidates(AHEAD_PER_LANE, (1, "90")))
    ahead.drop(range(1, AHEAD_PER_LANE))
    assert not ahead.is_short
    ahead.drop([AHEAD_PER_LANE])
    assert ahead.is_short


def test_a_lane_that_was_read_to_its_end_is_never_short() -> None:
    ahead = Ahead([*candidates(AHEAD_PER_LANE - 1, (1, "90")), *candidates(AHEAD_PER_LANE, (2, "90"), 100)])
    ahead.drop(range(1, AHEAD_PER_LANE))
    ahead.drop([1])
    assert not ahead.is_short
    assert len(ahead.candidates) == AHEAD_PER_LANE


def test_a_long_lane_does_not_hide_a_short_one() -> None:
    office = make_office()
    for _ in range(AHEAD_PER_LANE + 5):
        office.queue()
    other = office.queue(administration=2)
    found = ready(office)
    assert len(found) == AHEAD_PER_LANE + 1
    assert [each.delivery_id for each in found if each.lane == (2, "90")] == [other]


def test_a_drain_reads_on_where_a_lane_was_cut_off() -> None:
    office, line = make_office(), Line()
    ids = [office.queue() for _ in range(AHEAD_PER_LANE + 2)]
    with grouping_writer() as writer:
        run(office, ground(line, writer))
    assert {state_of(delivery_id) for delivery_id in ids} == {State.BOOKED}
    assert len(line.sent) == len(ids)


# many environments in one group


def test_environments_in_one_group_keep_their_own_limits_and_lanes() -> None:
    north, south = make_office(), make_office("Kantoor Zuid", "67890")
    Environment.objects.filter(pk=north.environment_id).update(parallel_call_count=2)
    for office in (north, south):
        for administration in (1, 1, 2, 3, 4, 5, 6):
            office.queue(administration=administration)
        office.start()
    of_north, of_south = claimed(wish(north, ready(north)), wish(south, ready(south)))
    assert {claim.office_id for claim in claims(of_north)} == {north.scope.office_id}
    assert {claim.office_id for claim in claims(of_south)} == {south.scope.office_id}
    sending = Delivery.objects.filter(state=State.SENDING).order_by("administration")
    lanes = sending.values_list("environment_id", "administration")
    assert set(lanes) == {
        *((north.environment_id, number) for number in (1, 2)),
        *((south.environment_id, number) for number in (1, 2, 3, 4, 5)),
    }
    assert len(lanes) == 7


def test_a_busy_lane_stops_its_own_environment_only() -> None:
    north, south = make_office(), make_office("Kantoor Zuid", "67890")
    for office in (north, south):
        office.queue()
        office.start()
    claimed(wish(north, ready(north)))
    north.queue()
    of_north, of_south = claimed(wish(north, ready(north)), wish(south, ready(south)))
    assert (len(claims(of_north)), len(claims(of_south))) == (0, 1)


def test_who_was_overtaken_hears_it_and_the_others_claim() -> None:
    north, south = make_office(), make_office("Kantoor Zuid", "67890")
    for office in (north, south):
        office.queue()
        office.start()
    older = wish(north, ready(north))
    north.start()
    overtaken, of_south = claimed(older, wish(south, ready(south)))
    assert isinstance(overtaken, OvertakenError)
    assert len(claims(of_south)) == 1
    assert Attempt.objects.get().delivery.office_id == south.scope.office_id


def test_calls_that_read_leave_fewer_to_send() -> None:
    office = make_office()
    for administration in range(1, 7):
        office.queue(administration=administration)
    office.start()
    (result,) = claimed(wish(office, ready(office), reading_count=3))
    assert len(claims(result)) == 2


def test_a_lane_that_is_looked_at_is_not_free_though_its_doubt_is_over() -> None:
    office = make_office()
    for administration in range(1, 7):
        office.queue(administration=administration)
    office.start()
    wanted = replace(wish(office, ready(office)), looking=frozenset({(1, "90")}))
    (result,) = claimed(wanted)
    assert len(claims(result)) == 4
    assert {Delivery.objects.get(pk=claim.delivery_id).administration for claim in claims(result)} == {
        2,
        3,
        4,
        5,
    }


def test_a_claim_says_how_many_calls_it_leaves_free() -> None:
    office = make_office()
    for _ in range(2):
        office.queue()
    office.start()
    (result,) = claimed(wish(office, ready(office), reading_count=1))
    assert isinstance(result, Claimed)
    assert (len(result.claims), result.free_call_count) == (1, 3)


# between reading ahead and claiming


def becomes_test(office: DeliveryOffice) -> None:
    office.company.is_test = True
    office.company.save()


def is_blocked(office: DeliveryOffice) -> None:
    office.company.debtor.is_blocked = True
    office.company.debtor.save()


def account_pauses(office: DeliveryOffice) -> None:
    connections.mark_broken(
        office_id=office.scope.office_id, connection_id=office.connection_id, reason="token_refused", now=NOW
    )


def is_cancelled(office: DeliveryOffice) -> None:
    delivery_id = Delivery.objects.get().pk
    decisions.cancel(
        office_id=office.scope.office_id, delivery_id=delivery_id, reason="mistake", by="Anna", now=NOW
    )


def is_put_off(_: DeliveryOffice) -> None:
    Delivery.objects.update(due_at=NOW + timedelta(seconds=1))


def database_is_restored(_: DeliveryOffice) -> None:
    installation.pause(policy=POLICY, now=NOW)


def office_is_paused(office: DeliveryOffice) -> None:
    """As after a restoration, but with what waits still queued."""
    database_is_restored(office)
    Delivery.objects.update(state=State.QUEUED, due_at=NOW)


def office_was_released_just_now(office: DeliveryOffice) -> None:
    """Released, while AFAS may still be busy with what the restored database does not know."""
    office_is_paused(office)
    installation.release(office_id=office.scope.office_id, reason="put back by us", by="Anna", now=NOW)


MEANWHILE = (
    *(becomes_test, is_blocked, account_pauses, is_cancelled),
    *(is_put_off, database_is_restored, office_is_paused, office_was_released_just_now),
)


@pytest.mark.parametrize("happens", MEANWHILE, ids=lambda happens: happens.__name__)
def test_what_changed_since_it_was_read_ahead_is_not_claimed(
    happens: Callable[[DeliveryOffice], None],
) -> None:
    office = make_office()
    delivery_id = office.queue()
    office.start()
    ahead = ready(office)
    assert [each.delivery_id for each in ahead] == [delivery_id]
    happens(office)
    state = state_of(delivery_id)
    (result,) = claimed(wish(office, ahead))
    assert result == Claimed(claims=(), gone=frozenset({delivery_id}), free_call_count=5)
    assert state_of(delivery_id) is state
    assert not Attempt.objects.exists()


def test_what_is_gone_from_a_lane_does_not_keep_the_rest_of_it_waiting() -> None:
    office, line = make_office(), Line()
    gone, stays = office.queue(), office.queue()
    seen: list[int] = []

    def cancels_when_read(outlooks: Sequence[Outlook]) -> list[tuple[Candidate, ...] | Exception]:
        found = ready_all(outlooks)
        if not seen:
            seen.append(gone)
            decisions.cancel(
                office_id=office.scope.office_id, delivery_id=gone, reason="mistake", by="Anna", now=NOW
            )
        return found

    with (
        pytest.MonkeyPatch.context() as patch,
        Writer(
            raise_epochs, record_all, sign_ins, record_answers, cancels_when_read, claim_all, take_questions
        ) as writer,
    ):
        patch.setattr(drains, "ready_all", cancels_when_read)
        run(office, ground(line, writer))
    assert (state_of(gone), state_of(stays)) == (State.CANCELLED, State.BOOKED)
    assert len(line.sent) == 1


# a commit of which nobody knows whether it was stored


class LosesTheLine(Writer):
    """The first claim ends in a dead line: after its commit, or before."""

    def __init__(self, *, after_commit: bool) -> None:
        super().__init__(
            raise_epochs, record_all, sign_ins, record_answers, ready_all, claim_all, take_questions
        )
        self._loses = True
        self._after_commit = after_commit

    def join(self, operation: Any, request: Any) -> "asyncio.Future[Any]":
        if operation is not claim_all or not self._loses:
            return super().join(operation, request)
        self._loses = False
        return asyncio.ensure_future(self._lose(operation, request))

    async def _lose(self, operation: Any, request: Any) -> None:
        if self._after_commit:
            await super().join(operation, request)
        raise OperationalError("the line to the database is gone")


@pytest.mark.parametrize(("after_commit", "first", "second"), [(True, 2, 2), (False, 0, 2)])
def test_a_claim_whose_commit_is_unknown_is_read_back_and_sent_once(
    monkeypatch: pytest.MonkeyPatch, after_commit: bool, first: int, second: int
) -> None:
    monkeypatch.setattr(grounds, "STORE_AGAIN_SECONDS", 0.01)
    office, line = make_office(), Line()
    ids = [office.queue(administration=administration) for administration in (1, 2)]
    with LosesTheLine(after_commit=after_commit) as writer:
        run(office, ground(line, writer))
        assert len(line.sent) == Attempt.objects.count() == first
        run(office, ground(line, writer))  # what was not stored is due as before
    assert len(line.sent) == Attempt.objects.count() == second
    assert {state_of(delivery_id) for delivery_id in ids} == {State.BOOKED}


def test_what_is_read_back_is_what_was_claimed_and_not_yet_answered() -> None:
    office = make_office()
    for administration in (1, 2):
        office.queue(administration=administration)
    office.start()
    answered, waiting = office.claim()
    office.answer(answered.claim_id, BOOKED)
    ids = [answered.claim_id, waiting.claim_id, uuid4()]
    (found,) = claiming.stored_claims(claim_ids=ids)
    assert found == replace(waiting, token=found.token)
    assert not claiming.stored_claims(claim_ids=[])


# two answers of one delivery in one group

OTHER_NUMBER = replace(BOOKED, entry_number="6001")


@pytest.fixture
def tried_twice() -> tuple[DeliveryOffice, int, Claim, Claim]:
    """A delivery whose first attempt nobody answered, and which a person sent again after AFAS's limit."""
    office = make_office()
    delivery_id = office.queue()
    office.start()
    (first,) = office.claim()
    later = NOW + POLICY.send_window + POLICY.read_time_out + timedelta(seconds=1)
    office.start(at=later)
    decisions.resolve(
        office_id=office.scope.office_id,
        delivery_id=delivery_id,
        decision=decisions.DoubtDecision.AGAIN,
        entry_number="",
        reason="not in AFAS",
        by="Anna",
        now=later,
    )
    (second,) = office.claim(at=later)
    return office, delivery_id, first, second


def recorded(*answers: tuple[Claim, Answer]) -> list[State | Exception]:
    at = NOW + timedelta(hours=1)
    with transaction.atomic():
        return record_all([Report(claim.claim_id, answer, POLICY, at) for claim, answer in answers])


@pytest.mark.parametrize("older_first", [True, False])
def test_two_answers_of_one_delivery_are_judged_one_after_the_other(
    tried_twice: tuple[DeliveryOffice, int, Claim, Claim], older_first: bool
) -> None:
    _, delivery_id, first, second = tried_twice
    answers = [(first, OTHER_NUMBER), (second, BOOKED)]
    recorded(*(answers if older_first else reversed(answers)))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.reason) == (State.CONFLICT, "double")


def test_an_older_booking_beside_a_refusal_in_one_group_is_booked(
    tried_twice: tuple[DeliveryOffice, int, Claim, Claim],
) -> None:
    _, delivery_id, first, second = tried_twice
    states = recorded((second, REFUSED), (first, OTHER_NUMBER))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.entry_number) == (State.BOOKED, "6001")
    assert states == [State.REJECTED, State.BOOKED]


def test_the_same_answer_twice_in_one_group_is_recorded_once(
    tried_twice: tuple[DeliveryOffice, int, Claim, Claim],
) -> None:
    _, delivery_id, _, second = tried_twice
    assert recorded((second, BOOKED), (second, UNKNOWN)) == [State.BOOKED, State.BOOKED]
    assert Delivery.objects.get(pk=delivery_id).entry_number == BOOKED.entry_number
    assert Attempt.objects.get(claim_id=second.claim_id).outcome == "booked"
