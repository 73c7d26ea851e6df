"""Reversing a journal that is booked, because a person says so; after that its run can be sent again."""

from datetime import datetime

from django.db import transaction

from loonbrug.access import operations as access
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.audit import operations as audit
from loonbrug.delivery import reversing
from loonbrug.delivery.reversing import How
from loonbrug.payroll import queries as payroll


@transaction.atomic
def reverse_journal(
    *, scope: Scope, journal_id: int, how: How, reason: str, now: datetime
) -> tuple[int, ...]:
    """Terugdraaien: ask for the deletion, or the counter-entry, of every entry that AFAS has of this journal.

    Raises NotFoundError, NotAllowedError (write on exports and on reversals is needed), ProblemsError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    scope.require(Part.REVERSAL, Level.WRITE)
    access.hold_office(office_id=scope.office_id)
    payroll.summary(scope=scope, journal_id=journal_id)
    ids = reversing.reverse(
        office_id=scope.office_id,
        journal_id=journal_id,
        how=how,
        reason=reason,
        by=scope.user_name,
        now=now,
    )
    audit.write(
        by=scope,
        at=now,
        verb="reverse",
        subject_kind="journal",
        subject_id=journal_id,
        details={"how": how, "reason": reason.strip(), "entries": len(ids)},
    )
    return ids


@transaction.atomic
def take_back(*, scope: Scope, delivery_id: int, how: How, reason: str, now: datetime) -> None:
    """Take out of AFAS what it booked after it had ended, and that alone. Raises as `reverse_journal`."""
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    scope.require(Part.REVERSAL, Level.WRITE)
    reversing.take_back(
        office_id=scope.office_id,
        delivery_id=delivery_id,
        how=how,
        reason=reason,
        by=scope.user_name,
        now=now,
    )
    audit.write(
        by=scope,
        at=now,
        verb="take_back",
        subject_kind="delivery",
        subject_id=delivery_id,
        details={"how": how, "reason": reason.strip()},
    )
