"""Doubts that AFAS's books end, bookings that they verify, and what happens when we cannot look."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from tests.integration.delivery_office import (
    BOOKED,
    NOW,
    POLICY,
    TOKEN,
    UNKNOWN,
    DeliveryOffice,
    ask,
    make_office,
    state_of,
)

from afas_client.transactions import Transaction
from loonbrug.connections import operations as connections
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery import asking, decisions, inspection
from loonbrug.delivery.asking import Ask
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.inspection import Answered, Look
from loonbrug.delivery.lanes import OvertakenError
from loonbrug.delivery.models import Delivery, NumberKeeping
from loonbrug.delivery.outcomes import Reason
from loonbrug.delivery.questions import Kind, Question
from loonbrug.delivery.states import State

pytestmark = pytest.mark.django_db

ALLOCATED = "Profit_Transactions_Allocated"
LIMIT = POLICY.doubt_until(send_before=NOW + POLICY.send_window)


@pytest.fixture
def office() -> DeliveryOffice:
    return may_look(make_office())


def may_look(office: DeliveryOffice, *connectors: str) -> DeliveryOffice:
    connections.record_capabilities(
        office_id=office.scope.office_id,
        connection_id=office.connection_id,
        get_connectors=list(connectors or [ALLOCATED]),
        update_connectors=["FiEntries"],
        environment_code="T12345AA",
        token_expiry="0",
        now=NOW,
    )
    return office


def numbers_are_kept(office: DeliveryOffice, *, kept: bool = True) -> None:
    NumberKeeping.objects.create(
        office_id=office.scope.office_id,
        environment_id=office.environment_id,
        administration=1,
        journal_code="90",
        is_kept=kept,
        found_at=NOW,
    )


def lines_of(
    delivery_id: int, *, entry_number: str = "5789", amount: str = "100.00"
) -> tuple[Transaction, ...]:
    number = Delivery.objects.get(pk=delivery_id).voucher_number
    value, nothing, none = Decimal(amount), Decimal(0), ("",) * 5
    return (
        Transaction(1, "90", 2026, entry_number, number, "4000", value, nothing, none),
        Transaction(1, "90", 2026, entry_number, number, "2100", nothing, value, none),
    )


def tell(question: Question, at: datetime, *lines: Transaction, sight: bool = False) -> None:
    answered = Answered(
        lines=lines,
        query="?voucher",
        has_sight=sight,
        afas_clock=at,
        boot="b1",
        boot_seconds=Decimal(int(at.timestamp())),
        now=at,
    )
    with transaction.atomic():
        inspection.record_answers([Look(question, answered, POLICY)])


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_whoever_was_overtaken_asks_nothing_more() -> None:
    office = may_look(make_office())
    office.sent(UNKNOWN)
    earlier = office.epoch
    office.start(at=NOW + seconds(3))
    office.epoch, newer = earlier, office.epoch
    with pytest.raises(OvertakenError):
        ask(office, NOW + seconds(3))
    office.epoch = newer
    assert ask(office, NOW + seconds(3))


def test_what_is_booked_waits_while_the_sends_leave_no_call_but_a_doubt_does_not(
    office: DeliveryOffice,
) -> None:
    booked, doubted = office.sent(BOOKED), office.sent(UNKNOWN)
    at = NOW + seconds(2)
    (doubt,) = ask(office, at, free_call_count=0)
    assert doubt.wanted[0].delivery_id == doubted
    (number_check,) = ask(office, at, free_call_count=1)
    assert number_check.wanted[0].delivery_id == booked


def test_the_question_of_an_overtaken_drain_frees_no_call_of_the_newer(office: DeliveryOffice) -> None:
    office.sent(BOOKED)
    for administration in range(2, 7):
        office.queue(administration=administration)
    assert len(office.claim()) == 5
    newer = Ask(office.environment_id, office.epoch, 0, 5, POLICY, NOW)
    older = replace(newer, epoch=office.epoch - 1, free_call_count=0)
    with transaction.atomic():
        taken, _ = asking.take_questions([newer, older])
    assert taken == ()


def test_calls_that_look_leave_fewer_to_read_back_with(office: DeliveryOffice) -> None:
    office.sent(BOOKED)
    looking = frozenset((administration, "90") for administration in range(2, 7))
    asked = Ask(office.environment_id, office.epoch, 0, 5, POLICY, NOW, looking)
    for ask_now, count in ((asked, 0), (replace(asked, looking=frozenset(sorted(looking)[:4])), 1)):
        with transaction.atomic():
            (taken,) = asking.take_questions([ask_now])
        assert isinstance(taken, tuple)
        assert len(taken) == count


def test_drains_that_ask_together_get_each_its_own_questions() -> None:
    north, south = may_look(make_office()), may_look(make_office("Kantoor Zuid", "54321"))
    booked = {office.environment_id: office.sent(BOOKED) for office in (north, south)}
    older = Ask(north.environment_id, north.epoch - 1, 0, 5, POLICY, NOW)
    asks = [Ask(office.environment_id, office.epoch, 0, 5, POLICY, NOW) for office in (south, north)]
    with transaction.atomic():
        overtaken, *taken = asking.take_questions([older, *asks])
    assert isinstance(overtaken, OvertakenError)
    found = [question.wanted[0].delivery_id for of_one in taken for question in of_one]
    assert found == [booked[south.environment_id], booked[north.environment_id]]


def test_in_doubt_is_looked_up_soon_and_found_ends_it(office: DeliveryOffice) -> None:
    delivery_id = office.sent(UNKNOWN)
    assert ask(office, NOW + seconds(1)) == ()
    (question,) = ask(office, NOW + seconds(2))
    assert question.kind is Kind.DOUBT
    tell(question, NOW + seconds(2), *lines_of(delivery_id))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.entry_number) == (State.BOOKED, "5789")


def test_a_question_is_asked_once_at_a_time(office: DeliveryOffice) -> None:
    office.sent(UNKNOWN)
    assert len(ask(office, NOW + seconds(2))) == 1
    assert ask(office, NOW + seconds(2)) == ()


def test_proven_absent_is_queued_again_and_never_before_the_limit(office: DeliveryOffice) -> None:
    earlier = office.sent(BOOKED)
    delivery_id = office.sent(UNKNOWN)
    at = NOW
    while state_of(delivery_id) is State.IN_DOUBT:
        at += seconds(30)
        assert at < LIMIT + seconds(200)
        for question in ask(office, at):
            if question.kind is Kind.DOUBT:
                assert question.witness == Delivery.objects.get(pk=earlier).voucher_number
                tell(question, at, sight=True)
    assert state_of(delivery_id) is State.QUEUED
    assert at >= LIMIT


def test_a_look_while_the_message_may_still_be_on_its_way_proves_nothing(office: DeliveryOffice) -> None:
    office.sent(BOOKED)
    delivery_id = office.sent(UNKNOWN)
    too_early = NOW + 2 * POLICY.send_window - seconds(1)
    for at in (too_early, LIMIT + POLICY.send_window):
        Delivery.objects.filter(pk=delivery_id).update(due_at=at)
        (question,) = [each for each in ask(office, at) if each.kind is Kind.DOUBT]
        tell(question, at, sight=True)
        assert state_of(delivery_id) is State.IN_DOUBT


def test_a_witness_is_of_the_same_administration_journal_and_book_year(office: DeliveryOffice) -> None:
    earlier = office.sent(BOOKED)
    Delivery.objects.filter(pk=earlier).update(year=2025)
    office.queue(administration=2)
    (claim,) = office.claim()
    office.answer(claim.claim_id, BOOKED)
    doubtful = office.sent(UNKNOWN)
    for year, witness in ((2025, ""), (2026, Delivery.objects.get(pk=earlier).voucher_number)):
        Delivery.objects.filter(pk=earlier).update(year=year)
        Delivery.objects.filter(pk=doubtful).update(due_at=NOW)
        (question,) = [each for each in ask(office) if each.kind is Kind.DOUBT]
        assert question.witness == witness


def test_without_sight_absence_is_never_proven_and_a_person_decides_after_a_further_hour(
    office: DeliveryOffice,
) -> None:
    delivery_id = office.sent(UNKNOWN)
    at = NOW
    while state_of(delivery_id) is State.IN_DOUBT:
        at += seconds(60)
        assert at < LIMIT + timedelta(hours=2)
        for question in ask(office, at):
            tell(question, at)
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.reason) == (State.UNDECIDED, Reason.NO_SIGHT)
    assert at >= LIMIT + timedelta(hours=1)


def test_a_person_still_to_decide_is_spared_when_it_is_found_after_all(office: DeliveryOffice) -> None:
    delivery_id = office.sent(UNKNOWN)
    Delivery.objects.filter(pk=delivery_id).update(
        state=State.UNDECIDED, due_at=LIMIT, reason=Reason.NO_SIGHT
    )
    (question,) = ask(office, LIMIT)
    tell(question, LIMIT, *lines_of(delivery_id))
    assert state_of(delivery_id) is State.BOOKED


@pytest.mark.parametrize(("twice", "reason"), [(True, Reason.DOUBLE), (False, Reason.DIFFERENT)])
def test_found_twice_or_different_needs_a_person_once_the_limit_has_passed(
    office: DeliveryOffice, twice: bool, reason: Reason
) -> None:
    delivery_id = office.sent(UNKNOWN)
    wrong = (*lines_of(delivery_id), *lines_of(delivery_id, entry_number="5790"))
    found = wrong if twice else lines_of(delivery_id, amount="99.00")
    (question,) = ask(office, NOW + seconds(2))
    tell(question, NOW + seconds(2), *found)
    assert state_of(delivery_id) is State.IN_DOUBT
    (question,) = ask(office, LIMIT + seconds(60))
    tell(question, LIMIT + seconds(60), *found)
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.reason) == (State.CONFLICT, reason)


def test_without_a_connector_to_look_with_a_person_decides_after_the_limit() -> None:
    office = may_look(make_office(), "Precal_Administraties")
    delivery_id = office.sent(UNKNOWN)
    assert ask(office, NOW + seconds(2)) == ()
    assert asking.end_doubts(environment_id=office.environment_id, now=LIMIT - seconds(1)) == 0
    assert asking.end_doubts(environment_id=office.environment_id, now=LIMIT) == 1
    assert state_of(delivery_id) is State.UNDECIDED


def test_where_afas_does_not_keep_our_numbers_look_up_is_off(office: DeliveryOffice) -> None:
    numbers_are_kept(office, kept=False)
    delivery_id = office.sent(UNKNOWN)
    assert ask(office, NOW + seconds(2)) == ()
    assert asking.end_doubts(environment_id=office.environment_id, now=LIMIT) == 1
    assert state_of(delivery_id) is State.UNDECIDED


def test_a_paused_connection_freezes_its_doubts(office: DeliveryOffice) -> None:
    delivery_id = office.sent(UNKNOWN)
    Connection.objects.update(state=ConnectionState.BROKEN)
    assert ask(office, LIMIT + seconds(60)) == ()
    assert asking.end_doubts(environment_id=office.environment_id, now=LIMIT + seconds(60)) == 0
    assert state_of(delivery_id) is State.IN_DOUBT


def test_a_paused_connection_freezes_its_doubts_though_it_had_nothing_to_look_with() -> None:
    """Once it is let in again, it may have."""
    office = make_office()
    delivery_id = office.sent(UNKNOWN)
    for state, ended in ((ConnectionState.BROKEN, 0), (ConnectionState.AUTHORISED, 1)):
        Connection.objects.update(state=state)
        assert asking.end_doubts(environment_id=office.environment_id, now=LIMIT) == ended
    assert state_of(delivery_id) is State.UNDECIDED


def test_an_account_of_which_we_do_not_know_yet_what_it_may_see_freezes_its_doubts(
    office: DeliveryOffice,
) -> None:
    delivery_id = office.sent(UNKNOWN)
    connections.record_code_requested(
        office_id=office.scope.office_id, connection_id=office.connection_id, now=LIMIT
    )
    connections.record_authorised(
        office_id=office.scope.office_id, connection_id=office.connection_id, token=TOKEN, now=LIMIT
    )
    later = LIMIT + seconds(60)
    assert asking.end_doubts(environment_id=office.environment_id, now=later) == 0
    assert ask(office, later) == ()
    may_look(office)
    (question,) = ask(office, later)
    tell(question, later, *lines_of(delivery_id))
    assert state_of(delivery_id) is State.BOOKED


def test_a_new_token_has_to_prove_sight_anew(office: DeliveryOffice) -> None:
    office.sent(BOOKED)
    delivery_id = office.sent(UNKNOWN)
    (question,) = [each for each in ask(office, NOW + seconds(61)) if each.kind is Kind.DOUBT]
    tell(question, NOW + seconds(61), sight=True)
    renewed = LIMIT + seconds(30)
    connections.record_authorised(
        office_id=office.scope.office_id, connection_id=office.connection_id, token=TOKEN, now=renewed
    )
    may_look(office)
    (question,) = [each for each in ask(office, LIMIT + seconds(90)) if each.kind is Kind.DOUBT]
    tell(question, LIMIT + seconds(90), sight=True)
    assert state_of(delivery_id) is State.IN_DOUBT


def test_the_first_booking_of_a_lane_tells_whether_our_numbers_are_kept(office: DeliveryOffice) -> None:
    delivery_id = office.sent(BOOKED)
    (question,) = ask(office)
    assert question.kind is Kind.NUMBER_CHECK
    tell(question, NOW, *lines_of(delivery_id))
    assert NumberKeeping.objects.get().is_kept
    assert state_of(delivery_id) is State.VERIFIED


def test_a_changed_number_is_noticed_and_leaves_the_booking_as_it_is(office: DeliveryOffice) -> None:
    delivery_id = office.sent(BOOKED)
    (question,) = ask(office)
    tell(question, NOW, *(replace(line, voucher_number="20260001") for line in lines_of(delivery_id)))
    assert not NumberKeeping.objects.get().is_kept
    assert state_of(delivery_id) is State.BOOKED


def test_read_back_wants_exactly_one_as_sent(office: DeliveryOffice) -> None:
    numbers_are_kept(office)
    delivery_id = office.sent(BOOKED)
    (question,) = ask(office)
    assert question.kind is Kind.READ_BACK
    tell(question, NOW, *lines_of(delivery_id))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.compared, delivery.due_at) == (State.VERIFIED, "accounts_and_axes", None)


def verify(office: DeliveryOffice, delivery_id: int, at: datetime) -> datetime | None:
    """The books show it once; when it is read back again."""
    for question in ask(office, at):
        tell(question, at, *lines_of(delivery_id))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert delivery.state == State.VERIFIED
    return delivery.due_at


def test_what_had_an_unanswered_attempt_is_read_back_once_more_after_the_limit(
    office: DeliveryOffice,
) -> None:
    numbers_are_kept(office)
    delivery_id = office.sent(UNKNOWN)
    (question,) = ask(office, NOW + seconds(2))
    tell(question, NOW + seconds(2), *lines_of(delivery_id))
    assert verify(office, delivery_id, NOW + seconds(3)) == LIMIT
    (question,) = ask(office, LIMIT)
    tell(question, LIMIT, *lines_of(delivery_id), *lines_of(delivery_id, entry_number="5790"))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.reason) == (State.CONFLICT, Reason.DOUBLE)


def test_and_again_when_the_worker_of_that_attempt_reports_that_it_does_not_know(
    office: DeliveryOffice,
) -> None:
    """It may have stood still between the check and the write, and have sent it only now."""
    numbers_are_kept(office)
    delivery_id = office.queue()
    office.start()
    (lost,) = office.claim()
    office.start()
    (question,) = ask(office, NOW + 2 * POLICY.send_window)
    tell(question, NOW + 2 * POLICY.send_window, *lines_of(delivery_id))
    assert verify(office, delivery_id, LIMIT) is None
    thawed = LIMIT + timedelta(hours=1)
    assert office.answer(lost.claim_id, UNKNOWN, at=thawed) is State.VERIFIED
    assert verify(office, delivery_id, thawed) == thawed + POLICY.read_time_out
    assert verify(office, delivery_id, thawed + POLICY.read_time_out) is None


def test_read_back_says_that_only_accounts_were_compared() -> None:
    office = may_look(make_office(), "Profit_Transactions")
    numbers_are_kept(office)
    delivery_id = office.sent(BOOKED)
    (question,) = ask(office)
    tell(question, NOW, *lines_of(delivery_id))
    assert Delivery.objects.get(pk=delivery_id).compared == "accounts"


def test_a_difference_leaves_it_booked_with_a_problem(office: DeliveryOffice) -> None:
    numbers_are_kept(office)
    delivery_id = office.sent(BOOKED)
    (question,) = ask(office)
    tell(question, NOW, *lines_of(delivery_id, amount="99.00"))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.reason) == (State.BOOKED, Reason.DIFFERENT)


def test_two_entries_under_our_number_need_a_person(office: DeliveryOffice) -> None:
    numbers_are_kept(office)
    delivery_id = office.sent(BOOKED)
    (question,) = ask(office)
    tell(question, NOW, *lines_of(delivery_id), *lines_of(delivery_id, entry_number="5790"))
    assert state_of(delivery_id) is State.CONFLICT


def test_our_number_on_another_entry_than_the_one_that_afas_told_is_a_second_one(
    office: DeliveryOffice,
) -> None:
    numbers_are_kept(office)
    delivery_id = office.sent(BOOKED)
    (question,) = ask(office)
    tell(question, NOW, *lines_of(delivery_id, entry_number="5790"))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.reason) == (State.CONFLICT, Reason.DOUBLE)


def test_read_backs_of_one_administration_are_one_question(office: DeliveryOffice) -> None:
    numbers_are_kept(office)
    for _ in range(5):
        office.sent(BOOKED)
    (question,) = ask(office)
    assert len(question.wanted) == 5


@pytest.mark.parametrize("elsewhere", [{"journal_code": "10"}, {"administration": 2}])
def test_lines_of_another_journal_or_administration_are_not_ours(
    office: DeliveryOffice, elsewhere: dict[str, Any]
) -> None:
    delivery_id = office.sent(UNKNOWN)
    (question,) = ask(office, NOW + seconds(2))
    strange = [replace(line, **elsewhere) for line in lines_of(delivery_id)]
    tell(question, NOW + seconds(2), *strange)
    assert state_of(delivery_id) is State.IN_DOUBT


def test_not_being_let_in_to_look_pauses_the_connection(office: DeliveryOffice) -> None:
    office.sent(UNKNOWN)
    (question,) = ask(office, NOW + seconds(2))
    inspection.record_no_answer(question=question, not_let_in="expired", policy=POLICY, now=NOW + seconds(3))
    assert Connection.objects.get().state == ConnectionState.BROKEN


def by_hand(office: DeliveryOffice, number: str) -> tuple[int, datetime]:
    """An entry that a person typed into AFAS under this number."""
    delivery_id, at = office.in_doubt_past_its_limit()
    decisions.resolve(
        office_id=office.scope.office_id,
        delivery_id=delivery_id,
        decision=DoubtDecision.BY_HAND,
        entry_number=number,
        reason="getypt",
        by="Anna",
        now=at,
    )
    return delivery_id, at


@pytest.mark.parametrize("is_kept", [True, False])
def test_what_was_typed_in_by_hand_is_checked_by_the_number_of_afas(
    office: DeliveryOffice, *, is_kept: bool
) -> None:
    delivery_id, at = by_hand(office, "0017")
    numbers_are_kept(office, kept=is_kept)
    (question,) = ask(office, at)
    assert (question.kind, question.wanted[0].entry_number) == (Kind.BY_HAND, "17")
    typed = [replace(line, voucher_number="met de hand") for line in lines_of(delivery_id, entry_number="17")]
    tell(question, at, *typed)
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.reason) == (State.BOOKED_BY_HAND, "")
    assert delivery.decisions.get().is_checked
    assert ask(office, at + timedelta(days=1)) == ()


@pytest.mark.parametrize(
    ("number", "amount", "reason"), [("18", "100.00", Reason.NOT_SEEN), ("17", "99.00", Reason.DIFFERENT)]
)
def test_what_was_typed_in_and_is_not_there_as_sent_stays_unchecked_and_says_why(
    office: DeliveryOffice, number: str, amount: str, reason: Reason
) -> None:
    delivery_id, at = by_hand(office, "17")
    (question,) = ask(office, at)
    tell(question, at, *lines_of(delivery_id, entry_number=number, amount=amount))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.reason) == (State.BOOKED_BY_HAND, reason)
    assert not delivery.decisions.get().is_checked


def test_without_a_look_what_was_typed_in_is_taken_at_a_persons_word() -> None:
    office = make_office()
    delivery_id, at = by_hand(office, "17")
    assert ask(office, at) == ()
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.due_at, delivery.decisions.get().is_checked) == (
        State.BOOKED_BY_HAND, None, False,
    )  # fmt: skip
