"""Claiming: the step from klaar to bezig, for all drains that wait at once, in a handful of statements.

A drain reads ahead what it may send (`ready_all`), which is a hint and no more. The claim itself decides in its own
transaction, by what the tables say then: the epoch, the lanes and calls in use, the account, the company.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from loonbrug.connections.models import Connection, Environment
from loonbrug.delivery.models import Attempt, AttemptKind, Delivery
from loonbrug.delivery.outcomes import Decision, Policy, Reason
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision, unanswered_until
from loonbrug.delivery.tables import Value, one_of, stored, stored_id, values_of

#: How many deliveries of a lane a drain reads ahead.
AHEAD_PER_LANE = 20

Lane = tuple[int, str]

_FORBIDDEN = """SELECT 1 FROM directory_company company
    JOIN directory_debtor debtor ON debtor.id = company.debtor_id
    WHERE company.id = company_id AND (company.is_test OR debtor.is_blocked)"""
#: Of what `_claim` keeps of an attempt.
_ATTEMPT_TYPES = (
    "bigint",
    "text",
    "uuid",
    "integer",
    "bigint",
    "text",
    "timestamptz",
    "timestamptz",
    "text",
)
#: Not while a restored database waits for its release, or AFAS may be busy with what it does not know.
_NOT_PAUSED = """NOT EXISTS (SELECT 1 FROM delivery_restoration restored
    WHERE restored.office_id = delivery_delivery.office_id
    AND (restored.released_at IS NULL OR restored.busy_until > %s))"""
_MAY_LEAVE = {
    AttemptKind.BOOK: f"state = 'queued' AND NOT EXISTS ({_FORBIDDEN})",
    AttemptKind.DELETE: "state = 'reversing' AND reason = 'to_delete'",
}


class OvertakenError(Exception):
    """A newer drain of this environment has started; this one must claim nothing more."""


class Candidate(NamedTuple):
    """A delivery that may be claimed, as far as is known: its administration and journal code are its lane."""

    delivery_id: int
    lane: Lane
    kind: AttemptKind


class Ahead:
    """What a drain has read ahead. It is short when a lane that may hold more has nothing left here."""

    def __init__(self, candidates: Iterable[Candidate] = ()) -> None:
        self.candidates = {candidate.delivery_id: candidate for candidate in candidates}
        self.is_short = False
        self._left = Counter(candidate.lane for candidate in self.candidates.values())
        self._may_hold_more = {lane for lane, count in self._left.items() if count >= AHEAD_PER_LANE}

    def drop(self, delivery_ids: Iterable[int]) -> None:
        """Forget these: they were claimed, or cannot be."""
        for delivery_id in delivery_ids:
            candidate = self.candidates.pop(delivery_id, None)
            if candidate is not None:
                self._left[candidate.lane] -= 1
                is_last = not self._left[candidate.lane]
                self.is_short |= is_last and candidate.lane in self._may_hold_more


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt that may leave, until `send_before`: a booking, or the deletion of what was booked.

    `token` changes whenever the account is authorised anew.
    """

    kind: AttemptKind
    claim_id: UUID
    delivery_id: int
    office_id: int
    connection_id: int
    token: str
    payload: bytes
    send_before: datetime


class Outlook(NamedTuple):
    """A drain's question what it may claim."""

    environment_id: int
    policy: Policy
    now: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What one drain would like to claim: the first of `ahead` whose lanes are free, one for each claim id.

    `reading_count` calls of the environment are in use by questions, and the lanes of `looking` by questions about
    what they hold.
    """

    environment_id: int
    epoch: int
    ahead: Iterable[Candidate]
    claim_ids: Sequence[UUID]
    reading_count: int
    policy: Policy
    now: datetime
    looking: frozenset[Lane] = frozenset()

    @property
    def send_before(self) -> datetime:
        """Until when what is claimed may leave."""
        return self.now + self.policy.send_window


class Claimed(NamedTuple):
    """What was claimed, what turned out not to be there to claim, and how many calls that leaves free."""

    claims: tuple[Claim, ...]
    gone: frozenset[int]
    free_call_count: int


def ready_all(outlooks: Sequence[Outlook]) -> list[tuple[Candidate, ...] | Exception]:
    """The first of every lane that may be claimed; what may no longer be sent is handed to a person.

    Within an open transaction only.
    """
    now = max(outlook.now for outlook in outlooks)
    asked, ids = one_of(sorted({outlook.environment_id for outlook in outlooks}))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT environment_id, id, administration, journal_code, state, reverses_id, is_test, is_blocked FROM (
                SELECT delivery_delivery.environment_id, delivery_delivery.id, administration, journal_code,
                    delivery_delivery.state, reverses_id, due_at, company.is_test, debtor.is_blocked,
                    row_number() OVER (
                        PARTITION BY delivery_delivery.environment_id, administration, journal_code
                        ORDER BY due_at, delivery_delivery.id) AS place
                FROM delivery_delivery
                JOIN connections_connection account ON account.id = connection_id
                LEFT JOIN directory_company company ON company.id = company_id
                LEFT JOIN directory_debtor debtor ON debtor.id = company.debtor_id
                WHERE delivery_delivery.environment_id {asked} AND due_at <= %s AND account.state = 'authorised'
                AND delivery_delivery.state IN ('queued', 'reversing')
                AND (delivery_delivery.state = 'queued' OR reason = 'to_delete')
                AND {_NOT_PAUSED}) AS lanes
            WHERE place <= %s ORDER BY due_at, id""",
            [*ids, stored(now), stored(now), AHEAD_PER_LANE],
        )
        found = cursor.fetchall()
    policy = outlooks[0].policy
    candidates: defaultdict[int, list[Candidate]] = defaultdict(list)
    for environment_id, *row in found:
        candidates[environment_id] += _candidate(*row, policy=policy, now=now)
    return [tuple(candidates[outlook.environment_id]) for outlook in outlooks]


def _candidate(
    delivery_id: int,
    administration: int,
    journal_code: str,
    state: str,
    reverses_id: int | None,
    is_test: bool | None,
    is_blocked: bool | None,
    *,
    policy: Policy,
    now: datetime,
) -> Iterator[Candidate]:
    """This delivery, unless its company may not be sent any more or it has to wait."""
    is_deletion = state == State.REVERSING
    if not is_deletion and (is_test or is_blocked):
        _hold(delivery_id, Reason.COMPANY_IS_TEST if is_test else Reason.DEBTOR_IS_BLOCKED, now)
    elif not (is_deletion or reverses_id) or not _waits(delivery_id, policy, now):
        kind = AttemptKind.DELETE if is_deletion else AttemptKind.BOOK
        yield Candidate(delivery_id, (administration, journal_code), kind)


def _hold(delivery_id: int, reason: Reason, now: datetime) -> None:
    delivery = Delivery.objects.select_for_update(no_key=True).get(pk=delivery_id)
    if delivery.state == State.QUEUED:
        apply_decision(delivery, Decision(State.HELD, reason=reason), now=now)


def _waits(delivery_id: int, policy: Policy, now: datetime) -> bool:
    """Whether a reversal has to wait, because AFAS may still book another attempt of what is reversed."""
    delivery = Delivery.objects.select_for_update(no_key=True).get(pk=delivery_id)
    undone = delivery.reverses or delivery
    is_waited_for = undone.state == State.REVERSING
    until = unanswered_until([undone], policy=policy, now=now).get(undone.pk) if is_waited_for else None
    if until is not None:
        decision = Decision(State(delivery.state), Reason(delivery.reason), due_at=until)
        apply_decision(delivery, decision, now=now)
    return until is not None


def token_of(account: Connection) -> str:
    """What stands for the token that an account has now, as `claim_all` reads it from the table."""
    return str(stored(account.authorised_at))


def stored_claims(*, claim_ids: Sequence[UUID]) -> tuple[Claim, ...]:
    """Which of these claims are in the table and not answered: asked when a commit's fate is unknown."""
    rows = Attempt.objects.select_related("delivery__connection", "delivery__frozen").filter(
        claim_id__in=claim_ids, ended_at=None
    )
    return tuple(
        Claim(
            kind=AttemptKind(row.kind),
            claim_id=row.claim_id,
            delivery_id=row.delivery_id,
            office_id=row.delivery.office_id,
            connection_id=row.delivery.connection_id,
            token=token_of(row.delivery.connection),
            payload=row.delivery.payload,
            send_before=row.send_before,
        )
        for row in rows
    )


def claim_all(wishes: Sequence[Wish]) -> list[Claimed | Exception]:
    """Claim for each of these drains; OvertakenError in its place for one that a newer drain has overtaken.

    What is under way is read from the table, never from memory, while the environments' rows are locked: neither
    another claim nor a raised epoch can come between. Within an open transaction only.
    """
    environments = locked({wish.environment_id for wish in wishes})
    lanes = busy_lanes(environment_ids=sorted(environments), now=max(wish.now for wish in wishes))
    free: list[int | None] = []  # None where a newer drain has overtaken
    chosen: list[list[tuple[Candidate, UUID]]] = []
    for wish in wishes:
        epoch, parallel_call_count = environments[wish.environment_id]
        busy = lanes[wish.environment_id] | wish.looking
        calls = max(parallel_call_count - len(busy) - wish.reading_count, 0)
        free.append(calls if epoch == wish.epoch else None)
        chosen.append(list(zip(_choose(wish, busy, free[-1] or 0), wish.claim_ids, strict=False)))
    claims = _claim(wishes, chosen)
    return [
        OvertakenError() if calls is None else _claimed(mine, claims, calls)
        for mine, calls in zip(chosen, free, strict=True)
    ]


def _claimed(mine: Sequence[tuple[Candidate, UUID]], claims: dict[int, Claim], free: int) -> Claimed:
    wanted = [candidate.delivery_id for candidate, _ in mine]
    made = tuple(claims[delivery_id] for delivery_id in wanted if delivery_id in claims)
    return Claimed(claims=made, gone=frozenset(wanted) - claims.keys(), free_call_count=free - len(made))


def _choose(wish: Wish, busy: set[Lane], free: int) -> Iterator[Candidate]:
    """One for each lane that is free, as many as there are calls and claim ids; their lanes are busy from here."""
    left = min(free, len(wish.claim_ids))
    for candidate in wish.ahead:
        if left <= 0:
            return
        if candidate.lane not in busy:
            busy.add(candidate.lane)
            left -= 1
            yield candidate


def locked(environment_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Epoch and number of calls of these environments, whose rows nobody else can change from here."""
    lock = "FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    asked, ids = one_of(sorted(environment_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT id, epoch, parallel_call_count FROM connections_environment
            WHERE id {asked} ORDER BY id {lock}""",
            ids,
        )
        return {pk: (epoch, calls) for pk, epoch, calls in cursor.fetchall()}


def check_epoch(*, environment_id: int, epoch: int) -> None:
    """Raises OvertakenError when a newer drain of this environment has started."""
    if not Environment.objects.filter(pk=environment_id, epoch=epoch).exists():
        raise OvertakenError


def busy_lanes(*, environment_ids: Sequence[int], now: datetime) -> defaultdict[int, set[Lane]]:
    """Lanes of calls under way, and of doubts and deletions that AFAS may still be working on.

    While AFAS may be busy with what a restored database does not know, nothing leaves at all, and these hold no
    lane. The states are written out because only then the databases use the small index of what is under way.
    """
    lanes: defaultdict[int, set[Lane]] = defaultdict(set)
    if not environment_ids:
        return lanes
    asked, ids = one_of(environment_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT environment_id, administration, journal_code FROM delivery_delivery
            WHERE environment_id {asked} AND state IN ('sending', 'in_doubt', 'reversing')
            AND (state = 'sending' OR doubt_until > %s) AND reason <> %s""",
            [*ids, stored(now), Reason.RESTORED],
        )
        for environment_id, administration, journal_code in cursor.fetchall():
            lanes[environment_id].add((administration, journal_code))
    return lanes


def _claim(wishes: Sequence[Wish], chosen: Sequence[Sequence[tuple[Candidate, UUID]]]) -> dict[int, Claim]:
    """The claims that could be made, by delivery; each attempt's row is there before its bytes may leave."""
    asked = {
        candidate.delivery_id: (candidate, claim_id, wish)
        for wish, mine in zip(wishes, chosen, strict=True)
        for candidate, claim_id in mine
    }
    claims: dict[int, Claim] = {}
    attempts: list[Sequence[Value]] = []
    for kind in AttemptKind:
        of_kind = [pk for pk, (candidate, _, _) in asked.items() if candidate.kind is kind]
        for row in _take(of_kind, kind, wishes):
            delivery_id, number, payload_hash, entry_number, office_id, connection_id, payload, token = row
            _, claim_id, wish = asked[delivery_id]
            attempts.append(
                (
                    delivery_id,
                    kind.value,
                    stored_id(claim_id),
                    number,
                    wish.epoch,
                    payload_hash,
                    stored(wish.now),
                    stored(wish.send_before),
                    entry_number if kind is AttemptKind.DELETE else "",
                )
            )
            claims[delivery_id] = Claim(
                kind,
                claim_id,
                delivery_id,
                office_id,
                connection_id,
                str(token),
                bytes(payload),
                wish.send_before,
            )
    _keep(attempts)
    return claims


def _keep(attempts: Sequence[Sequence[Value]]) -> None:
    if not attempts:
        return
    table, rows = values_of(_ATTEMPT_TYPES, attempts)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO delivery_attempt (delivery_id, kind, claim_id, number, epoch, payload_hash,
                claimed_at, send_before, entry_number, outcome, message, code, log_reference)
            SELECT attempt.*, '', '', '', '' FROM {table} AS attempt""",
            [rows],
        )


def _take(delivery_ids: Sequence[int], kind: AttemptKind, wishes: Sequence[Wish]) -> list[Any]:
    """Make the step, where everything still allows it; the rows that made it."""
    if not delivery_ids:
        return []
    asked, ids = one_of(delivery_ids)
    now = max(wish.now for wish in wishes)
    after, until = (State.SENDING, Reason.NONE), None
    if kind is AttemptKind.DELETE:
        after = (State.REVERSING, Reason.DELETING)
        until = max(wish.policy.doubt_until(send_before=now + wish.policy.send_window) for wish in wishes)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE delivery_delivery SET state = %s, reason = %s, due_at = NULL, doubt_until = %s,
                attempt_count = attempt_count + 1, changed_at = %s
            WHERE id {asked} AND due_at <= %s AND {_MAY_LEAVE[kind]}
            AND EXISTS (SELECT 1 FROM connections_connection WHERE id = connection_id AND state = 'authorised')
            AND EXISTS (SELECT 1 FROM delivery_payload frozen WHERE frozen.delivery_id = delivery_delivery.id)
            AND {_NOT_PAUSED}
            RETURNING id, attempt_count, payload_hash, entry_number, office_id, connection_id,
                (SELECT content FROM delivery_payload frozen WHERE frozen.delivery_id = delivery_delivery.id),
                (SELECT authorised_at FROM connections_connection WHERE id = connection_id)""",
            [*after, stored(until), stored(now), *ids, stored(now), stored(now)],
        )
        return list(cursor.fetchall())
