"""What a drain may soon claim, read ahead of the claim: a hint, which the claim itself checks again.

What may no longer be sent is put aside on the way: held for a person, or due later.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from loonbrug.delivery.lanes import Lane
from loonbrug.delivery.models import AttemptKind, Delivery
from loonbrug.delivery.outcomes import Decision, Policy, Reason
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision, unanswered_until
from loonbrug.delivery.tables import one_of, stored

#: How many deliveries of a lane a drain reads ahead.
AHEAD_PER_LANE = 20
#: Not while a restored database waits for its release, or AFAS may be busy with what it does not know.
NOT_PAUSED = """NOT EXISTS (SELECT 1 FROM delivery_restoration restored
    WHERE restored.office_id = delivery_delivery.office_id
    AND (restored.released_at IS NULL OR restored.busy_until > %s))"""


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


class Outlook(NamedTuple):
    """A drain's question what it may claim."""

    environment_id: int
    policy: Policy
    now: datetime


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
                AND {NOT_PAUSED}) AS lanes
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
