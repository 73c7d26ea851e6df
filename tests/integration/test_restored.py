"""An office of a restored database: nothing leaves until a person releases it, and all is looked up in AFAS first."""

from datetime import datetime, timedelta

import pytest
from tests.integration.afas_at_work import Afas
from tests.integration.delivery_office import (
    BOOKED,
    NOW,
    POLICY,
    REFUSED,
    UNKNOWN,
    make_office,
    state_of,
)

from loonbrug.delivery import asking, decisions, installation, queries
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.invariants import View
from loonbrug.delivery.models import Delivery, Restoration
from loonbrug.delivery.outcomes import Reason
from loonbrug.delivery.states import State
from loonbrug.delivery.writer import Writer
from loonbrug.ledger.problems import ProblemsError
from loonbrug.screens.invariants import breaches

pytestmark = pytest.mark.django_db(transaction=True)

FOUND = NOW + timedelta(hours=1)
#: When AFAS can no longer be busy with anything that left before the restoration was found.
QUIET = POLICY.doubt_until(send_before=FOUND + POLICY.send_window)
LIMIT = POLICY.read_time_out


@pytest.fixture
def blind(writer: Writer) -> Afas:
    """An AFAS whose books we may not look in."""
    return Afas(writer, looks=False)


def restored(at: datetime = FOUND) -> int:
    return installation.pause(policy=POLICY, now=at)


def release(afas: Afas, at: datetime = FOUND, reason: str = "de oude installatie staat uit") -> None:
    installation.release(office_id=afas.office.scope.office_id, reason=reason, by="Anna", now=at)


def standing_of(delivery_id: int) -> tuple[str, str]:
    row = Delivery.objects.get(pk=delivery_id)
    return row.state, row.reason


def booked_in_the_lost_time(afas: Afas, delivery_id: int) -> str:
    return str(afas.books.book(Delivery.objects.get(pk=delivery_id).payload))


def run_until(afas: Afas, delivery_id: int, state: State, begin: datetime, end: datetime) -> datetime:
    """Let the drain look around every minute until the delivery is in this state; when that was."""
    at = begin
    while state_of(delivery_id) is not state:
        assert at <= end, state_of(delivery_id)
        afas.run(at)
        at += timedelta(minutes=1)
    return at - timedelta(minutes=1)


def posts(afas: Afas) -> int:
    return sum(request.method == "POST" for request in afas.books.sent)


def test_what_waited_is_in_doubt_and_nothing_leaves(afas: Afas) -> None:
    delivery_id = afas.office.queue()
    assert restored() == 1
    assert standing_of(delivery_id) == (State.IN_DOUBT, Reason.RESTORED)
    afas.run(FOUND)
    assert posts(afas) == 0


def test_what_was_booked_in_the_lost_time_is_found_and_not_sent_again(afas: Afas) -> None:
    delivery_id = afas.office.queue()
    number = booked_in_the_lost_time(afas, delivery_id)
    restored()
    afas.run(FOUND)
    row = Delivery.objects.get(pk=delivery_id)
    assert (row.state in {State.BOOKED, State.VERIFIED}, row.entry_number) == (True, number)
    release(afas)
    afas.run(QUIET)
    assert posts(afas) == 0


def test_what_never_left_is_proven_absent_and_leaves_after_the_release_only(afas: Afas) -> None:
    afas.booked()
    delivery_id = afas.office.queue()
    restored()
    at = run_until(afas, delivery_id, State.QUEUED, FOUND, QUIET + LIMIT)
    assert at >= QUIET
    afas.run(at + timedelta(hours=2))
    assert posts(afas) == 1
    assert breaches(View(now=at + timedelta(hours=4), policy=POLICY)) == ()
    release(afas, at)
    afas.run(at + timedelta(hours=2))
    assert posts(afas) == 2
    assert state_of(delivery_id) in {State.BOOKED, State.VERIFIED}


def test_looks_made_before_the_backup_do_not_prove_absence(afas: Afas) -> None:
    afas.booked()
    delivery_id = afas.office.sent(UNKNOWN)
    for minutes in range(1, 16):
        afas.run(NOW + timedelta(minutes=minutes))
    assert state_of(delivery_id) is State.IN_DOUBT
    restored()
    at = run_until(afas, delivery_id, State.QUEUED, FOUND, QUIET + LIMIT)
    assert at >= QUIET


def test_without_a_look_a_person_decides_once_afas_is_surely_done(blind: Afas) -> None:
    delivery_id = blind.office.queue()
    restored()
    blind.run(QUIET - timedelta(seconds=1))
    assert state_of(delivery_id) is State.IN_DOUBT
    assert asking.end_doubts(environment_id=blind.office.environment_id, now=QUIET) == 1
    decide(delivery_id, DoubtDecision.AGAIN, QUIET)
    release(blind, QUIET)
    blind.run(QUIET)
    assert state_of(delivery_id) is State.BOOKED


def decide(delivery_id: int, decision: DoubtDecision, at: datetime) -> None:
    row = Delivery.objects.get(pk=delivery_id)
    decisions.resolve(
        office_id=row.office_id,
        delivery_id=delivery_id,
        decision=decision,
        entry_number="",
        reason="gekeken in AFAS",
        by="Anna",
        now=at,
    )


def test_a_person_who_was_to_decide_before_has_to_wait_as_well(blind: Afas) -> None:
    delivery_id, over = blind.office.in_doubt_past_its_limit()
    asking.end_doubts(environment_id=blind.office.environment_id, now=over)
    assert state_of(delivery_id) is State.UNDECIDED
    restored()
    with pytest.raises(ProblemsError, match="too_early_to_decide"):
        decide(delivery_id, DoubtDecision.AGAIN, QUIET - timedelta(seconds=1))
    decide(delivery_id, DoubtDecision.AGAIN, QUIET)


def test_what_was_refused_before_is_looked_up_when_it_is_sent_again(afas: Afas) -> None:
    delivery_id = afas.office.sent(REFUSED)
    number = booked_in_the_lost_time(afas, delivery_id)
    restored()
    given = {"office_id": afas.office.scope.office_id, "delivery_id": delivery_id, "by": "Anna", "now": FOUND}
    with pytest.raises(ProblemsError, match="restored_since"):
        decisions.cancel(reason="verkeerde maand", **given)
    decisions.retry(reason="btw uitgevinkt", **given)
    assert standing_of(delivery_id) == (State.IN_DOUBT, Reason.RESTORED)
    afas.run(FOUND)
    assert Delivery.objects.get(pk=delivery_id).entry_number == number


def test_a_journal_that_is_read_in_again_is_found_under_its_old_number(afas: Afas) -> None:
    lost = Delivery.objects.get(pk=afas.office.queue(run_id=7))
    number = booked_in_the_lost_time(afas, lost.pk)
    lost.delete()
    restored()
    release(afas)
    again = afas.office.queue(run_id=7, at=FOUND)
    assert standing_of(again) == (State.IN_DOUBT, Reason.RESTORED)
    afas.run(FOUND)
    assert (Delivery.objects.get(pk=again).entry_number, posts(afas)) == (number, 0)


def test_entries_of_long_after_the_restoration_are_sent_at_once(afas: Afas) -> None:
    restored(NOW - timedelta(days=90))
    release(afas)
    assert state_of(afas.office.queue()) is State.QUEUED


def test_what_a_dead_process_was_sending_is_in_doubt_until_the_lost_time_is_surely_over(afas: Afas) -> None:
    delivery_id = afas.office.queue()
    afas.office.start()
    afas.office.claim()
    restored()
    row = Delivery.objects.get(pk=delivery_id)
    assert (row.state, row.doubt_until) == (State.IN_DOUBT, QUIET)


def test_an_answer_that_comes_after_all_is_believed(afas: Afas) -> None:
    delivery_id = afas.office.queue()
    afas.office.start()
    (claim,) = afas.office.claim()
    restored()
    afas.office.answer(claim.claim_id, BOOKED, at=FOUND)
    assert state_of(delivery_id) is State.BOOKED


def test_a_release_is_asked_once_with_a_reason(afas: Afas) -> None:
    with pytest.raises(ProblemsError, match="nothing_to_release"):
        release(afas)
    restored()
    again = FOUND + timedelta(minutes=1)
    restored(again)
    with pytest.raises(ProblemsError, match="reason_missing"):
        release(afas, reason=" ")
    release(afas)
    kept = Restoration.objects.get()
    assert (kept.released_by, kept.reason, kept.found_at) == ("Anna", "de oude installatie staat uit", again)
    assert installation.unreleased_offices() == frozenset()


def test_a_paused_office_does_not_hold_another_back() -> None:
    first = make_office()
    restored()
    second = make_office("Kantoor Zuid")
    first.queue(at=FOUND)
    delivery_id = second.queue(at=FOUND, administration=2)
    assert state_of(delivery_id) is State.QUEUED
    second.start(at=FOUND)
    assert [claim.delivery_id for claim in second.claim(at=FOUND)] == [delivery_id]


def test_paused_work_wakes_no_drain_and_its_looks_do(afas: Afas) -> None:
    afas.booked()
    delivery_id = afas.office.queue()
    restored()
    assert queries.environments_with_due_work(now=FOUND) == (afas.office.environment_id,)
    run_until(afas, delivery_id, State.QUEUED, FOUND, QUIET + LIMIT)
    later = QUIET + timedelta(hours=2)
    assert queries.environments_with_due_work(now=later) == ()
    release(afas, later)
    assert queries.environments_with_due_work(now=later) == (afas.office.environment_id,)


def test_a_backup_made_before_the_release_does_not_know_what_was_sent_after_it(afas: Afas) -> None:
    """Restoring it is another restoration, though the office still waits for its release."""
    delivery_id = afas.office.queue()
    afas.office.start()
    (claim,) = afas.office.claim()
    restored()
    afas.office.answer(claim.claim_id, REFUSED, at=FOUND + timedelta(minutes=1))
    assert state_of(delivery_id) is State.REJECTED
    number = booked_in_the_lost_time(afas, delivery_id)
    again = FOUND + timedelta(hours=2)
    restored(again)
    release(afas, again)
    decisions.retry(
        office_id=afas.office.scope.office_id, delivery_id=delivery_id, reason="btw", by="Anna", now=again
    )
    assert standing_of(delivery_id) == (State.IN_DOUBT, Reason.RESTORED)
    afas.run(again)
    assert (Delivery.objects.get(pk=delivery_id).entry_number, posts(afas)) == (number, 0)
