"""A database that was restored or copied: nothing is sent until a person releases it, and all is looked up first.

An older database does not know what was sent after it was made. The mark of this installation and its last claim are
in the database and beside it (`project.installation_mark`); where they differ, every office is paused here.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from loonbrug.access.models import Office
from loonbrug.delivery.models import Attempt, Delivery, InstallationMark, Restoration
from loonbrug.delivery.outcomes import Decision, Policy, Reason
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision
from loonbrug.ledger.problems import Place, ProblemsError, problem

#: Entries dated up to this long after a restoration may have been sent before it.
MAY_BE_DATED_AHEAD = timedelta(days=31)


@transaction.atomic
def pause(*, policy: Policy, now: datetime) -> int:
    """Pause every office, and put all that waits in doubt; how many deliveries. The lost time of an office that is
    paused already lasts until now.

    What was in doubt already waits anew: in the time that was lost there may have been an attempt that this
    database does not know.
    """
    left = now + policy.send_window
    busy_until = policy.doubt_until(send_before=left)
    paused = Restoration.objects.filter(released_at=None)
    offices = Office.objects.exclude(id__in=paused.values("office_id"))
    Restoration.objects.bulk_create(
        Restoration(office=office, found_at=now, left_before=left, busy_until=busy_until)
        for office in list(offices)
    )
    paused.update(found_at=now, left_before=left, busy_until=busy_until)
    states = [State.QUEUED, State.SENDING, State.IN_DOUBT]
    rows = Delivery.objects.select_for_update(no_key=True).filter(state__in=states)
    waiting = list(rows.defer("mapping"))
    for delivery in waiting:
        _doubt(delivery, until=busy_until, now=now)
    return len(waiting)


def unreleased_offices() -> frozenset[int]:
    """The offices that wait for a person to release them."""
    return frozenset(Restoration.objects.filter(released_at=None).values_list("office_id", flat=True))


def paused_offices(*, now: datetime) -> frozenset[int]:
    """The offices of which nothing may be sent now: not released, or AFAS may be busy with what was lost."""
    paused = Restoration.objects.filter(Q(released_at=None) | Q(busy_until__gt=now))
    return frozenset(paused.values_list("office_id", flat=True))


def latest(office_id: int) -> Restoration | None:
    """The last time that the database was found to be restored or copied."""
    return Restoration.objects.filter(office_id=office_id).order_by("-id").first()


@transaction.atomic
def release(*, office_id: int, reason: str, by: str, now: datetime) -> None:
    """Let this office send again. Raises ProblemsError (nothing_to_release, reason_missing)."""
    paused = Restoration.objects.select_for_update().filter(office_id=office_id, released_at=None)
    if not paused:
        raise ProblemsError(problem("nothing_to_release"))
    if not reason.strip():
        raise ProblemsError(problem("reason_missing", place=Place(field="reason")))
    paused.update(released_at=now, released_by=by, reason=reason.strip())


def look_first(delivery: Delivery, *, now: datetime) -> None:
    """Put what is about to be sent in doubt if it may have been sent in the time that was lost."""
    restored = latest(delivery.office_id)
    if restored and delivery.entry_date <= (restored.found_at + MAY_BE_DATED_AHEAD).date():
        _doubt(delivery, until=restored.busy_until, now=now)


def is_from_before(delivery: Delivery) -> bool:
    """Whether what we know of this delivery dates from before the time that was lost."""
    restored = latest(delivery.office_id)
    return restored is not None and delivery.changed_at <= restored.found_at


def left_before(delivery: Delivery) -> datetime:
    """Until when a message of this delivery may have left: of its latest attempt, or of one that was lost."""
    attempt = delivery.attempts.order_by("-number").first()
    restored = latest(delivery.office_id)
    known = [attempt.send_before] if attempt else []
    lost = [restored.left_before] if restored else []
    return max(known + lost, default=delivery.queued_at)


def marks() -> frozenset[UUID]:
    """The mark of every folder that this database belongs to."""
    return frozenset(InstallationMark.objects.values_list("mark", flat=True))


def keep_mark(*, mark: UUID, now: datetime) -> None:
    """Take in the mark of a folder."""
    InstallationMark.objects.create(mark=mark, made_at=now)


def knows_claim(claim_id: UUID) -> bool:
    """Whether this database knows an attempt that was made."""
    return Attempt.objects.filter(claim_id=claim_id).exists()


def has_sent() -> bool:
    """Whether anything was ever sent, as far as this database knows."""
    return Attempt.objects.exists()


def _doubt(delivery: Delivery, *, until: datetime, now: datetime) -> None:
    decision = Decision(State.IN_DOUBT, reason=Reason.RESTORED, due_at=now)
    apply_decision(delivery, decision, now=now, doubt_until=until)
