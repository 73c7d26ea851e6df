"""Taking booked entries out of AFAS again: asked for once, looked at before and after, deleted once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connections, transaction
from tests.integration.afas_at_work import Afas
from tests.integration.delivery_office import NOW, POLICY, state_of

from afas_client.get_connector import Row
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery import decisions, queries
from loonbrug.delivery.models import Attempt, AttemptKind, Delivery, LookUp
from loonbrug.delivery.outcomes import Decision, Outcome, Reason
from loonbrug.delivery.payload import counter_payload, counter_voucher_number
from loonbrug.delivery.reversing import How, ways
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision
from loonbrug.delivery.writer import Writer
from loonbrug.ledger.problems import ProblemsError

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = POLICY.doubt_until(send_before=NOW + POLICY.send_window)


@pytest.fixture
def blind(writer: Writer) -> Afas:
    """An AFAS whose books we may not look in."""
    return Afas(writer, looks=False)


def standing_of(delivery: Delivery) -> tuple[str, str]:
    delivery.refresh_from_db()
    return delivery.state, delivery.reason


def problem_of(afas: Afas, delivery: Delivery, how: How = How.DELETE, reason: str = "wrong run") -> str:
    with pytest.raises(ProblemsError) as refused:
        afas.reverse(delivery, how, reason)
    return refused.value.problems[0].code


def test_a_booked_entry_is_looked_at_deleted_once_and_looked_at_again(afas: Afas) -> None:
    delivery = afas.booked()
    afas.reverse(delivery)
    assert standing_of(delivery) == (State.REVERSING, Reason.TO_DELETE)
    before = len(afas.books.sent)
    afas.run()
    assert standing_of(delivery) == (State.REVERSED, "")
    assert [request.method for request in afas.books.sent[before:]] == ["GET", "DELETE", "GET"]
    assert afas.books.lines == []


def test_a_reversal_leaves_its_evidence(afas: Afas) -> None:
    delivery = afas.booked()
    afas.reverse(delivery, reason="the run was wrong")
    afas.run()
    attempt = Attempt.objects.get(kind=AttemptKind.DELETE)
    assert (attempt.outcome, attempt.entry_number, attempt.status) == (Outcome.DELETED, "5001", 200)
    assert list(LookUp.objects.order_by("id").values_list("entry_number", flat=True)) == ["5001", ""]
    decision = delivery.decisions.get()
    assert (decision.kind, decision.reason, decision.by) == ("by_delete", "the run was wrong", "Anna")


def test_the_attempt_is_there_before_the_delete_leaves(afas: Afas) -> None:
    delivery, seen = afas.booked(), []
    answer = afas.books._delete

    def look(request):
        with ThreadPoolExecutor(max_workers=1) as other:
            seen.append(other.submit(Attempt.objects.filter(kind=AttemptKind.DELETE).count).result())
            other.submit(connections.close_all).result()
        return answer(request)

    afas.books._delete = look  # type: ignore[method-assign]
    afas.reverse(delivery)
    afas.run()
    assert seen == [1]


def test_what_is_not_as_it_was_sent_is_not_deleted(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.lines[0]["AmtDebit"] = "99"
    afas.reverse(delivery)
    afas.run()
    assert standing_of(delivery) == (State.BOOKED, Reason.NOT_AS_SENT)
    assert afas.books.deletions == []
    assert Attempt.objects.get(kind=AttemptKind.DELETE).outcome == Outcome.NOT_BOOKED


def test_an_entry_that_shares_its_number_with_another_year_is_not_deleted(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.lines += [{**line, "Year": 2025, "VoucherNo": "HAND"} for line in afas.books.lines]
    afas.reverse(delivery)
    afas.run()
    assert standing_of(delivery) == (State.BOOKED, Reason.NOT_AS_SENT)
    assert afas.books.deletions == []


def test_a_refusal_leaves_it_booked_with_the_reason_and_the_words_of_afas(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.refuses_to_delete = True
    afas.reverse(delivery)
    afas.run()
    assert standing_of(delivery) == (State.BOOKED, Reason.DELETE_REFUSED)
    attempt = Attempt.objects.get(kind=AttemptKind.DELETE)
    assert (attempt.code, attempt.outcome) == ("entry-reconciled", Outcome.REFUSED)
    afas.run(LIMIT)
    assert len(afas.books.deletions) == 1


def test_an_answer_lost_after_deleting_is_settled_by_the_look(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.cuts_after_deleting = True
    afas.reverse(delivery)
    afas.run()
    assert standing_of(delivery) == (State.REVERSING, Reason.DELETE_LEFT)
    afas.run(NOW + POLICY.look_first)
    assert standing_of(delivery) == (State.REVERSED, "")
    assert len(afas.books.deletions) == 1


def test_an_answer_lost_before_deleting_is_waited_for_and_never_sent_again(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.cuts_before_deleting = True
    afas.reverse(delivery)
    at = NOW
    while at < LIMIT:
        afas.run(at)
        assert standing_of(delivery) == (State.REVERSING, Reason.DELETE_LEFT)
        at += timedelta(seconds=120)
    afas.run(LIMIT + timedelta(seconds=1))
    assert standing_of(delivery) == (State.BOOKED, Reason.STILL_THERE)
    assert len(afas.books.deletions) == 1


def test_not_being_allowed_to_look_any_more_is_not_being_gone(afas: Afas) -> None:
    """Another entry of ours is the witness: when AFAS shows that neither, we see nothing at all."""
    afas.booked()
    delivery = afas.booked()
    afas.books.cuts_before_deleting = True
    afas.reverse(delivery)
    afas.run()
    afas.books.lines = []
    afas.run(NOW + POLICY.look_first)
    assert standing_of(delivery) == (State.REVERSING, Reason.DELETE_LEFT)


def deleted_unseen(afas: Afas) -> Delivery:
    """AFAS did the DELETE, its answer was lost, and another token may not see what the first saw."""
    delivery = afas.booked()
    afas.books.cuts_after_deleting = True
    afas.reverse(delivery)
    afas.run()
    Connection.objects.update(authorised_at=NOW + timedelta(seconds=1))
    return delivery


def test_a_first_entry_is_not_gone_either_when_the_token_changed_meanwhile(afas: Afas) -> None:
    delivery = deleted_unseen(afas)
    afas.run(NOW + POLICY.look_first)
    assert standing_of(delivery) == (State.REVERSING, Reason.DELETE_LEFT)


def test_the_lane_waits_while_afas_may_be_deleting(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.cuts_before_deleting = True
    afas.reverse(delivery)
    afas.run()
    other = afas.office.queue()
    afas.run(NOW + timedelta(seconds=5))
    assert state_of(other) is State.QUEUED
    afas.run(LIMIT + timedelta(seconds=1))
    assert state_of(other) in {State.BOOKED, State.VERIFIED}


def test_a_delete_of_a_worker_that_died_is_looked_into_and_not_sent_again(afas: Afas) -> None:
    delivery = afas.booked()
    afas.reverse(delivery)
    afas.office.start()
    (claim,) = afas.office.claim()
    assert claim.kind is AttemptKind.DELETE
    assert queries.environments_with_due_work(now=NOW) == (afas.office.environment_id,)
    afas.run()
    assert standing_of(delivery) == (State.REVERSING, Reason.DELETE_LEFT)
    afas.run(LIMIT + timedelta(seconds=1))
    assert standing_of(delivery) == (State.BOOKED, Reason.STILL_THERE)
    assert afas.books.deletions == []


def test_what_afas_holds_twice_is_deleted_copy_by_copy(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.book(delivery.payload)
    afas.reverse(delivery)
    afas.run()
    assert standing_of(delivery) == (State.REVERSED, "")
    assert len(afas.books.deletions) == 2
    assert afas.books.lines == []


def test_a_reversal_waits_while_afas_may_still_book_an_unanswered_attempt(afas: Afas) -> None:
    delivery = afas.booked()
    Attempt.objects.update(outcome=Outcome.UNKNOWN)
    afas.reverse(delivery)
    afas.run()
    assert standing_of(delivery) == (State.REVERSING, Reason.TO_DELETE)
    assert afas.books.deletions == []
    afas.run(LIMIT + timedelta(seconds=1))
    assert standing_of(delivery) == (State.REVERSED, "")


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([], id="queued"),
        pytest.param([State.SENDING], id="sending"),
        pytest.param([State.SENDING, State.IN_DOUBT], id="in doubt"),
        pytest.param([State.SENDING, State.IN_DOUBT, State.UNDECIDED], id="undecided"),
        pytest.param([State.SENDING, State.CONFLICT, State.REVERSING], id="being reversed"),
    ],
)
def test_nothing_is_reversed_while_an_entry_is_on_its_way_or_in_doubt(afas: Afas, steps: list[State]) -> None:
    delivery = afas.booked(run_id=7)
    other = afas.office.queue(run_id=7, ordinal=2)
    for state in steps:
        Delivery.objects.filter(pk=other).update(state=state)
    assert problem_of(afas, delivery) == "entry_not_settled"


def test_a_reversal_needs_a_reason_and_something_to_reverse(afas: Afas) -> None:
    delivery = afas.booked()
    assert problem_of(afas, delivery, reason=" ") == "reason_missing"
    assert standing_of(delivery)[0] in {State.BOOKED, State.VERIFIED}
    afas.reverse(delivery)
    assert problem_of(afas, delivery) == "entry_not_settled"
    afas.run()
    assert problem_of(afas, delivery) == "nothing_to_reverse"


def test_after_reversal_the_entry_is_sent_again_under_another_voucher_number(afas: Afas) -> None:
    delivery = afas.booked(run_id=7)
    afas.reverse(delivery)
    afas.run()
    again = afas.booked(run_id=7)
    assert (delivery.generation, again.generation) == (0, 1)
    assert again.voucher_number != delivery.voucher_number
    assert afas.books.entry_numbers == {again.entry_number}


def test_without_a_look_nothing_is_deleted(blind: Afas) -> None:
    delivery = blind.booked()
    assert problem_of(blind, delivery) == "delete_not_possible"


def test_a_counter_entry_reverses_when_it_is_booked(blind: Afas) -> None:
    delivery = blind.booked()
    blind.reverse(delivery, How.COUNTER_ENTRY)
    assert standing_of(delivery) == (State.REVERSING, Reason.COUNTER_ENTRY)
    blind.run()
    counter = Delivery.objects.get(reverses=delivery)
    assert (standing_of(delivery)[0], counter.state) == (State.REVERSED, State.BOOKED)
    assert _per_account(blind.books.lines) == {"4000": Decimal(0), "2100": Decimal(0)}
    texts = {line["Description"] for line in blind.books.lines if line["VoucherNo"] == counter.voucher_number}
    assert texts == {"Tegenboeking"}
    assert blind.books.deletions == []


def _per_account(lines: list[Row]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        account = str(line["AccountNo"])
        balance = Decimal(str(line["AmtDebit"])) - Decimal(str(line["AmtCredit"]))
        sums[account] = sums.get(account, Decimal(0)) + balance
    return sums


def counter_entry_of(blind: Afas, delivery: Delivery) -> Delivery:
    blind.reverse(delivery, How.COUNTER_ENTRY)
    return Delivery.objects.get(reverses=delivery, state=State.QUEUED)


def test_a_cancelled_counter_entry_leaves_it_booked_and_the_next_has_a_number_of_its_own(blind: Afas) -> None:
    delivery = blind.booked()
    first = counter_entry_of(blind, delivery)
    decisions.cancel(office_id=delivery.office_id, delivery_id=first.pk, reason="not now", by="Anna", now=NOW)
    assert standing_of(delivery) == (State.BOOKED, Reason.COUNTER_ENTRY_FAILED)
    second = counter_entry_of(blind, delivery)
    assert len({delivery.voucher_number, first.voucher_number, second.voucher_number}) == 3


def test_a_refused_counter_entry_leaves_it_booked_and_may_be_sent_again(blind: Afas) -> None:
    delivery = blind.booked()
    counter = counter_entry_of(blind, delivery)
    Delivery.objects.filter(pk=counter.pk).update(state=State.SENDING)
    counter.refresh_from_db()
    _step(counter, State.REJECTED)
    assert standing_of(delivery) == (State.BOOKED, Reason.COUNTER_ENTRY_FAILED)
    decisions.retry(office_id=delivery.office_id, delivery_id=counter.pk, reason="mended", by="Anna", now=NOW)
    assert standing_of(delivery) == (State.REVERSING, Reason.COUNTER_ENTRY)
    blind.run()
    assert standing_of(delivery)[0] == State.REVERSED


def test_another_reversal_ends_a_refused_counter_entry(blind: Afas) -> None:
    delivery = blind.booked()
    refused = counter_entry_of(blind, delivery)
    Delivery.objects.filter(pk=refused.pk).update(state=State.SENDING)
    refused.refresh_from_db()
    _step(refused, State.REJECTED)
    counter_entry_of(blind, delivery)
    assert state_of(refused.pk) is State.CANCELLED
    assert standing_of(delivery) == (State.REVERSING, Reason.COUNTER_ENTRY)


def _step(delivery: Delivery, state: State) -> None:

    with transaction.atomic():
        apply_decision(delivery, Decision(state), now=NOW)


def test_a_counter_entry_does_not_raise_the_generation_of_its_run(blind: Afas) -> None:
    delivery = blind.booked(run_id=7)
    first = counter_entry_of(blind, delivery)
    decisions.cancel(office_id=delivery.office_id, delivery_id=first.pk, reason="not now", by="Anna", now=NOW)
    counter_entry_of(blind, delivery)
    blind.run()
    assert blind.booked(run_id=7).generation == 1


def test_two_live_counter_entries_of_one_delivery_are_refused_by_the_database(blind: Afas) -> None:
    delivery = blind.booked()
    counter = counter_entry_of(blind, delivery)
    counter.pk, counter.voucher_number = None, "another"
    with pytest.raises(IntegrityError):
        counter.save(force_insert=True)


def test_a_paused_connection_holds_a_reversal_back(afas: Afas) -> None:
    delivery = afas.booked()
    afas.reverse(delivery)
    Connection.objects.update(state=ConnectionState.BROKEN)
    afas.run()
    assert standing_of(delivery) == (State.REVERSING, Reason.TO_DELETE)


def test_a_counter_payload_exchanges_debit_and_credit_and_nothing_else(afas: Afas) -> None:
    delivery = afas.booked()
    number = counter_voucher_number(voucher_number=delivery.voucher_number, generation=0)
    assert number.rsplit("-", 1)[0] == delivery.voucher_number.rsplit("-", 1)[0]
    assert number != counter_voucher_number(voucher_number=delivery.voucher_number, generation=1)
    once = counter_payload(delivery.payload, voucher_number=number)
    twice = counter_payload(once, voucher_number=delivery.voucher_number)
    assert twice.replace(b',"Ds":"Tegenboeking Tegenboeking"', b"") == delivery.payload


def test_while_a_counter_entry_is_on_its_way_no_other_reversal_begins(afas: Afas) -> None:
    """Whatever made it booked again, the entry is not undone twice."""
    delivery = afas.booked()
    afas.reverse(delivery, How.COUNTER_ENTRY)
    delivery.refresh_from_db()
    with transaction.atomic():
        apply_decision(delivery, Decision(State.BOOKED, reason=Reason.NOT_DELETED), now=NOW)
    for how in How:
        with pytest.raises(ProblemsError):
            afas.reverse(delivery, how)
    assert delivery.counter_entries.count() == 1


def test_what_may_have_been_deleted_has_no_counter_entry(afas: Afas) -> None:
    delivery = deleted_unseen(afas)
    afas.run(LIMIT + timedelta(seconds=1))
    assert standing_of(delivery) == (State.BOOKED, Reason.NOT_SEEN)
    assert problem_of(afas, delivery, How.COUNTER_ENTRY) == "counter_entry_not_possible"
    assert ways([delivery]) == {How.DELETE}


def test_what_is_still_there_after_a_delete_may_have_one(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.cuts_before_deleting = True
    afas.reverse(delivery)
    afas.run()
    afas.run(LIMIT + timedelta(seconds=1))
    assert standing_of(delivery) == (State.BOOKED, Reason.STILL_THERE)
    assert ways([delivery]) == {How.DELETE, How.COUNTER_ENTRY}
    afas.reverse(delivery, How.COUNTER_ENTRY)
    assert standing_of(delivery) == (State.REVERSING, Reason.COUNTER_ENTRY)
