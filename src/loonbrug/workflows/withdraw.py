"""Take back a journal that was imported by mistake."""

import datetime

from django.db import transaction

from loonbrug.access import operations as access
from loonbrug.access.rights import Scope
from loonbrug.payroll import operations as payroll
from loonbrug.payroll import queries
from loonbrug.screens.journal_export import sent_journals


def withdraw_journal(*, scope: Scope, journal_id: int, now: datetime.datetime) -> None:
    """Take back a wrongly imported journal while nothing of it is on its way to AFAS or there.

    Raises JournalFixedError, NotFoundError and NotAllowedError.
    """
    with transaction.atomic():
        access.hold_office(office_id=scope.office_id)
        journal = queries.summary(scope=scope, journal_id=journal_id)
        sent = sent_journals(scope=scope, journals=[journal])
        payroll.withdraw(scope=scope, journal_id=journal_id, now=now, sent=sent)
