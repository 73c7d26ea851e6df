"""What a person must know before anything else, at the head of the first page."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from loonbrug.access.rights import Scope
from loonbrug.screens.alarms import alarm_notices, broken_accounts
from loonbrug.screens.nmbrs import stopped
from loonbrug.web.afas_settings.texts import broken
from loonbrug.web.journals.words import Advice, advice
from loonbrug.web.nmbrs_settings.words import trouble_of


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know at once: what, since when, and where to go."""

    problem: Advice
    since: datetime | None
    journals: tuple[tuple[int, str], ...] = ()
    account_id: int | None = None
    nmbrs_id: int | None = None
    waiting_count: int = 0


def notices(scope: Scope) -> list[Notice]:
    """Alarms for whoever sees journals, broken connections for whoever can mend them; the worst first."""
    alarms = [
        Notice(advice(found.problem), found.since, journals=found.journals)
        for found in alarm_notices(scope=scope)
    ]
    accounts = [
        Notice(
            broken(found.account),
            found.account.broken_at,
            account_id=found.account.id,
            waiting_count=found.waiting_count,
        )
        for found in broken_accounts(scope=scope)
    ]
    consents = [
        Notice(
            replace(trouble_of(found.connection.reason), place=found.name),
            found.connection.stopped_at,
            nmbrs_id=found.connection.id,
        )
        for found in stopped(scope=scope, now=timezone.now())
    ]
    return alarms + accounts + consents
