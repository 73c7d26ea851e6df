"""Claiming: the step from klaar to bezig, for all drains that wait at once, in a handful of statements.

What was read ahead is a hint and no more. The claim itself decides in its own transaction, by what the tables say then:
the epoch, the lanes and calls in use, the account, the company.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from loonbrug.connections.models import Connection
from loonbrug.delivery.lanes import Lane, OvertakenError, busy_lanes, locked
from loonbrug.delivery.models import Attempt, AttemptKind
from loonbrug.delivery.outcomes import Policy, Reason
from loonbrug.delivery.reading_ahead import NOT_PAUSED, Candidate
from loonbrug.delivery.states import State
from loonbrug.delivery.tables import Value, one_of, stored, stored_id, values_of

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
_MAY_LEAVE = {
    AttemptKind.BOOK: f"state = 'queued' AND NOT EXISTS ({_FORBIDDEN})",
    AttemptKind.DELETE: "state = 'reversing' AND reason = 'to_delete'",
}


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
            AND {NOT_PAUSED}
            RETURNING id, attempt_count, payload_hash, entry_number, office_id, connection_id,
                (SELECT content FROM delivery_payload frozen WHERE frozen.delivery_id = delivery_delivery.id),
                (SELECT authorised_at FROM connections_connection WHERE id = connection_id)""",
            [*after, stored(until), stored(now), *ids, stored(now), stored(now)],
        )
        return list(cursor.fetchall())
