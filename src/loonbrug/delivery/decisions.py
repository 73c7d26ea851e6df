"""What a person does about a delivery: send it again, cancel it, or say what AFAS shows. Each act is kept.

What a drain does about one is in the other modules; `reversing` is asked for here and done there.
"""

import re
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from loonbrug.access.rights import NotFoundError
from loonbrug.delivery import installation
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.outcomes import Decision, Reason
from loonbrug.delivery.reversal import may_be_undone
from loonbrug.delivery.states import IN_AFAS, State
from loonbrug.delivery.steps import apply_decision, found_once
from loonbrug.ledger.problems import Place, ProblemsError, problem

#: AFAS's journal entry number (EnNo, Journaalpostnummer).
_ENTRY_NUMBER = re.compile(r"0*[1-9][0-9]{0,11}")


class DoubtDecision(StrEnum):
    """What a person says after looking in AFAS at a delivery that may have been booked."""

    AGAIN = "again"
    CANCEL = "cancel"
    BOOKED = "booked"
    BY_HAND = "by_hand"


_MAY_BE_RETRIED = frozenset({State.REJECTED, State.GIVEN_UP, State.HELD})
_MAY_BE_CANCELLED = _MAY_BE_RETRIED | {State.QUEUED}
_BOOKED_BY_US = frozenset({State.BOOKED, State.VERIFIED, State.CONFLICT, State.REVERSING})
_AFTER_DECISION = {
    DoubtDecision.AGAIN: State.QUEUED,
    DoubtDecision.CANCEL: State.CANCELLED,
    DoubtDecision.BOOKED: State.BOOKED,
    DoubtDecision.BY_HAND: State.BOOKED_BY_HAND,
}


@transaction.atomic
def retry(*, office_id: int, delivery_id: int, reason: str, by: str, now: datetime) -> None:
    """Send the same payload with the same number again, because something was mended in AFAS.

    Raises NotFoundError, ProblemsError (reason_missing, delivery_has_moved_on, counter_entry_not_possible).
    """
    delivery = in_state(office_id, delivery_id, _MAY_BE_RETRIED)
    _check_counter_entry(delivery)
    keep_decision(delivery, "retry", reason=reason, by=by, now=now)
    delivery.not_booked_count = 0
    may_be_known_to_afas = installation.is_from_before(delivery)
    apply_decision(delivery, Decision(State.QUEUED, due_at=now), now=now)
    if may_be_known_to_afas:
        installation.look_first(delivery, now=now)


@transaction.atomic
def cancel(*, office_id: int, delivery_id: int, reason: str, by: str, now: datetime) -> None:
    """Do not send this entry; it may then be sent anew with another number.

    Raises NotFoundError, ProblemsError (reason_missing, delivery_has_moved_on, restored_since).
    """
    delivery = in_state(office_id, delivery_id, _MAY_BE_CANCELLED)
    if installation.is_from_before(delivery):
        raise ProblemsError(problem("restored_since"))
    keep_decision(delivery, "cancel", reason=reason, by=by, now=now)
    apply_decision(delivery, Decision(State.CANCELLED), now=now)


@transaction.atomic
def resolve(
    *,
    office_id: int,
    delivery_id: int,
    decision: DoubtDecision,
    entry_number: str,
    reason: str,
    by: str,
    now: datetime,
) -> None:
    """Settle what is in doubt by what a person saw in AFAS, once AFAS's limit has passed.

    Raises NotFoundError, ProblemsError (too_early_to_decide, delivery_has_moved_on, reason_missing,
    entry_number_missing, entry_number_of_another).
    """
    delivery = in_state(office_id, delivery_id, {State.IN_DOUBT, State.UNDECIDED})
    state = _AFTER_DECISION[decision]
    found = _entry_number(delivery, entry_number) if state in IN_AFAS else ""
    until = _busy_until(delivery)
    if until is not None and until > now:
        raise ProblemsError(problem("too_early_to_decide", until=until))
    if delivery.state == State.IN_DOUBT:
        apply_decision(delivery, Decision(State.UNDECIDED, reason=Reason.NO_LOOK_UP), now=now)
    keep_decision(delivery, decision, reason=reason, by=by, now=now, entry_number=found)
    due_at = None if state is State.CANCELLED else now
    apply_decision(delivery, Decision(state, due_at=due_at, entry_number=found), now=now)


def _busy_until(delivery: Delivery) -> datetime | None:
    """Until when AFAS may be busy with it, be it by an attempt that a restored database no longer knows."""
    restored = installation.latest(delivery.office_id)
    known = [delivery.doubt_until] if delivery.doubt_until else []
    lost = [restored.busy_until] if restored else []
    return max(known + lost, default=None)


@transaction.atomic
def settle(
    *, office_id: int, delivery_id: int, entry_number: str, reason: str, by: str, now: datetime
) -> None:
    """Say that AFAS holds the entry once now, under this number; it is read back where that can be done.

    What had ended lives again by it; what a counter-entry undoes is reversed. Raises NotFoundError, ProblemsError
    (delivery_has_moved_on, reason_missing, entry_number_missing, entry_number_of_another, entry_sent_anew,
    counter_entry_not_possible).
    """
    delivery = in_state(office_id, delivery_id, {State.CONFLICT})
    number = _entry_number(delivery, entry_number)
    if _is_replaced(delivery):
        raise ProblemsError(problem("entry_sent_anew"))
    if delivery.is_ended:
        _check_counter_entry(delivery)
    keep_decision(delivery, "settle", reason=reason, by=by, now=now, entry_number=number)
    delivery.is_ended = False
    delivery.save(update_fields=["is_ended"])
    found_once(delivery, Decision(State.BOOKED, due_at=now, entry_number=number), now=now)


def _check_counter_entry(delivery: Delivery) -> None:
    """Raises ProblemsError (counter_entry_not_possible) where a counter-entry has nothing left to undo."""
    undone = delivery.reverses
    if undone is not None and not may_be_undone(State(undone.state), Reason(undone.reason)):
        raise ProblemsError(problem("counter_entry_not_possible"))


def _is_replaced(delivery: Delivery) -> bool:
    """Whether another delivery of the same entry is on its way or in AFAS."""
    beside = Delivery.objects.filter(
        office_id=delivery.office_id,
        run_id=delivery.run_id,
        ordinal=delivery.ordinal,
        reverses_id=delivery.reverses_id,
        is_ended=False,
    )
    return beside.exclude(pk=delivery.pk).exists()


def _entry_number(delivery: Delivery, text: str) -> str:
    """The number as AFAS writes it. Raises ProblemsError (entry_number_missing, entry_number_of_another)."""
    place = Place(field="entry_number")
    if not _ENTRY_NUMBER.fullmatch(text.strip()):
        raise ProblemsError(problem("entry_number_missing", place=place))
    number = str(int(text))
    if _is_of_another(number, delivery):
        raise ProblemsError(problem("entry_number_of_another", place=place, number=number))
    return number


def _is_of_another(number: str, delivery: Delivery) -> bool:
    """Whether AFAS gave this number to another entry of ours, such as the one that a counter-entry undoes."""
    beside = Delivery.objects.filter(
        environment_id=delivery.environment_id,
        administration=delivery.administration,
        journal_code=delivery.journal_code,
        year=delivery.year,
        entry_number=number,
        state__in=_BOOKED_BY_US,
    )
    return beside.exclude(pk=delivery.pk).exists()


def in_state(office_id: int, delivery_id: int, states: Collection[State]) -> Delivery:
    """This delivery, locked. Raises NotFoundError, ProblemsError (delivery_has_moved_on)."""
    rows = Delivery.objects.filter(office_id=office_id, pk=delivery_id)
    delivery = rows.select_for_update(no_key=True).first()
    if delivery is None:
        raise NotFoundError("delivery", delivery_id)
    if delivery.state not in states:
        raise ProblemsError(problem("delivery_has_moved_on"))
    return delivery


def keep_decision(
    delivery: Delivery, kind: str, *, reason: str, by: str, now: datetime, entry_number: str = ""
) -> None:
    """Keep what a person decided, and why. Raises ProblemsError (reason_missing)."""
    if not reason.strip():
        raise ProblemsError(problem("reason_missing", place=Place(field="reason")))
    delivery.decisions.create(kind=kind, reason=reason.strip(), entry_number=entry_number, by=by, at=now)
