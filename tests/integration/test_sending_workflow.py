"""What cannot be sent however it is asked for."""

import pytest
from tests.integration import payroll_office
from tests.integration.sending_office import make_office

from loonbrug.ledger.problems import ProblemsError, Severity
from loonbrug.workflows.check import check_journal
from loonbrug.workflows.deliver import send_journal
from loonbrug.workflows.withdraw import withdraw_journal

pytestmark = pytest.mark.django_db


def test_a_withdrawn_journal_cannot_be_sent() -> None:
    office = make_office()
    kept = payroll_office.keep(office, payroll_office.draft(office.bakery_id))
    withdraw_journal(scope=office.scope, journal_id=kept.journal_id, now=payroll_office.NOW)
    with pytest.raises(ProblemsError, match="journal_not_live"):
        send_journal(scope=office.scope, journal_id=kept.journal_id, now=payroll_office.NOW)


@pytest.mark.parametrize(("year", "said"), [(2026, False), (2027, True)])
def test_a_run_of_another_year_than_its_dates_is_pointed_out_but_not_stopped(year: int, said: bool) -> None:
    office = make_office()
    kept = payroll_office.keep(office, payroll_office.draft(office.bakery_id, year=year))
    checked = check_journal(scope=office.scope, journal_id=kept.journal_id)
    found = [each for each in checked.problems if each.code == "dates_of_another_year"]
    assert [each.severity for each in found] == [Severity.WARNING] * said
    assert checked.can_send
