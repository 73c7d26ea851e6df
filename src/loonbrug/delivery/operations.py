"""Queueing what was approved, and the start of a drain. Claims are made in `claiming`, answers kept in `recording`.

Nothing here talks to AFAS, and no transaction of these is open while somebody does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import connection, transaction
from django.db.models import Q

from loonbrug.delivery import installation
from loonbrug.delivery.models import Delivery, Payload
from loonbrug.delivery.outcomes import (
    Decision,
    Policy,
    Reason,
)
from loonbrug.delivery.payload import RunKey, payload_of, voucher_number
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision, latest_attempt
from loonbrug.delivery.tables import under_way
from loonbrug.ledger.entry import Posting


@dataclass(frozen=True, slots=True)
class Target:
    """Where a journal goes, as its mapping says at the moment of approval."""

    environment_id: int
    connection_id: int
    administration: int
    journal_code: str
    mapping: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Approved:
    """One entry of a journal, approved for sending."""

    journal_id: int
    run_id: int
    run: RunKey
    ordinal: int
    posting: Posting


@dataclass(frozen=True, slots=True)
class Begun:
    """A drain's epoch, and how many calls at once its environment has."""

    epoch: int
    parallel_call_count: int


@transaction.atomic
def queue(
    *, office_id: int, target: Target, entries: Sequence[Approved], by: str, now: datetime
) -> tuple[int, ...]:
    """Freeze and queue these entries; the ids of their deliveries.

    Raises IntegrityError when one of them has a live delivery already: all or none are queued.
    """
    return tuple(_queue_one(office_id, target, entry, by, now) for entry in entries)


def _queue_one(office_id: int, target: Target, entry: Approved, by: str, now: datetime) -> int:
    earlier = Delivery.objects.filter(office_id=office_id, run_id=entry.run_id, ordinal=entry.ordinal)
    generation = earlier.filter(is_ended=True, reverses__isnull=True).count()
    number = voucher_number(office_id=office_id, run=entry.run, ordinal=entry.ordinal, generation=generation)
    payload = payload_of(
        entry.posting,
        administration=target.administration,
        journal_code=target.journal_code,
        voucher_number=number,
    )
    debit, credit = entry.posting.totals()
    delivery = Delivery(
        office_id=office_id,
        environment_id=target.environment_id,
        connection_id=target.connection_id,
        company_id=entry.run.company_id,
        run_id=entry.run_id,
        journal_id=entry.journal_id,
        ordinal=entry.ordinal,
        generation=generation,
        administration=target.administration,
        journal_code=target.journal_code,
        entry_date=entry.posting.date,
        year=entry.posting.year,
        period=entry.posting.period,
        voucher_number=number,
        mapping=dict(target.mapping),
        total_debit=debit,
        total_credit=credit,
    )
    freeze(delivery, payload, by=by, now=now)
    installation.look_first(delivery, now=now)
    return delivery.pk


def freeze(delivery: Delivery, payload: bytes, *, by: str, now: datetime) -> None:
    """Keep this new delivery with the bytes that are to be sent, due at once. Within an open transaction only."""
    delivery.payload_hash = sha256(payload).hexdigest()
    delivery.queued_by = by
    delivery.due_at = delivery.queued_at = delivery.changed_at = now
    delivery.save(force_insert=True)
    Payload.objects.create(delivery=delivery, content=payload)


def raise_epochs(environment_ids: Sequence[int]) -> list[Begun | Exception]:
    """The epoch of each drain that starts in one of these environments; older drains can claim nothing from then on.

    Within an open transaction only. It is committed before what was left is put in doubt: the last answers of an older
    drain, which lock deliveries and then the environment, cannot stand in the way.
    """
    begun: dict[int, Begun] = {}
    with connection.cursor() as cursor:
        for place, environment_id in sorted(enumerate(environment_ids), key=lambda each: each[1]):
            cursor.execute(
                """UPDATE connections_environment SET epoch = epoch + 1 WHERE id = %s
                RETURNING epoch, parallel_call_count""",
                [environment_id],
            )
            begun[place] = Begun(*cursor.fetchone())
    return [begun[place] for place in range(len(environment_ids))]


@transaction.atomic
def doubt_what_was_left(*, environment_id: int, epoch: int, policy: Policy, now: datetime) -> None:
    """Put in doubt what older drains left in the air. What a newer one has claimed meanwhile is its own.

    Nothing is looked up before that look counts: until then the older drain may live, and hear the answer itself.
    """
    candidates = under_way(environment_id)
    if not candidates:
        return
    left = Q(state=State.SENDING) | Q(state=State.REVERSING, reason=Reason.DELETING)
    rows = Delivery.objects.select_for_update(no_key=True).order_by("id")
    for delivery in rows.filter(left, pk__in=candidates):
        attempt = latest_attempt(delivery)
        if attempt.epoch >= epoch:
            continue
        send_before = attempt.send_before
        due_at = max(now, send_before + policy.send_window)
        decision = Decision(State.IN_DOUBT, due_at=due_at)
        if delivery.state == State.REVERSING:
            decision = Decision(State.REVERSING, reason=Reason.DELETE_LEFT, due_at=due_at)
        apply_decision(delivery, decision, now=now, doubt_until=policy.doubt_until(send_before=send_before))
