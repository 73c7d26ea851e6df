"""Which questions about AFAS's books are due: of what is in doubt, booked, being deleted or typed in by hand.

In doubt is looked up and never resent blindly; what is booked is read back. Nothing here talks to AFAS.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from afas_client.transactions import VOUCHERS_AT_ONCE
from loonbrug.connections.capabilities import Feature
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.connections.queries import view_of
from loonbrug.delivery.claiming import Lane, OvertakenError, busy_lanes, locked
from loonbrug.delivery.models import Delivery, NumberKeeping
from loonbrug.delivery.outcomes import Decision, Policy, Reason
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision
from loonbrug.delivery.tables import one_of, stored, under_way

#: The states that a look ends when it finds the entry once, as it was sent.
DOUBTED = (State.IN_DOUBT, State.UNDECIDED, State.CONFLICT)
#: The states in which a look in the books can change something, beside the look after a DELETE.
LOOKED_AT = (*DOUBTED, State.BOOKED, State.VERIFIED, State.BOOKED_BY_HAND)

#: So many booked deliveries are considered for reading back in one go.
READ_AT_ONCE = 200


class Kind(StrEnum):
    """Why AFAS is asked: to end a doubt, to verify a booking, to learn whether it keeps our numbers, to delete, or to
    see what a person typed in by hand.
    """

    DOUBT = "doubt"
    READ_BACK = "read_back"
    NUMBER_CHECK = "number_check"
    REVERSAL = "reversal"
    BY_HAND = "by_hand"


#: Questions by AFAS's own number of the entry.
BY_ENTRY_NUMBER = frozenset({Kind.NUMBER_CHECK, Kind.BY_HAND})

_ASKED_AT_ONCE = {Kind.NUMBER_CHECK: 1, Kind.READ_BACK: VOUCHERS_AT_ONCE}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One delivery to find in the books."""

    delivery_id: int
    voucher_number: str
    journal_code: str
    entry_number: str


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask AFAS in one call, and the entry of ours by which we know that we see anything.

    It has a call of its own where it is about a call that AFAS may still be working on.
    """

    kind: Kind
    office_id: int
    connection_id: int
    connector: str
    token: str
    administration: int
    wanted: tuple[Wanted, ...]
    witness: str = ""
    has_own_call: bool = False


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


#: What is read back in one question: kind, connection, administration and, where it is asked by number, journal code.
_Batch = tuple[Kind, int, int, str]


class _Booked(NamedTuple):
    """A booked delivery, as far as it matters for how it is read back."""

    pk: int
    environment_id: int
    office_id: int
    connection_id: int
    administration: int
    journal_code: str


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
    doubts = list(over.select_for_update(of=("self",), no_key=True).defer("mapping"))
    is_kept = _numbers_kept([environment_id])
    connectors = _look_up_connectors({each.connection_id for each in doubts})
    ended = [
        each
        for each in doubts
        if not connectors[each.connection_id]
        or is_kept.get((each.office_id, environment_id, each.administration, each.journal_code)) is False
    ]
    for delivery in ended:
        apply_decision(delivery, Decision(State.UNDECIDED, reason=Reason.NO_LOOK_UP), now=now)
    return len(ended)


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
    for environment_id, question in _read_backs(free, now):
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
    asked = {ask.environment_id: ask.free_call_count > 0 for ask in asks}
    return [pk for pk, is_free in asked.items() if due[pk].doubts or (is_free and due[pk].bookings)]


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


def connector_of(delivery: Delivery) -> str:
    """The connector by which this delivery can be looked up; empty where there is no means to look."""
    if NumberKeeping.objects.filter(**lane_of(delivery), is_kept=False).exists():
        return ""
    return _shown_by(delivery)


def _shown_by(delivery: Delivery) -> str:
    """The connector that shows booked lines here, whether or not they carry our numbers; empty if there is none."""
    return view_of(delivery.connection).connector_for(Feature.LOOK_UP)


def lane_of(delivery: Delivery) -> dict[str, int | str]:
    """What a delivery shares with all others of its office in the same administration and journal."""
    return {
        "office_id": delivery.office_id,
        "environment_id": delivery.environment_id,
        "administration": delivery.administration,
        "journal_code": delivery.journal_code,
    }


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
        if connector := _shown_by(delivery):
            yield _question(Kind.BY_HAND, [delivery], connector)
        else:
            _leave_until(delivery, None, now)


def question_about(kind: Kind, delivery: Delivery) -> Question:
    """A question about one delivery, with another entry of ours as witness that we see anything there."""
    witnesses = Delivery.objects.filter(
        **lane_of(delivery), year=delivery.year, state__in=[State.BOOKED, State.VERIFIED]
    )
    witness = witnesses.exclude(pk=delivery.pk).order_by("-changed_at").first()
    return replace(
        _question(kind, [delivery], connector_of(delivery)),
        witness=witness.voucher_number if witness else "",
    )


def _read_backs(free: Mapping[int, int], now: datetime) -> Iterator[tuple[int, Question]]:
    """One question per administration, of as many deliveries as fit; the first of a lane asks by its number.

    So many for each environment as it has calls free.
    """
    if not free:
        return
    found = _booked_ones(sorted(free), now)
    is_kept = _numbers_kept(free)
    connectors = _look_up_connectors({row.connection_id for row in found})
    unreadable = []
    batches: defaultdict[int, dict[_Batch, list[int]]] = defaultdict(dict)
    for row in found:
        kept = is_kept.get((row.office_id, row.environment_id, row.administration, row.journal_code))
        if kept is False or not connectors[row.connection_id]:
            unreadable.append(row.pk)
            continue
        kind, code = (Kind.NUMBER_CHECK, row.journal_code) if kept is None else (Kind.READ_BACK, "")
        batch = kind, row.connection_id, row.administration, code
        batches[row.environment_id].setdefault(batch, []).append(row.pk)
    if unreadable:
        rows = Delivery.objects.filter(state__in=[State.BOOKED, State.VERIFIED])
        rows.filter(pk__in=unreadable).update(due_at=None)
    chosen = [
        (environment_id, key, pks[: _ASKED_AT_ONCE[key[0]]])
        for environment_id, of_it in batches.items()
        for key, pks in islice(of_it.items(), free[environment_id])
    ]
    booked = Delivery.objects.select_related("connection").defer("mapping")
    deliveries = booked.in_bulk([pk for _, _, pks in chosen for pk in pks])
    for environment_id, (kind, connection_id, _, _), pks in chosen:
        yield environment_id, _question(kind, [deliveries[pk] for pk in pks], connectors[connection_id])


def _booked_ones(environment_ids: Sequence[int], now: datetime) -> list[_Booked]:
    """What is booked and due to be read back: of each environment the first."""
    asked, ids = one_of(environment_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT id, environment_id, office_id, connection_id, administration, journal_code FROM (
                SELECT d.id, d.environment_id, d.office_id, connection_id, administration, journal_code, due_at,
                    row_number() OVER (PARTITION BY d.environment_id ORDER BY due_at, d.id) AS place
                FROM delivery_delivery d JOIN connections_connection account ON account.id = connection_id
                JOIN delivery_payload frozen ON frozen.delivery_id = d.id
                WHERE d.environment_id {asked} AND d.state IN ('booked', 'verified') AND due_at <= %s
                AND account.state = 'authorised' AND account.capabilities_checked_at IS NOT NULL) AS booked
            WHERE place <= %s ORDER BY due_at, id""",
            [*ids, stored(now), READ_AT_ONCE],
        )
        return [_Booked(*row) for row in cursor.fetchall()]


def _numbers_kept(environment_ids: Iterable[int]) -> dict[tuple[int | str, ...], bool]:
    """Of which lanes it is known whether AFAS keeps our numbers there."""
    rows = NumberKeeping.objects.filter(environment_id__in=environment_ids)
    columns = ("office_id", "environment_id", "administration", "journal_code", "is_kept")
    return {tuple(lane): kept for *lane, kept in rows.values_list(*columns)}


def _look_up_connectors(connection_ids: Iterable[int]) -> dict[int, str]:
    rows = Connection.objects.select_related("environment").in_bulk(list(connection_ids))
    return {pk: view_of(row).connector_for(Feature.LOOK_UP) for pk, row in rows.items()}


def _question(kind: Kind, deliveries: Sequence[Delivery], connector: str) -> Question:
    first = deliveries[0]
    return Question(
        kind=kind,
        office_id=first.office_id,
        connection_id=first.connection_id,
        connector=connector,
        token=str(first.connection.authorised_at),
        administration=first.administration,
        wanted=tuple(
            Wanted(
                delivery_id=delivery.pk,
                voucher_number=delivery.voucher_number,
                journal_code=delivery.journal_code,
                entry_number=delivery.entry_number,
            )
            for delivery in deliveries
        ),
    )
