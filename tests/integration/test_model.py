"""Delivery against a model of AFAS, over histories that hypothesis makes up: booked once, whatever happens.

AFAS books late or not at all, workers die, answers are lost or come late, persons look and decide. The world is
honest in what the rules rest on: AFAS books nothing after its limit, and a person says what the books show.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Q
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.integration.afas_books import AfasBooks
from tests.integration.delivery_office import NOW, POLICY, TOKEN, ask, make_office
from tests.integration.test_inspection import may_look

from afas_client.transactions import transactions
from loonbrug.connections import operations as connections
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery import asking, decisions, inspection, installation, reversing
from loonbrug.delivery.claiming import Claim
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.inspection import Answered, Look
from loonbrug.delivery.invariants import INVARIANTS, View
from loonbrug.delivery.models import AttemptKind, Delivery
from loonbrug.delivery.outcomes import Answer, Outcome, Reason
from loonbrug.delivery.questions import BY_BOTH_NUMBERS, Kind, Question
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import IN_AFAS, State
from loonbrug.ledger.problems import ProblemsError

pytestmark = pytest.mark.django_db

RUNS = 3
WAITS = [1, 20, 60, 300, 1_000, 4_000, 90_000]
DOUBTED = Q(state__in=[State.IN_DOUBT, State.UNDECIDED])
REVERSIBLE = Q(state__in=[State.BOOKED, State.VERIFIED], reverses=None)
MAY_BE_SENT_AGAIN = [State.REJECTED, State.GIVEN_UP, State.HELD]


@dataclass
class Call:
    """What left for AFAS: what it may still do, what it did, and whether its answer has come."""

    claim: Claim
    until: datetime
    may_act: bool = True
    number: str = ""
    is_answered: bool = False


class World(RuleBasedStateMachine):
    """One office, one lane, a few runs, and AFAS's books."""

    def __init__(self) -> None:
        super().__init__()
        self._savepoint = transaction.savepoint()
        self.office = may_look(make_office())
        self.books = AfasBooks()
        self.now = NOW
        self.calls: list[Call] = []
        self.by_hand: Counter[int] = Counter()
        self.deleted: set[str] = set()
        self.office.start()
        for run in range(1, RUNS + 1):
            self.office.queue(run_id=run, administration=1 + run % 2)
        for call in [Call(claim, self.now) for claim in self.office.claim()]:
            call.number = str(self.books.book(call.claim.payload))
            self._answer(call, Answer(Outcome.BOOKED, entry_number=call.number, status=201))

    def teardown(self) -> None:
        transaction.savepoint_rollback(self._savepoint)

    # What happens in Loonbrug

    @precondition(lambda _: Delivery.objects.filter(reverses=None, is_ended=True).exists())
    @rule(run=st.integers(1, RUNS))
    def an_entry_is_sent_anew(self, run: int) -> None:
        live = Delivery.objects.filter(run_id=run, reverses=None, is_ended=False)
        if not live.exists():
            self.office.queue(run_id=run, administration=1 + run % 2, at=self.now)

    @precondition(lambda self: self._any(Q(state=State.QUEUED) | Q(reason=Reason.TO_DELETE)))
    @rule()
    def claim(self) -> None:
        for claim in self.office.claim(at=self.now):
            if claim.kind is AttemptKind.BOOK or self._may_delete(claim):
                self.calls.append(Call(claim, claim.send_before + POLICY.answer_limit))

    @precondition(lambda self: self._any(Q(state=State.SENDING) | Q(reason=Reason.DELETING)))
    @rule()
    def worker_dies(self) -> None:
        self.office.start(at=self.now)

    @rule(seconds=st.sampled_from(WAITS))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self._any(Q(due_at__lte=self.now) | Q(doubt_until__lte=self.now)))
    @rule(is_sighted=st.sampled_from([True, True, False]))
    def look(self, is_sighted: bool) -> None:
        """Ask what is due; without sight AFAS's answer is empty.

        A token that saw an entry before its DELETE sees it after it too: where there is no other entry of ours, a
        reversal is ended by that (docs/decisions/reversal.md).
        """
        asking.end_doubts(environment_id=self.office.environment_id, now=self.now)
        for question in ask(self.office, self.now):
            keeps_sight = question.kind is Kind.REVERSAL and not question.witness
            answered = self._answered(question, is_sighted or keeps_sight)
            if question.kind is Kind.REVERSAL:
                reversing.record_look(question=question, answered=answered, policy=POLICY)
            else:
                with transaction.atomic():
                    inspection.record_answers([Look(question, answered, POLICY)])

    @precondition(lambda _: not installation.unreleased_offices())
    @rule(chance=st.integers(1, 5))
    def the_database_is_found_restored(self, chance: int) -> None:
        """A false alarm: nothing was lost, and nothing may be doubled by it either."""
        if chance == 5:
            installation.pause(policy=POLICY, now=self.now)

    @precondition(lambda _: bool(installation.unreleased_offices()))
    @rule()
    def somebody_releases(self) -> None:
        for office_id in installation.unreleased_offices():
            installation.release(office_id=office_id, reason="nagekeken", by="Anna", now=self.now)

    @precondition(lambda _: Connection.objects.get().state != ConnectionState.AUTHORISED)
    @rule()
    def the_account_is_authorised_again(self) -> None:
        office = {"office_id": self.office.scope.office_id, "connection_id": self.office.connection_id}
        connections.record_authorised(**office, token=TOKEN, now=self.now)
        may_look(self.office)

    @rule(chance=st.integers(1, 5))
    def the_company_is_marked(self, chance: int) -> None:
        self.office.company.is_test = chance == 5
        self.office.company.save()

    # What AFAS does

    @precondition(lambda self: bool(self._may_act()))
    @rule(data=st.data())
    def afas_acts(self, data: st.DataObject) -> None:
        """AFAS does what it was asked, soon or late, but not after its limit."""
        call = data.draw(st.sampled_from(self._may_act()))
        call.may_act = False
        if call.claim.kind is AttemptKind.BOOK:
            call.number = str(self.books.book(call.claim.payload))
        else:
            number = Delivery.objects.get(pk=call.claim.delivery_id).entry_number
            self._remove(number)
            self.deleted.add(number)
            call.number = number

    @precondition(lambda self: bool(self._may_decline()))
    @rule(data=st.data(), outcome=st.sampled_from([Outcome.REFUSED, Outcome.NOT_BOOKED, Outcome.NOT_LET_IN]))
    def afas_declines(self, data: st.DataObject, outcome: Outcome) -> None:
        """AFAS does not do it, and says so."""
        call = data.draw(st.sampled_from(self._may_decline()))
        call.may_act = False
        self._answer(call, Answer(outcome))

    @precondition(lambda self: bool(self._acted()))
    @rule(data=st.data())
    def the_answer_comes(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self._acted()))
        is_booking = call.claim.kind is AttemptKind.BOOK
        booked = Answer(Outcome.BOOKED, entry_number=call.number, status=201)
        self._answer(call, booked if is_booking else Answer(Outcome.DELETED, status=200))

    @precondition(lambda self: bool(self._unanswered()))
    @rule(data=st.data())
    def the_answer_is_lost(self, data: st.DataObject) -> None:
        self._answer(data.draw(st.sampled_from(self._unanswered())), Answer(Outcome.UNKNOWN))

    # What persons do

    @precondition(lambda self: self._any(Q(state__in=MAY_BE_SENT_AGAIN)))
    @rule(data=st.data(), is_sent_again=st.booleans())
    def a_person_sends_again_or_cancels(self, data: st.DataObject, is_sent_again: bool) -> None:
        row = self._draw(data, Q(state__in=[*MAY_BE_SENT_AGAIN, State.QUEUED]))
        self._act(row, decisions.retry if is_sent_again else decisions.cancel)

    @precondition(lambda self: self._any(DOUBTED))
    @rule(data=st.data(), is_cancelled=st.booleans())
    def a_person_says_what_the_books_show(self, data: st.DataObject, is_cancelled: bool) -> None:
        row = self._draw(data, DOUBTED)
        found = sorted(self._numbers(row))
        gone = DoubtDecision.CANCEL if is_cancelled else DoubtDecision.AGAIN
        decision = DoubtDecision.BOOKED if found else gone
        self._act(row, decisions.resolve, decision=decision, entry_number=found[0] if found else "")

    @precondition(lambda self: self._any(DOUBTED & Q(reverses=None)))
    @rule(data=st.data())
    def a_person_types_it_in(self, data: st.DataObject) -> None:
        row = self._draw(data, DOUBTED & Q(reverses=None))
        if self._numbers(row):
            return
        number = str(self.books.book(row.payload))
        self._relabel(number)
        given = {"decision": DoubtDecision.BY_HAND, "entry_number": number}
        if self._act(row, decisions.resolve, **given):
            self.by_hand[row.run_id] += 1
        else:
            self._remove(number)

    @precondition(lambda self: self._any(REVERSIBLE))
    @rule(data=st.data(), how=st.sampled_from(How))
    def a_person_reverses(self, data: st.DataObject, how: How) -> None:
        row = self._draw(data, REVERSIBLE)
        given = {"office_id": row.office_id, "journal_id": row.journal_id, "by": "Anna", "now": self.now}
        try:
            reversing.reverse(**given, how=how, reason="verkeerd")
        except ProblemsError:
            return

    # What must always hold

    @invariant()
    def no_entry_is_in_the_books_twice(self) -> None:
        """Bookings of a run, under whatever number, less what counter-entries undid; what was typed in by hand too."""
        rows = {row.voucher_number: row for row in Delivery.objects.all()}
        found: Counter[int] = Counter(self.by_hand)
        for voucher_number, numbers in self._booked().items():
            if voucher_number in rows:
                row = rows[voucher_number]
                found[row.run_id] += len(numbers) * (1 if row.reverses_id is None else -1)
        assert all(0 <= count <= 1 for count in found.values()), found

    @invariant()
    def what_is_called_booked_is_in_the_books(self) -> None:
        """Beside what AFAS deleted when we asked for it and nobody could see that: it stays, for a person."""
        known = self.books.entry_numbers | self.deleted
        for row in Delivery.objects.filter(state__in=sorted(IN_AFAS)):
            assert row.entry_number in known, row.entry_number

    @invariant()
    def no_answer_leads_to_a_conflict(self) -> None:
        assert not Delivery.objects.filter(state=State.CONFLICT).exists()

    @invariant()
    def nothing_breaks_what_must_always_hold(self) -> None:
        view = View(now=self.now, policy=POLICY)
        waits_for_us = {"breach_stuck", "breach_sending_too_long"}  # here nobody works unless told to
        for code, question in INVARIANTS.items():
            assert code in waits_for_us or list(question(view)) == [], code

    @invariant()
    def a_lane_has_one_call_at_a_time(self) -> None:
        lanes = Delivery.objects.filter(state=State.SENDING).values_list("administration", flat=True)
        assert len(lanes) == len(set(lanes))

    # Words of this model

    def _any(self, those: Q) -> bool:
        return Delivery.objects.filter(those).exists()

    def _draw(self, data: st.DataObject, those: Q) -> Delivery:
        return data.draw(st.sampled_from(list(Delivery.objects.filter(those).order_by("id"))))

    def _unanswered(self) -> list[Call]:
        return [call for call in self.calls if not call.is_answered]

    def _may_act(self) -> list[Call]:
        return [call for call in self.calls if call.may_act and self.now <= call.until]

    def _may_decline(self) -> list[Call]:
        return [call for call in self._unanswered() if call.may_act]

    def _acted(self) -> list[Call]:
        return [call for call in self._unanswered() if call.number]

    def _act(self, row: Delivery, doing: Callable[..., object], **given: object) -> bool:
        try:
            with transaction.atomic():
                doing(
                    office_id=row.office_id,
                    delivery_id=row.pk,
                    reason="gekeken",
                    by="Anna",
                    now=self.now,
                    **given,
                )
        except ProblemsError:
            return False
        return True

    def _answer(self, call: Call, answer: Answer) -> None:
        call.is_answered = True
        self.office.answer(call.claim.claim_id, answer, at=self.now)

    def _may_delete(self, claim: Claim) -> bool:
        question = reversing.look_before(claim_id=claim.claim_id)
        assert question is not None
        answered = self._answered(question, True)
        return reversing.may_delete(claim_id=claim.claim_id, question=question, answered=answered)

    def _answered(self, question: Question, is_sighted: bool) -> Answered:
        """What the books show to this question; a token without sight sees no line."""
        lines = transactions(self.books.lines) if is_sighted else ()
        vouchers = {wanted.voucher_number for wanted in question.wanted}
        vouchers |= {wanted.counter_number for wanted in question.wanted if wanted.counter_number}
        numbers = {wanted.entry_number for wanted in question.wanted}
        by_number = question.kind in BY_BOTH_NUMBERS | {Kind.BY_HAND}
        by_voucher = question.kind is not Kind.BY_HAND
        shown = tuple(
            line
            for line in lines
            if (by_voucher and line.voucher_number in vouchers)
            or (by_number and line.entry_number in numbers)
        )
        return Answered(
            lines=shown,
            query=f"{question.kind} {sorted(vouchers)}",
            has_sight=any(line.voucher_number == question.witness for line in lines),
            afas_clock=self.now,
            boot="this boot",
            boot_seconds=Decimal(int(self.now.timestamp())),
            now=self.now,
        )

    def _booked(self) -> dict[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for line in self.books.lines:
            found[str(line["VoucherNo"])].add(str(line["EntryNo"]))
        return found

    def _numbers(self, row: Delivery) -> set[str]:
        return self._booked().get(row.voucher_number, set())

    def _remove(self, number: str) -> None:
        self.books.lines = [line for line in self.books.lines if str(line["EntryNo"]) != number]

    def _relabel(self, number: str) -> None:
        for line in self.books.lines:
            if str(line["EntryNo"]) == number:
                line["VoucherNo"] = "met de hand"


def test_whatever_happens_every_entry_is_in_the_books_once_at_most() -> None:
    """The same histories in every run; with MODEL_SEARCH set, others each time."""
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=30,
            stateful_step_count=50,
            deadline=None,
            derandomize="MODEL_SEARCH" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
