"""Two people of one office who act at the same moment get what they would get one after the other."""

import pytest
from tests.integration import delivery_office, payroll_office
from tests.integration.payroll_office import NOW
from tests.integration.sending_office import make_office
from tests.postgresql.at_once import AT_ONCE, all_at_once

from loonbrug.access.models import Right, Template, User
from loonbrug.access.operations import set_active
from loonbrug.access.rights import Level, Part, service_scope
from loonbrug.delivery.models import Delivery
from loonbrug.ledger.problems import ProblemsError
from loonbrug.payroll.models import Journal, JournalLife
from loonbrug.payroll.operations import JournalFixedError
from loonbrug.workflows.deliver import send_journal
from loonbrug.workflows.withdraw import withdraw_journal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("record_is_emptied")]


def test_a_journal_is_sent_or_withdrawn_but_never_both() -> None:
    office = make_office()
    for period in range(1, 9):
        for number in range(1, 4):
            entry = payroll_office.entry(f"{period}{number}.00")
            payroll_office.keep(
                office, payroll_office.draft(office.bakery_id, entry, number=number, period=period)
            )
        ids = list(Journal.objects.filter(run__period=period).values_list("id", flat=True))

        def act(number: int) -> object:
            do = send_journal if number % 2 else withdraw_journal
            try:
                return do(scope=office.scope, journal_id=ids[number // 2], now=NOW)  # noqa: B023 (used at once)
            except (ProblemsError, JournalFixedError) as too_late:
                return too_late

        all_at_once(act)
    sent = set(Delivery.objects.values_list("journal_id", flat=True))
    live = set(Journal.objects.filter(life=JournalLife.LIVE).values_list("id", flat=True))
    assert sent == live
    assert Journal.objects.count() == 24


def test_the_last_people_who_manage_users_cannot_all_leave_at_once() -> None:
    office_id = delivery_office.make_office().scope.office_id
    manages = Template.objects.create(office_id=office_id, name="Beheerder")
    Right.objects.create(template=manages, part=Part.USERS, level=Level.WRITE)
    ids = [
        User.objects.create(
            office_id=office_id, template=manages, email=f"{number}@noord.nl", name=f"Anna {number}"
        ).pk
        for number in range(AT_ONCE)
    ]

    def leave(number: int) -> object:
        scope = service_scope(office_id)
        try:
            return set_active(scope=scope, user_id=ids[number], is_active=False, now=NOW)
        except ProblemsError as refused:
            return refused

    left = all_at_once(leave)
    assert sum(isinstance(each, ProblemsError) for each in left) == 1
