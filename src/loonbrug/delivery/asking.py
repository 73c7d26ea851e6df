"""Which questions about AFAS's books are due, for all drains that ask at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from loonbrug.connections.models import ConnectionState
from loonbrug.delivery.lanes import Lane, OvertakenError, busy_lanes, locked
from loonbrug.delivery.models import Delivery, NumberKeeping
from loonbrug.delivery.outcomes import Decision, Policy, Reason
from loonbrug.delivery.questions import (
    DOUBTED,
    Kind,
    Question,
    connector_of,
    question_about,
    question_of,
    shown_by,
)
from loonbrug.delivery.read_backs import read_backs
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision
from loonbrug.delivery.tables import one_of, stored, under_way


@dataclass(frozen=True, slots=True)
class Ask:
    """What one drain would like to ask now, and how many calls its sends leave free for reading back.

    `reading_count` of its calls are in use by questions already, and the lanes of `looking` by questions with the call
    of what they are about.
    """

    environment_id: int
    epoch: int
    reading_count: int
    free_call_count: int
    policy: Policy
    now: datetime
    looking: frozenset[Lane] = frozenset()


@dataclass(frozen=True, slots=True)
class Due:
    """What there is to look at: doubts or deletions to ask about, doubts that are over, bookings to read back."""

    doubts: bool
    over: bool
    bookings: bool


def _what_is_due(environment_ids: Sequence[int], now: datetime) -> dict[int, Due]:
    """Of each environment whether there is anything to look at; cheap, because drains at work ask all the time.

    The three states are written out because only then the databases use the small index of what is under way.
    """
    asked, ids = one_of(environment_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT id,
            EXISTS (SELECT 1 FROM delivery_delivery WHERE environment_id = environment.id
                AND state IN ('in_doubt', 'undecided', 'conflict', 'reversing', 'booked_by_hand')
                AND due_at <= %s),
            EXISTS (SELECT 1 FROM delivery_delivery WHERE environment_id = environment.id
                AND state IN ('sending', 'in_doubt', 'reversing') AND state = 'in_doubt' AND doubt_until <= %s),
            EXISTS (SELECT 1 FROM delivery_delivery WHERE environment_id = environment.id
                AND state IN ('booked', 'verified') AND due_at <= %s)
            FROM connections_environment environment WHERE id {asked}""",
            [*[stored(now)] * 3, *ids],
        )
        return {pk: Due(*map(bool, found)) for pk, *found in cursor.fetchall()}


@transaction.atomic
def end_doubts(*, environment_id: int, now: datetime) -> int:
    """Hand what nobody can look up to a person once AFAS's limit has passed; how many.

    A paused connection freezes its doubts, and so does one of which we do not know yet what it may see: that we
    cannot look now does not mean that there is no means to look.
    """
    over = Delivery.objects.filter(
        pk__in=under_way(environment_id),
        state=State.IN_DOUBT,
        doubt_until__lte=now,
        connection__state=ConnectionState.AUTHORISED,
        connection__capabilities_checked_at__isnull=False,
    )
    doubts = list(over.select_related("connection__environment").select_for_update(of=("self",), no_key=True))
    is_kept = _numbers_kept(environment_id)
    ended = [
        each
        for each in doubts
        if not shown_by(each.connection.get_connectors)
        or is_kept.get((each.office_id, each.administration, each.journal_code)) is False
    ]
    for delivery in ended:
        apply_decision(delivery, Decision(State.UNDECIDED, reason=Reason.NO_LOOK_UP), now=now)
    return len(ended)


def _numbers_kept(environment_id: int) -> dict[tuple[int | str, ...], bool]:
    """Of which lanes of the offices here it is known whether AFAS keeps our numbers there."""
    rows = NumberKeeping.objects.filter(environment_id=environment_id)
    columns = ("office_id", "administration", "journal_code", "is_kept")
    return {tuple(lane): kept for *lane, kept in rows.values_list(*columns)}


def take_questions(asks: Sequence[Ask]) -> list[tuple[Question, ...] | Exception]:
    """The questions that are due, for each of these drains; OvertakenError in its place for one that was overtaken.

    Each question is put off until an answer can be there, so that it is asked once. What AFAS may still be working
    on brings its own call; other questions take what the sends leave free. Within an open transaction only.
    """
    environments = locked({ask.environment_id for ask in asks})
    now = max(ask.now for ask in asks)
    due = _what_is_due(sorted(environments), now)
    lanes = busy_lanes(environment_ids=_with_questions(asks, due), now=now)
    questions: dict[int, list[Question]] = {}
    free: dict[int, int] = {}
    for ask in asks:
        environment_id = ask.environment_id
        epoch, parallel_call_count = environments[environment_id]
        if epoch != ask.epoch:
            continue
        if due[environment_id].over:
            end_doubts(environment_id=environment_id, now=now)
        in_use = len(lanes[environment_id] | ask.looking) + ask.reading_count
        left = max(parallel_call_count - in_use, 0)
        questions[environment_id] = (
            _in_the_air(environment_id, left, now) if due[environment_id].doubts else []
        )
        left -= sum(not question.has_own_call for question in questions[environment_id])
        left = min(left, ask.free_call_count)
        if left > 0 and due[environment_id].bookings:
            free[environment_id] = left
    for environment_id, question in read_backs(free, now):
        questions[environment_id].append(question)
    policy = asks[0].policy
    _put_off(questions.values(), until=now + policy.send_window + policy.read_time_out)
    return [
        tuple(questions[ask.environment_id])
        if environments[ask.environment_id][0] == ask.epoch
        else OvertakenError()
        for ask in asks
    ]


def _with_questions(asks: Sequence[Ask], due: Mapping[int, Due]) -> list[int]:
    """The environments of which a question can be taken: of the others it does not matter which calls are free."""
    return sorted(
        {
            ask.environment_id
            for ask in asks
            if due[ask.environment_id].doubts
            or (ask.free_call_count > 0 and due[ask.environment_id].bookings)
        }
    )


def _put_off(questions: Iterable[Sequence[Question]], *, until: datetime) -> None:
    """What a person asked to be deleted after we read what is booked stays due."""
    asked = [wanted.delivery_id for each in questions for question in each for wanted in question.wanted]
    if asked:
        rows = Delivery.objects.exclude(state=State.REVERSING, reason=Reason.TO_DELETE)
        rows.filter(pk__in=asked).update(due_at=until)


def _in_the_air(environment_id: int, free_call_count: int, now: datetime) -> list[Question]:
    """Questions about what may have been booked or deleted, and about what a person typed in."""
    may_be_busy = Q(doubt_until__gt=now) & ~Q(reason=Reason.RESTORED)
    doubted = _due(environment_id, now, *DOUBTED)
    deleted = _due(environment_id, now, State.REVERSING).filter(reason=Reason.DELETE_LEFT)
    own = chain(_doubts(doubted.filter(may_be_busy), now), _deletions(deleted.filter(may_be_busy), now))
    others = chain(
        _doubts(doubted.exclude(may_be_busy), now),
        _deletions(deleted.exclude(may_be_busy), now),
        _typed_in(_due(environment_id, now, State.BOOKED_BY_HAND), now),
    )
    return [*(replace(question, has_own_call=True) for question in own), *islice(others, free_call_count)]


def _due(environment_id: int, now: datetime, *states: State) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(environment_id=environment_id, state__in=states, due_at__lte=now)
    rows = rows.filter(
        connection__state=ConnectionState.AUTHORISED,
        connection__capabilities_checked_at__isnull=False,
        frozen__isnull=False,
    )
    rows = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return rows.select_related("connection__environment").order_by("due_at", "id")


def _doubts(due: Iterable[Delivery], now: datetime) -> Iterator[Question]:
    for delivery in due:
        if connector_of(delivery):
            yield question_about(Kind.DOUBT, delivery)
        else:
            _leave_until(delivery, delivery.doubt_until, now)


def _leave_until(delivery: Delivery, due_at: datetime | None, now: datetime) -> None:
    """There is no means to look: nothing is due before this moment."""
    later = due_at if due_at is not None and due_at > now else None
    decision = Decision(State(delivery.state), Reason(delivery.reason), due_at=later)
    apply_decision(delivery, decision, now=now, doubt_until=delivery.doubt_until)


def _deletions(due: Iterable[Delivery], now: datetime) -> Iterator[Question]:
    """Whether what was deleted is gone; once nobody can look any more, a person does after AFAS's limit."""
    for delivery in due:
        if connector_of(delivery):
            yield question_about(Kind.REVERSAL, delivery)
        elif delivery.doubt_until is not None and delivery.doubt_until > now:
            _leave_until(delivery, delivery.doubt_until, now)
        else:
            apply_decision(delivery, Decision(State.BOOKED, reason=Reason.NO_LOOK_UP), now=now)


def _typed_in(due: Iterable[Delivery], now: datetime) -> Iterator[Question]:
    """What a person typed in by hand is looked for by AFAS's number; where nobody can look, it is taken at his word."""
    for delivery in due:
        if connector := shown_by(delivery.connection.get_connectors):
            yield question_of(Kind.BY_HAND, delivery, connector)
        else:
            _leave_until(delivery, None, now)
