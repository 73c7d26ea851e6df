"""Letting an office send again after its database was restored or copied."""

from datetime import datetime

from django.db import transaction

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.audit import operations as audit
from loonbrug.delivery import installation


@transaction.atomic
def release_sending(*, scope: Scope, reason: str, now: datetime) -> None:
    """Vrijgeven: what waits may leave. Raises NotAllowedError (write on AFAS settings), ProblemsError."""
    scope.require(Part.AFAS_SETTINGS, Level.WRITE)
    installation.release(office_id=scope.office_id, reason=reason, by=scope.user_name, now=now)
    audit.write(
        by=scope,
        at=now,
        verb="release",
        subject_kind="office",
        subject_id=scope.office_id,
        details={"reason": reason.strip()},
    )
