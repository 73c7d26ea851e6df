"""What a delivery waits for, for whom and until when, in words."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from loonbrug.delivery.states import State
from loonbrug.screens.deliveries import DeliveryRow, Queue
from loonbrug.web.journals.words import reason, refusal
from loonbrug.web.waiting import account, awaited, next_try

QUEUES = {
    Queue.DUE: lazy("Its turn soon"),
    Queue.UNDER_WAY: lazy("Under way"),
    Queue.LATER: lazy("Later again"),
    Queue.ACCOUNT: lazy("Waits for an AFAS account"),
    Queue.DOUBT: lazy("In doubt"),
    Queue.PERSON: lazy("Needs attention"),
}
_BY_ITSELF = {
    State.QUEUED: lazy(
        "It leaves as soon as earlier entries for this journal code are done and a call to AFAS is free."
    ),
    State.SENDING: lazy("AFAS is busy with it."),
}


def waits_for(row: DeliveryRow, *, now: datetime) -> str:
    """What has to happen before this delivery goes on."""
    if row.queue is Queue.ACCOUNT:
        return account(row.afas_user)
    if row.queue is Queue.LATER and row.due_at is not None:
        return next_try(row.due_at, now=now)
    if row.awaited and (said := awaited(row.awaited, now=now)):
        return said
    if row.refusal:
        return " ".join(text for text in (reason(row.reason), refusal(row.refusal).message) if text)
    if row.state in _BY_ITSELF:
        return str(_BY_ITSELF[row.state])
    return reason(row.reason) or _("Somebody has to look at it.")


def duration(seconds: int) -> str:
    """How long something has lasted: in seconds, minutes, hours or days."""
    if seconds < 60:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    if seconds < 3600:
        return ngettext("%(count)d minute", "%(count)d minutes", seconds // 60) % {"count": seconds // 60}
    if seconds < 48 * 3600:
        return ngettext("%(count)d hour", "%(count)d hours", seconds // 3600) % {"count": seconds // 3600}
    return ngettext("%(count)d day", "%(count)d days", seconds // 86400) % {"count": seconds // 86400}
