"""The regular look at what must always hold: what breaks it becomes an alarm and a line in the log."""

from datetime import datetime

import structlog

from loonbrug.delivery.invariants import View
from loonbrug.delivery.outcomes import Policy
from loonbrug.screens.invariants import breaches
from loonbrug.watch import operations
from loonbrug.watch.operations import Found

log = structlog.get_logger()

#: A round looks this far back; the command `loonbrug doctor` looks at everything.
NEWEST_COUNT = 20_000


def look_around(*, policy: Policy, now: datetime) -> tuple[Found, ...]:
    """Look, raise an alarm for each breach, end the alarms that are over; the breaches."""
    found = breaches(View(now=now, policy=policy, newest_count=NEWEST_COUNT))
    operations.replace_alarms(found=found, now=now)
    for each in found:
        log.error(
            "breach",
            invariant=each.code,
            office=each.office_id,
            count=len(each.subject_ids),
            subjects=list(each.subject_ids[: operations.NAMED]),
        )
    return found
