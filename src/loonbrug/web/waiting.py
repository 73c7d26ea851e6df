"""What is waited for and until when, in words."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from loonbrug.delivery.queries import Awaited


def awaited(found: Awaited, *, now: datetime) -> str:
    """What has to happen before a doubt or a deletion ends; empty when that is for a person to say."""
    said = []
    if found.busy_until > now:
        then = (
            _("AFAS may be busy until %(time)s; then we look again.")
            if found.can_look
            else _("AFAS may be busy until %(time)s; then a person looks in AFAS and decides.")
        )
        said.append(then % {"time": clock(found.busy_until, now)})
    if found.lost_account:
        said.append(account(found.lost_account))
    elif not said and found.can_look:
        said.append(_looking(found, now))
    return " ".join(said)


def next_try(due_at: datetime, *, now: datetime) -> str:
    """When what is surely not booked yet is sent again."""
    return _("The next try is at %(time)s.") % {"time": clock(due_at, now)}


def account(afas_user: str) -> str:
    """That an AFAS account stops everything that goes through it."""
    return _("AFAS account %(user)s has to be authorised again.") % {"user": afas_user}


def _looking(found: Awaited, now: datetime) -> str:
    if found.look_at is None or found.look_at <= now:
        return _("We are looking in AFAS.")
    return _("We look in AFAS again at %(time)s.") % {"time": clock(found.look_at, now)}


def clock(moment: datetime, now: datetime) -> str:
    """The time; with the day when that is not today."""
    here, today = timezone.localtime(moment), timezone.localtime(now)
    return date_format(here, "H:i" if here.date() == today.date() else "j F H:i")
