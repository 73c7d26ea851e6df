"""Delivery against a model of AFAS, over histories that hypothesis makes up: booked once, whatever happens.

AFAS books late or not at all, workers die, answers are lost or come late, persons look and decide. The world is
honest in what the rules rest on: AFAS books nothing after its limit, and a person says what the books show.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.integration.afas_books import AfasBooks
from tests.integration.delivery_office import NOW, POLICY, TOKEN, make_office
from tests.integration.test_inspection import may_look

from afas_client.transactions import transactions
from loonbrug.connections import operations as connections
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery import decisions, findings, inspection, installation, reversing
from loonbrug.delivery.claiming import Claim
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.inspection import BY_ENTRY_NUMBER, Answered, Kind, Question
from loonbrug.delivery.invariants import INVARIANTS, View
from loonbrug.delivery.models import AttemptKind, Delivery
from loonbrug.delivery.outcomes import Answer, Outcome
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import IN_AFAS, State
from loonbrug.ledger.problems import ProblemsError

pytestmark = pytest.mark.django_db

RUNS = 3
WAITS = [1, 20, 60, 300, 1_000, 4_000, 90_000]


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
        self.office.start()

    def teardown(self) -> None:
        transaction.savepoint_rollback(self._savepoint)

    # What happens in Loonbrug

    @rule(run=st.integers(1, RUNS))
    def approve(self, run: int) -> None:
        """Send an entry, or send it anew, where the service allows it."""
        live = Delivery.objects.filter(run_id=run, reverses=None)
        if all(row.state in {State.CANCELLED, State.REVERSED} for row in live) and not self.by_hand[run]:
            self.office.queue(run_id=run, at=self.now)

    @rule()
    def claim(self) -> None:
        for claim in self.office.claim(at=self.now):
            if claim.kind is AttemptKind.BOOK or self._may_delete(claim):
                self.calls.append(Call(claim, claim.send_before + POLICY.answer_limit))

    @rule()
    def worker_dies(self) -> None:
        self.office.start(at=self.now)

    @rule(seconds=st.sampled_from(WAITS))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(is_sighted=st.booleans())
    def look(self, is_sighted: bool) -> None:
        """Ask what is due; without sight AFAS's answer is empty."""
        inspection.end_doubts(environment_id=self.office.environment_id, now=self.now)
        questions = inspection.take_questions(
            environment_id=self.office.environment_id, reading_count=0, policy=POLICY, now=self.now
        )
        for question in questions:
            record = reversing.record_look if question.kind is Kind.REVERSAL else findings.record_answer
            record(question=question, answered=self._answered(question, is_sighted), policy=POLICY)

    @rule()
    def the_database_is_found_restored(self) -> None:
        """A false alarm: nothing was lost, and nothing may be doubled by it either."""
        installation.pause(policy=POLICY, now=self.now)

    @rule()
    def somebody_releases(self) -> None:
        for office_id in installation.unreleased_offices():
            installation.release(office_id=office_id, reason="nagekeken", by="Anna", now=self.now)

    @rule()
    def the_account_is_authorised_again(self) -> None:
        if Connection.objects.get().state != ConnectionState.AUTHORISED:
            connections.record_authorised(
                office_id=self.office.scope.office_id,
                connection_id=self.office.connection_id,
                token=TOKEN,
                now=self.now,
            )
            may_look(self.office)

    @rule(is_test=st.booleans())
    def the_company_is_marked(self, is_test: bool) -> None:
        self.office.company.is_test = is_test
        self.office.company.save()

    # What AFAS does

    @rule(data=st.data())
    def afas_acts(self, data: st.DataObject) -> None:
        """AFAS does what it was asked, soon or late, but not after its limit."""
        call = self._one(data, [call for call in self.calls if call.may_act and self.now <= call.until])
        if call is None:
            return
        call.may_act = False
        if call.claim.kind is AttemptKind.BOOK:
            call.number = str(self.books.book(call.claim.payload))
        else:
            number = Delivery.objects.get(pk=call.claim.delivery_id).entry_number
            self._remove(number)
            call.number = number

    @rule(data=st.data(), outcome=st.sampled_from([Outcome.REFUSED, Outcome.NOT_BOOKED, Outcome.NOT_LET_IN]))
    def afas_declines(self, data: st.DataObject, outcome: Outcome) -> None:
        """AFAS does not do it, and says so."""
        call = self._one(data, [call for call in self.calls if call.may_act and not call.is_answered])
        if call is not None:
            call.may_act = False
            self._answer(call, Answer(outcome))

    @rule(data=st.data())
    def the_answer_comes(self, data: st.DataObject) -> None:
        call = self._one(data, [call for call in self.calls if call.number and not call.is_answered])
        if call is not None:
            is_booking = call.claim.kind is AttemptKind.BOOK
            booked = Answer(Outcome.BOOKED, entry_number=call.number, status=201)
            self._answer(call, booked if is_booking else Answer(Outcome.DELETED, status=200))

    @rule(data=st.data())
    def the_answer_is_lost(self, data: st.DataObject) -> None:
        call = self._one(data, [call for call in self.calls if not call.is_answered])
        if call is not None:
            self._answer(call, Answer(Outcome.UNKNOWN))

    # What persons do

    @rule(data=st.data())
    def a_person_sends_again(self, data: st.DataObject) -> None:
        self._act(data, decisions.retry)

    @rule(data=st.data())
    def a_person_cancels(self, data: st.DataObject) -> None:
        self._act(data, decisions.cancel)

    @rule(data=st.data(), is_cancelled=st.booleans())
    def a_person_says_what_the_books_show(self, data: st.DataObject, is_cancelled: bool) -> None:
        row = self._one(data, list(Delivery.objects.filter(state__in=[State.IN_DOUBT, State.UNDECIDED])))
        if row is None:
            return
        found = sorted(self._numbers(row))
        gone = DoubtDecision.CANCEL if is_cancelled else DoubtDecision.AGAIN
        self._act(
            data,
            decisions.resolve,
            row=row,
            decision=DoubtDecision.BOOKED if found else gone,
            entry_number=found[0] if found else "",
        )

    @rule(data=st.data())
    def a_person_types_it_in(self, data: st.DataObject) -> None:
        row = self._one(data, list(Delivery.objects.filter(state=State.UNDECIDED, reverses=None)))
        if row is None or self._numbers(row):
            return
        number = str(self.books.book(bytes(row.payload)))
        self._relabel(number)
        given = {"decision": DoubtDecision.BY_HAND, "entry_number": number}
        if self._act(data, decisions.resolve, row=row, **given):
            self.by_hand[row.run_id] += 1
        else:
            self._remove(number)

    @rule(data=st.data(), how=st.sampled_from(How))
    def a_person_reverses(self, data: st.DataObject, how: How) -> None:
        booked = Delivery.objects.filter(state__in=[State.BOOKED, State.VERIFIED], reverses=None)
        row = self._one(data, list(booked))
        if row is None:
            return
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
        numbers = self.books.entry_numbers
        for row in Delivery.objects.filter(state__in=sorted(IN_AFAS)):
            assert row.entry_number in numbers, row.entry_number

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
        open_calls = Delivery.objects.filter(state=State.SENDING)
        assert open_calls.count() <= 1

    # Words of this model

    def _one(self, data: st.DataObject, found: list) -> object:
        return data.draw(st.sampled_from(found)) if found else None

    def _act(self, data: st.DataObject, doing, *, row: Delivery | None = None, **given: object) -> bool:
        row = row or self._one(data, list(Delivery.objects.order_by("id")))
        if row is None:
            return False
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
        numbers = {wanted.entry_number for wanted in question.wanted}
        by_number = question.kind in BY_ENTRY_NUMBER | {Kind.REVERSAL}
        by_voucher = question.kind not in BY_ENTRY_NUMBER
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
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
