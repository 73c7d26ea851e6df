"""What cannot be sent however it is asked for."""

import pytest
from tests.integration import payroll_office
from tests.integration.sending_office import make_office

from loonbrug.ledger.problems import ProblemsError
from loonbrug.workflows.deliver import send_journal
from loonbrug.workflows.withdraw import withdraw_journal

pytestmark = pytest.mark.django_db


def test_a_withdrawn_journal_cannot_be_sent() -> None:
    office = make_office()
    kept = payroll_office.keep(office, payroll_office.draft(office.bakery_id))
    withdraw_journal(scope=office.scope, journal_id=kept.journal_id, now=payroll_office.NOW)
    with pytest.raises(ProblemsError, match="journal_not_live"):
        send_journal(scope=office.scope, journal_id=kept.journal_id, now=payroll_office.NOW)
