"""Every step of the table of states is made by a real operation, and every outcome is recorded in every state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.integration.delivery_office import (
    BOOKED,
    NOT_BOOKED,
    NOW,
    POLICY,
    REFUSED,
    UNKNOWN,
    DeliveryOffice,
    make_office,
    state_of,
)
from tests.integration.test_delivery_triggers import put
from tests.integration.test_inspection import ask, lines_of, may_look, numbers_are_kept, tell

from loonbrug.delivery import asking, decisions, installation, reversing
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.models import Attempt, AttemptKind, Delivery, NumberKeeping
from loonbrug.delivery.outcomes import Answer, Attempts, Outcome, decide
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import TRANSITIONS, State

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
NEXT_DAY = NOW + timedelta(hours=25)
OTHER = Answer(Outcome.BOOKED, entry_number="6000", status=201)
S = State


@dataclass
class Way:
    """One delivery and what happens to it, in words of the operations."""

    office: DeliveryOffice = field(default_factory=make_office)
    delivery_id: int = 0
    claims: list[UUID] = field(default_factory=list)

    def queued(self) -> "Way":
        self.delivery_id = self.office.queue()
        return self

    def claim(self, at: datetime = NOW) -> "Way":
        self.office.start(at=at)
        (claim,) = self.office.claim(at=at)
        self.claims.append(claim.claim_id)
        return self

    def answer(self, answer: Answer, at: datetime = NOW, *, attempt: int = -1) -> "Way":
        self.office.answer(self.claims[attempt], answer, at=at)
        return self

    def sent(self, answer: Answer, at: datetime = NOW) -> "Way":
        return self.queued().claim().answer(answer, at)

    def lost(self) -> "Way":
        """The worker died after sending; AFAS's answer may still come. Nobody can look, so a person has to."""
        self.queued().claim()
        self.office.start(at=LATER)
        return self

    def undecided(self) -> "Way":
        asking.end_doubts(environment_id=self.office.environment_id, now=LATER)
        return self

    def person(self, decision: DoubtDecision, number: str = "") -> "Way":
        decisions.resolve(**self._act(), decision=decision, entry_number=number)
        return self

    def again(self) -> "Way":
        """A first attempt was lost, a person looked and let it go again."""
        return self.lost().undecided().person(DoubtDecision.AGAIN)

    def retry(self) -> "Way":
        decisions.retry(**self._act())
        return self

    def cancel(self) -> "Way":
        decisions.cancel(**self._act())
        return self

    def settle(self) -> "Way":
        decisions.settle(**self._act(), entry_number="5789")
        return self

    def _act(self) -> dict[str, object]:
        ours = {"office_id": self.office.scope.office_id, "delivery_id": self.delivery_id}
        return ours | {"reason": "gekeken", "by": "Anna", "now": LATER}

    def held(self) -> "Way":
        self.office.company.is_test = True
        self.office.company.save()
        self.office.start(at=LATER)
        self.office.claim(at=LATER)
        return self

    def looked(self, *numbers: str, at: datetime = LATER) -> "Way":
        """AFAS's books show these entries under our voucher number."""
        may_look(self.office)
        if not NumberKeeping.objects.exists():
            numbers_are_kept(self.office)
        Delivery.objects.filter(pk=self.delivery_id).update(due_at=NOW)
        (question,) = ask(self.office, at)
        lines = [line for number in numbers for line in lines_of(self.delivery_id, entry_number=number)]
        tell(question, at, *lines)
        return self

    def proven_absent(self) -> "Way":
        """Two looks apart, with sight of another entry of ours."""
        self.office.sent(BOOKED)
        self.sent(UNKNOWN)
        may_look(self.office)
        numbers_are_kept(self.office)
        for at in (NOW + timedelta(minutes=2), NOW + timedelta(minutes=20)):
            Delivery.objects.filter(pk=self.delivery_id).update(due_at=NOW)
            for question in ask(self.office, at):
                if question.wanted[0].delivery_id == self.delivery_id:
                    tell(question, at, sight=True)
        return self

    def verified_of_a_lost_answer(self) -> "Way":
        """Found in the books and verified, though the answer to the attempt never came."""
        return self.lost().looked("5789").looked("5789")

    def reverse(self, how: How = How.DELETE) -> "Way":
        if how is How.DELETE:
            may_look(self.office)
        row = Delivery.objects.get(pk=self.delivery_id)
        journal = {"office_id": row.office_id, "journal_id": row.journal_id}
        reversing.reverse(**journal, how=how, reason="verkeerd", by="Anna", now=LATER)
        return self

    def counter(self, answer: Answer) -> "Way":
        """The counter-entry is sent and answered."""
        self.reverse(How.COUNTER_ENTRY).claim(LATER + timedelta(hours=1))
        return self.answer(answer, LATER + timedelta(hours=1))


WAYS: dict[tuple[State, State], Callable[[Way], object]] = {
    (S.QUEUED, S.SENDING): lambda way: way.queued().claim(),
    (S.QUEUED, S.HELD): lambda way: way.queued().held(),
    (S.QUEUED, S.IN_DOUBT): lambda way: (way.queued(), installation.pause(policy=POLICY, now=NOW)),
    (S.QUEUED, S.CANCELLED): lambda way: way.queued().cancel(),
    (S.QUEUED, S.BOOKED): lambda way: way.again().answer(BOOKED, LATER),
    (S.SENDING, S.BOOKED): lambda way: way.sent(BOOKED),
    (S.SENDING, S.REJECTED): lambda way: way.sent(REFUSED),
    (S.SENDING, S.QUEUED): lambda way: way.sent(NOT_BOOKED),
    (S.SENDING, S.GIVEN_UP): lambda way: way.sent(NOT_BOOKED, NEXT_DAY),
    (S.SENDING, S.IN_DOUBT): lambda way: way.sent(UNKNOWN),
    (S.SENDING, S.CONFLICT): lambda way: (
        way.again().claim(LATER).answer(OTHER, LATER, attempt=0).answer(BOOKED, LATER)
    ),
    (S.IN_DOUBT, S.BOOKED): lambda way: way.sent(UNKNOWN).looked("5789"),
    (S.IN_DOUBT, S.QUEUED): lambda way: way.proven_absent(),
    (S.IN_DOUBT, S.REJECTED): lambda way: way.lost().answer(REFUSED, LATER),
    (S.IN_DOUBT, S.GIVEN_UP): lambda way: way.lost().answer(NOT_BOOKED, NEXT_DAY),
    (S.IN_DOUBT, S.UNDECIDED): lambda way: way.lost().undecided(),
    (S.IN_DOUBT, S.CONFLICT): lambda way: way.sent(UNKNOWN).looked("5789", "5790"),
    (S.REJECTED, S.QUEUED): lambda way: way.sent(REFUSED).retry(),
    (S.REJECTED, S.CANCELLED): lambda way: way.sent(REFUSED).cancel(),
    (S.REJECTED, S.BOOKED): lambda way: (
        way.again().claim(LATER).answer(REFUSED, LATER).answer(BOOKED, LATER, attempt=0)
    ),
    (S.GIVEN_UP, S.QUEUED): lambda way: way.sent(NOT_BOOKED, NEXT_DAY).retry(),
    (S.GIVEN_UP, S.CANCELLED): lambda way: way.sent(NOT_BOOKED, NEXT_DAY).cancel(),
    (S.GIVEN_UP, S.BOOKED): lambda way: (
        way.again().claim(LATER).answer(NOT_BOOKED, NEXT_DAY).answer(BOOKED, NEXT_DAY, attempt=0)
    ),
    (S.HELD, S.QUEUED): lambda way: way.queued().held().retry(),
    (S.HELD, S.CANCELLED): lambda way: way.queued().held().cancel(),
    (S.HELD, S.BOOKED): lambda way: way.again().held().answer(BOOKED, LATER),
    (S.UNDECIDED, S.QUEUED): lambda way: way.again(),
    (S.UNDECIDED, S.CANCELLED): lambda way: way.lost().undecided().person(DoubtDecision.CANCEL),
    (S.UNDECIDED, S.BOOKED): lambda way: way.lost().undecided().person(DoubtDecision.BOOKED, "5789"),
    (S.UNDECIDED, S.BOOKED_BY_HAND): lambda way: way.lost().undecided().person(DoubtDecision.BY_HAND, "5789"),
    (S.UNDECIDED, S.CONFLICT): lambda way: way.lost().undecided().looked("5789", "5790"),
    (S.CONFLICT, S.BOOKED): lambda way: way.sent(BOOKED).looked("5789", "5790").settle(),
    (S.CONFLICT, S.REVERSING): lambda way: way.sent(BOOKED).looked("5789", "5790").reverse(),
    (S.CANCELLED, S.CONFLICT): lambda way: way.lost().person(DoubtDecision.CANCEL).answer(BOOKED, LATER),
    (S.BOOKED_BY_HAND, S.CONFLICT): lambda way: (
        way.lost().person(DoubtDecision.BY_HAND, "17").answer(BOOKED, LATER)
    ),
    (S.BOOKED, S.VERIFIED): lambda way: way.sent(BOOKED).looked("5789"),
    (S.BOOKED, S.CONFLICT): lambda way: way.sent(BOOKED).looked("5789", "5790"),
    (S.BOOKED, S.REVERSING): lambda way: way.sent(BOOKED).reverse(),
    (S.VERIFIED, S.CONFLICT): lambda way: way.verified_of_a_lost_answer().answer(OTHER, LATER),
    (S.VERIFIED, S.REVERSING): lambda way: way.sent(BOOKED).looked("5789").reverse(),
    (S.REVERSING, S.REVERSED): lambda way: way.sent(BOOKED).counter(OTHER),
    (S.REVERSING, S.BOOKED): lambda way: way.sent(BOOKED).counter(REFUSED),
    (S.REVERSING, S.CONFLICT): lambda way: (
        way.lost().person(DoubtDecision.BOOKED, "5789").reverse().answer(OTHER, LATER)
    ),
    (S.REVERSED, S.CONFLICT): lambda way: (
        way.lost().person(DoubtDecision.BOOKED, "5789").counter(BOOKED).answer(OTHER, NEXT_DAY, attempt=0)
    ),
}


@pytest.fixture
def walked() -> Iterator[Callable[[], set[tuple[str, str]]]]:
    """The steps that the database saw, written down by a trigger of this test's own."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE walked (before_state text, after_state text)")
        for statement in _WATCH[connection.vendor]:
            cursor.execute(statement)

    def steps() -> set[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT before_state, after_state FROM walked")
            return set(cursor.fetchall())

    yield steps
    with connection.cursor() as cursor:
        for statement in _UNWATCH[connection.vendor]:
            cursor.execute(statement)


_INSERT = "INSERT INTO walked VALUES (OLD.state, NEW.state);"
_WATCH = {
    "sqlite": [
        f"""CREATE TEMPORARY TRIGGER watch AFTER UPDATE OF state ON main.delivery_delivery
        WHEN OLD.state <> NEW.state BEGIN {_INSERT} END"""
    ],
    "postgresql": [
        f"""CREATE FUNCTION pg_temp.watch() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN {_INSERT} RETURN NEW; END $$""",
        """CREATE TRIGGER watch AFTER UPDATE OF state ON delivery_delivery FOR EACH ROW
        WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION pg_temp.watch()""",
    ],
}
_UNWATCH = {
    "sqlite": ["DROP TRIGGER watch", "DROP TABLE walked"],
    "postgresql": ["DROP TRIGGER watch ON delivery_delivery", "DROP TABLE walked"],
}


def test_there_is_a_way_for_every_step_of_the_table_and_no_other() -> None:
    assert set(WAYS) == TRANSITIONS


@pytest.mark.parametrize("step", sorted(WAYS), ids=[f"{before} to {after}" for before, after in sorted(WAYS)])
def test_a_real_operation_makes_this_step(
    step: tuple[State, State], walked: Callable[[], set[tuple[str, str]]]
) -> None:
    WAYS[step](Way())
    assert step in walked()


@pytest.mark.parametrize("is_latest", [True, False])
@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("state", State)
def test_every_outcome_in_every_state_is_kept_and_decided_on(
    state: State, outcome: Outcome, *, is_latest: bool
) -> None:
    """An unanswered attempt answers, whatever has become of its delivery meanwhile; a later one was refused."""
    way = Way().lost()
    if not is_latest:
        _add_refused_attempt(way.delivery_id)
    put(way.delivery_id, state)
    answer = Answer(outcome, entry_number="6000" if outcome is Outcome.BOOKED else "")
    expected = decide(
        state=state,
        answer=answer,
        attempts=Attempts(is_latest=is_latest),
        policy=POLICY,
        now=LATER,
        first_claimed_at=NOW,
        entry_number="1",
    )
    after = way.office.answer(way.claims[0], answer, at=LATER)
    assert after is (expected.state if expected else state)
    assert state_of(way.delivery_id) is after
    kept = Attempt.objects.get(claim_id=way.claims[0])
    assert (kept.outcome, kept.ended_at) == (outcome, LATER)


def _add_refused_attempt(delivery_id: int) -> None:
    Delivery.objects.filter(pk=delivery_id).update(attempt_count=2)
    Attempt.objects.create(
        delivery_id=delivery_id,
        kind=AttemptKind.BOOK,
        claim_id=uuid4(),
        number=2,
        epoch=1,
        payload_hash=Delivery.objects.get(pk=delivery_id).payload_hash,
        claimed_at=NOW,
        send_before=NOW,
        ended_at=NOW,
        outcome=Outcome.REFUSED,
    )
