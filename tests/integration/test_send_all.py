"""Sending everything that is ready: what is offered, and that a batch sends each journal once, come what may."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, transaction
from tests.integration.many_companies import NOW, ManyCompanies, make_office, move, user_of, work_off

from loonbrug.access.models import Right
from loonbrug.access.rights import Level, NotAllowedError, NotFoundError, service_scope
from loonbrug.audit import operations as audit
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import State
from loonbrug.directory.models import Company, Debtor
from loonbrug.ledger.problems import ProblemsError
from loonbrug.payroll import operations as payroll
from loonbrug.payroll.models import Batch, BatchJournal
from loonbrug.project import wiring
from loonbrug.screens import send_all as screens
from loonbrug.screens.send_all import Fate, Outcome
from loonbrug.workflows import deliver, send_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> ManyCompanies:
    return make_office()


def fates(office: ManyCompanies, batch_id: int) -> dict[int, Fate]:
    _, found = screens.batch(scope=office.scope, batch_id=batch_id)
    return {fate.journal_id: fate for fate in found}


def codes(fate: Fate) -> list[str]:
    return [problem.code for problem in fate.problems]


def sent() -> list[int]:
    return sorted(Delivery.objects.values_list("journal_id", flat=True))


def breaking_at(journal_id: int, error: BaseException) -> Callable[..., tuple[int, ...]]:
    """`send_journal`, but for one journal that falls over after it was queued."""

    @transaction.atomic
    def send(**given: Any) -> tuple[int, ...]:
        ids = deliver.send_journal(**given)
        if given["journal_id"] == journal_id:
            raise error
        return ids

    return send


def test_everything_is_ready_or_blocked_with_its_reasons(office: ManyCompanies) -> None:
    ready = office.add(count=2)
    (unmapped,) = office.add(mapped=False)
    (test_company,) = office.add()
    Company.objects.filter(pk=office.companies[-1].pk).update(is_test=True)
    found = send_all.overview(scope=office.scope)
    assert [each.open.journal.id for each in found.ready] == ready
    assert {each.open.journal.id: [problem.code for problem in each.problems] for each in found.blocked} == {
        unmapped: ["no_mapping"],
        test_company: ["company_is_test"],
    }


def test_a_debtor_and_a_period_narrow_the_list(office: ManyCompanies) -> None:
    november, december = office.add(), office.add(period=12)
    other = make_other_debtor(office)
    assert {each.open.journal.id for each in send_all.overview(scope=office.scope).ready} == {
        *november, *december, other,
    }  # fmt: skip
    by_debtor = send_all.overview(scope=office.scope, debtor_id=office.debtor.pk, period=(2026, 12))
    assert [each.open.journal.id for each in by_debtor.ready] == december
    assert screens.open_periods(scope=office.scope) == (((2026, 12), 1), ((2026, 11), 2))


def make_other_debtor(office: ManyCompanies) -> int:
    first, office.debtor = (
        office.debtor,
        Debtor.objects.create(office=office.office, number="200", name="Anders"),
    )
    (journal_id,) = office.add()
    office.debtor = first
    return journal_id


def test_what_is_sent_or_waits_in_a_batch_is_not_offered(office: ManyCompanies) -> None:
    first, second, third = office.add(count=3)
    office.send(first)
    office.start(second)
    assert [each.open.journal.id for each in send_all.overview(scope=office.scope).ready] == [third]


def test_a_journal_of_which_one_entry_was_cancelled_is_offered_with_a_mark(office: ManyCompanies) -> None:
    office.add()
    (two_entries,) = office.journals(office.companies, entries=2, period=12)
    office.send(two_entries)
    move(two_entries, State.BOOKED, ordinal=1)
    move(two_entries, State.CANCELLED, ordinal=2)
    found = {
        each.open.journal.id: each.open.was_ended for each in send_all.overview(scope=office.scope).ready
    }
    assert found == {office.journal_ids[0]: False, two_entries: True}


def test_checking_many_asks_no_more_than_checking_a_few(
    office: ManyCompanies, django_assert_max_num_queries: Any
) -> None:
    office.add(count=90)
    with django_assert_max_num_queries(20):
        found = send_all.overview(scope=office.scope)
    assert len(found.ready) == 90


def test_who_may_not_read_gets_no_overview_and_who_may_not_write_starts_nothing(
    office: ManyCompanies,
) -> None:
    office.add()
    nobody = make_office("Leeg", "54321")
    nobody.user = user_of(nobody.office, Level.NONE)
    with pytest.raises(NotAllowedError):
        send_all.overview(scope=nobody.scope)
    office.user = user_of(office.office, Level.READ)
    with pytest.raises(NotAllowedError):
        office.start()
    assert not Batch.objects.exists()


def test_a_batch_queues_every_journal_once(office: ManyCompanies) -> None:
    office.add(count=25)
    batch_id = office.start()
    assert not sent()
    work_off(batch_id, count=10)
    work_off(batch_id, count=10)
    assert sent() == office.journal_ids
    assert screens.batches_with_work() == ()
    assert set(Delivery.objects.values_list("queued_by", flat=True)) == {"Anna"}


def test_the_same_form_makes_one_batch_however_often_it_is_sent(office: ManyCompanies) -> None:
    office.add(count=3)
    key = uuid4()
    batch_id = office.start(key=key)
    assert office.start(key=key) == batch_id
    work_off(batch_id)
    assert office.start(key=key) == batch_id
    assert BatchJournal.objects.count() == 3


def test_another_form_gets_what_the_first_left(office: ManyCompanies) -> None:
    first, second = office.add(count=2)
    office.start(first)
    batch_id = office.start(first, second)
    assert list(fates(office, batch_id)) == [second]


def test_a_batch_of_nothing_is_refused_and_leaves_no_row(office: ManyCompanies) -> None:
    office.add()
    office.start()
    with pytest.raises(ProblemsError, match="nothing_left_to_send"):
        office.start()
    assert Batch.objects.count() == 1


def test_journals_of_another_office_or_debtor_are_left_out(office: ManyCompanies) -> None:
    (own,) = office.add()
    zuid = make_office("Kantoor Zuid", "54321")
    (foreign,) = zuid.add()
    other_debtor = make_other_debtor(office)
    batch_id = send_all.start(
        scope=office.scope,
        key=uuid4(),
        journal_ids=[own, foreign, other_debtor],
        debtor_id=office.debtor.pk,
        now=NOW,
    )
    assert list(fates(office, batch_id)) == [own]
    with pytest.raises(NotFoundError):
        screens.batch(scope=zuid.scope, batch_id=batch_id)
    assert screens.batches(scope=zuid.scope) == ()


def test_a_crash_in_the_middle_goes_on_where_it_was(
    office: ManyCompanies, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.add(count=5)
    batch_id = office.start()
    monkeypatch.setattr(send_all, "send_journal", breaking_at(office.journal_ids[2], KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        work_off(batch_id)
    assert sent() == office.journal_ids[:2]
    assert screens.batches_with_work() == (batch_id,)
    monkeypatch.undo()
    work_off(batch_id)
    assert sent() == office.journal_ids


def test_a_database_that_goes_away_is_no_reason_to_give_a_journal_up(
    office: ManyCompanies, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.add(count=2)
    batch_id = office.start()
    monkeypatch.setattr(
        send_all, "send_journal", breaking_at(office.journal_ids[0], OperationalError("gone"))
    )
    with pytest.raises(OperationalError):
        work_off(batch_id)
    monkeypatch.undo()
    work_off(batch_id)
    assert sent() == office.journal_ids


def test_one_journal_that_breaks_off_does_not_keep_the_others(
    office: ManyCompanies, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = office.add(count=3)
    batch_id = office.start()
    monkeypatch.setattr(send_all, "send_journal", breaking_at(second, ZeroDivisionError()))
    work_off(batch_id)
    found = fates(office, batch_id)
    assert sent() == [first, third]
    assert (found[second].outcome, codes(found[second])) == (Outcome.NOT_SENT, ["journal_broke_off"])


def test_two_who_work_off_the_same_batch_send_nothing_twice(
    office: ManyCompanies, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.add(count=3)
    batch_id = office.start()
    stale = screens.batch_work(batch_id=batch_id, count=10)
    work_off(batch_id)
    for journal_id in office.journal_ids:
        move(journal_id, State.CANCELLED)
    monkeypatch.setattr(screens, "batch_work", lambda **_: stale)
    send_all.send_slice(batch_id=batch_id, count=10, now=NOW)
    assert sent() == office.journal_ids


def test_a_journal_that_two_batches_hold_is_sent_by_one(office: ManyCompanies) -> None:
    (journal_id,) = office.add()
    first = office.start()
    second = Batch.objects.create(
        office=office.office, key=uuid4(), user_id=office.user.pk, by="Anna", at=NOW
    )
    BatchJournal.objects.create(batch=second, journal_id=journal_id)
    work_off(first)
    work_off(second.pk)
    assert sent() == [journal_id]
    assert fates(office, second.pk)[journal_id].outcome is Outcome.UNDER_WAY


def test_what_became_blocked_after_approving_is_not_sent_and_says_why(office: ManyCompanies) -> None:
    first, second = office.add(count=2)
    batch_id = office.start()
    Company.objects.filter(pk=office.companies[1].pk).update(is_test=True)
    work_off(batch_id)
    found = fates(office, batch_id)
    assert sent() == [first]
    assert (found[second].outcome, codes(found[second])) == (Outcome.NOT_SENT, ["company_is_test"])


def test_what_was_mended_and_sent_afterwards_stands_where_it_stands(office: ManyCompanies) -> None:
    (journal_id,) = office.add()
    batch_id = office.start()
    Company.objects.update(is_test=True)
    work_off(batch_id)
    Company.objects.update(is_test=False)
    deliver.send_journal(scope=office.scope, journal_id=journal_id, now=NOW)
    move(journal_id, State.BOOKED, entry_number="77")
    fate = fates(office, batch_id)[journal_id]
    assert (fate.outcome, fate.entry_numbers, fate.problems) == (Outcome.BOOKED, ("77",), ())


def test_a_journal_that_was_withdrawn_is_never_sent(office: ManyCompanies) -> None:
    (journal_id,) = office.add()
    batch_id = office.start()
    payroll.withdraw(scope=office.scope, journal_id=journal_id, now=NOW)
    with pytest.raises(ProblemsError, match="journal_not_live"):
        deliver.send_journal(scope=office.scope, journal_id=journal_id, now=NOW)
    work_off(batch_id)
    assert not sent()
    assert codes(fates(office, batch_id)[journal_id]) == ["journal_not_live"]


@pytest.mark.parametrize("loses", ["right", "sign-in"])
def test_what_is_left_is_not_sent_once_the_approver_may_no_longer(office: ManyCompanies, loses: str) -> None:
    first, second = office.add(count=2)
    batch_id = office.start()
    send_all.send_slice(batch_id=batch_id, count=1, now=NOW)
    if loses == "right":
        Right.objects.update(level=Level.READ)
    else:
        type(office.user).objects.update(is_active=False)
    work_off(batch_id)
    _, found = screens.batch(scope=service_scope(office.office.pk), batch_id=batch_id)
    assert sent() == [first]
    assert (found[1].journal_id, codes(found[1])) == (second, ["approver_may_not_send"])


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (State.QUEUED, Outcome.UNDER_WAY),
        (State.SENDING, Outcome.UNDER_WAY),
        (State.REVERSING, Outcome.UNDER_WAY),
        (State.BOOKED, Outcome.BOOKED),
        (State.VERIFIED, Outcome.BOOKED),
        (State.BOOKED_BY_HAND, Outcome.BOOKED),
        (State.REJECTED, Outcome.REFUSED),
        (State.GIVEN_UP, Outcome.REFUSED),
        (State.IN_DOUBT, Outcome.IN_DOUBT),
        (State.HELD, Outcome.PERSON),
        (State.UNDECIDED, Outcome.PERSON),
        (State.CONFLICT, Outcome.PERSON),
        (State.CANCELLED, Outcome.ENDED),
        (State.REVERSED, Outcome.ENDED),
    ],
)
def test_every_state_of_a_delivery_has_its_outcome(
    office: ManyCompanies, state: State, outcome: Outcome
) -> None:
    (journal_id,) = office.add()
    batch_id = office.send()
    move(journal_id, state)
    assert fates(office, batch_id)[journal_id].outcome is outcome


def test_the_outcomes_above_are_all_there_are() -> None:
    (marked,) = [
        mark
        for mark in test_every_state_of_a_delivery_has_its_outcome.pytestmark  # type: ignore[attr-defined]
        if mark.name == "parametrize"
    ]
    assert {state for state, _ in marked.args[1]} == set(State)


def test_of_several_entries_the_one_that_asks_for_most_counts(office: ManyCompanies) -> None:
    office.add()
    (journal_id,) = office.journals(office.companies, entries=2, period=12)
    batch_id = office.send(journal_id)
    move(journal_id, State.BOOKED, ordinal=1, entry_number="41")
    fate = fates(office, batch_id)[journal_id]
    assert (fate.outcome, fate.entry_numbers) == (Outcome.UNDER_WAY, ("41",))
    move(journal_id, State.REJECTED, ordinal=2)
    assert fates(office, batch_id)[journal_id].outcome is Outcome.REFUSED


def test_a_list_of_batches_counts_what_became_of_each(office: ManyCompanies) -> None:
    first, second, third = office.add(count=3)
    older = office.send(first, second)
    newer = office.start(third)
    move(first, State.BOOKED)
    found = screens.batches(scope=office.scope)
    assert [view.id for view in found] == [newer, older]
    assert (found[1].counts[Outcome.BOOKED], found[1].settled_count, found[1].count) == (1, 1, 2)
    assert not found[1].is_settled
    assert [view.id for view in screens.batches(scope=office.scope, first=1, count=1)] == [older]


@pytest.mark.django_db(transaction=True)
def test_the_engine_works_a_batch_off_in_slices_and_stops_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit, "write", lambda **_: None)  # the record refuses to be emptied after the test
    office = make_office()
    office.add(count=2 * wiring.BATCH_SLICE_COUNT + 1)
    batch_id = office.start()
    stops = iter([False, True])
    soon_stopped = wiring._ground(lambda: next(stops), lambda: False)
    with soon_stopped.writer:
        asyncio.run(wiring.send_batch(batch_id=batch_id, ground=soon_stopped))
        assert sent() == office.journal_ids[: wiring.BATCH_SLICE_COUNT]
        asyncio.run(
            wiring.send_batch(batch_id=batch_id, ground=replace(soon_stopped, is_stopping=lambda: False))
        )
        assert sent() == office.journal_ids
