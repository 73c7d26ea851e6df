"""Which alarms stand, whether mail waits, and when an engine was last seen at work."""

from dataclasses import dataclass
from datetime import datetime

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.watch.models import Alarm, Mail, Pulse


@dataclass(frozen=True, slots=True)
class AlarmView:
    """A breach that stands; `subject_ids` are the first few of `count`."""

    code: str
    subject_ids: tuple[int, ...]
    count: int
    since: datetime


def alarms(*, scope: Scope) -> tuple[AlarmView, ...]:
    """The alarms of the scope's own office, the oldest first. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = Alarm.objects.filter(office_id=scope.office_id).order_by("since", "code")
    return tuple(AlarmView(row.code, tuple(row.subject_ids), row.count, row.since) for row in rows)


def breach_counts() -> dict[str, int]:
    """How many things break each rule, over all offices."""
    counts: dict[str, int] = {}
    for code, count in Alarm.objects.values_list("code", "count"):
        counts[code] = counts.get(code, 0) + count
    return counts


def unsent_mail_count() -> int:
    """Mails that no mail server has taken yet."""
    return Mail.objects.filter(sent_at=None).count()


def last_pulse() -> datetime | None:
    """When an engine was last seen at work; nothing before its first round."""
    return Pulse.objects.values_list("at", flat=True).first()
