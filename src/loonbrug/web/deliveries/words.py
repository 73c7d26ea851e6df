"""What a delivery waits for, for whom and until when, in words."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from loonbrug.delivery.states import State
from loonbrug.screens.deliveries import DeliveryRow, Queue
from loonbrug.web.journals.words import reason

QUEUES = {
    Queue.DUE: lazy("Its turn soon"),
    Queue.UNDER_WAY: lazy("Under way"),
    Queue.LATER: lazy("Later again"),
    Queue.ACCOUNT: lazy("Waits for an AFAS account"),
    Queue.DOUBT: lazy("In doubt"),
    Queue.PERSON: lazy("Waits for somebody"),
}
_BY_ITSELF = {
    State.QUEUED: lazy("It leaves as soon as a call to AFAS is free."),
    State.SENDING: lazy("AFAS is busy with it."),
    State.REVERSING: lazy("It is being reversed in AFAS."),
}


def waits_for(row: DeliveryRow, *, now: datetime) -> str:
    """What has to happen before this delivery goes on."""
    if row.queue is Queue.PERSON:
        return reason(row.reason) or _("Somebody has to look at it.")
    if row.queue is Queue.ACCOUNT or (row.queue is Queue.DOUBT and not row.is_let_in):
        return _("AFAS account %(user)s has to be authorised again.") % {"user": row.afas_user}
    if row.queue is Queue.LATER and row.due_at is not None:
        return _("The next try is at %(time)s.") % {"time": clock(row.due_at, now)}
    if row.queue is Queue.DOUBT:
        return _doubt(row, now)
    return str(_BY_ITSELF[row.state])


def _doubt(row: DeliveryRow, now: datetime) -> str:
    if row.doubt_until is None or row.doubt_until <= now:
        return _("AFAS is asked whether it was booked.")
    return _("AFAS may be busy until %(time)s; then we look again.") % {"time": clock(row.doubt_until, now)}


def clock(moment: datetime, now: datetime) -> str:
    """The time; with the day when that is not today."""
    here, today = timezone.localtime(moment), timezone.localtime(now)
    return date_format(here, "H:i" if here.date() == today.date() else "j F H:i")


def duration(seconds: int) -> str:
    """How long something has lasted: in seconds, minutes, hours or days."""
    if seconds < 60:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    if seconds < 3600:
        return ngettext("%(count)d minute", "%(count)d minutes", seconds // 60) % {"count": seconds // 60}
    if seconds < 48 * 3600:
        return ngettext("%(count)d hour", "%(count)d hours", seconds // 3600) % {"count": seconds // 3600}
    return ngettext("%(count)d day", "%(count)d days", seconds // 86400) % {"count": seconds // 86400}
