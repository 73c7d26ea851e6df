"""The calendar: what was done by itself, what will be and when, and what waits for a person."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.integration.workflow_office import ALL, AT_ONCE, WorkflowOffice, delivery_count, make_office

from loonbrug.access.rights import Level, NotAllowedError, Part
from loonbrug.mappings.models import Mapping
from loonbrug.planning import operations
from loonbrug.planning.plan import AMSTERDAM, Step, Turn, Turns
from loonbrug.screens.calendar import Calendar, Event, calendar
from loonbrug.screens.planned import Hold
from nmbrs_client import errors

pytestmark = pytest.mark.django_db
#: Wednesday 25 November 2026, the day on which these offices begin.
MONDAY = date(2026, 11, 23)


@pytest.fixture
def office() -> WorkflowOffice:
    return make_office()


def looked_at(office: WorkflowOffice, *, company_id: int | None = None) -> Calendar:
    return calendar(scope=office.scope, first=MONDAY, day_count=14, company_id=company_id, now=office.now)


def events(office: WorkflowOffice) -> list[Event]:
    return [event for day in looked_at(office).days for event in day.events]


def by_day(office: WorkflowOffice) -> list[tuple[int, Step, bool]]:
    return [(day.date.day, each.step, each.is_done) for day in looked_at(office).days for each in day.events]


def test_it_shows_on_which_days_each_step_will_be_taken(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, Turn(by_itself=True, days=1), Turn(by_itself=True, days=3)))
    office.lock_run()
    office.let_pass()
    assert by_day(office) == [(25, Step.GENERATE, True), (26, Step.CHECK, False), (29, Step.SEND, False)]
    check, send = (each for each in events(office) if not each.is_done)
    assert (check.is_first, send.is_first) == (True, False)
    assert check.at.astimezone(AMSTERDAM).hour == 7


def test_what_it_shows_is_what_is_done(office: WorkflowOffice) -> None:
    office.choose(Turns(Turn(by_itself=True, days=1), Turn(by_itself=True, days=1), AT_ONCE))
    office.lock_run()
    office.let_pass()
    foreseen = [(day, step) for day, step, _ in by_day(office)]
    office.let_pass(days=1)
    office.let_pass(days=1)
    assert delivery_count() == 1
    assert [(day, step) for day, step, is_done in by_day(office) if is_done] == foreseen


def test_what_is_overdue_stands_on_today(office: WorkflowOffice) -> None:
    office.choose()
    office.lock_run()
    operations.take_up(now=office.now)
    office.now += timedelta(days=2)
    assert {day for day, _, _ in by_day(office)} == {27}


def test_what_is_kept_is_shown_with_what_keeps_it_and_nothing_after(office: WorkflowOffice) -> None:
    office.choose(Turns(Turn(by_itself=True, days=1), AT_ONCE, AT_ONCE))
    office.lock_run()
    office.let_pass()
    operations.pause_office(scope=office.scope, now=office.now)
    (event,) = events(office)
    assert (event.step, event.hold) == (Step.GENERATE, Hold.OFFICE_PAUSED)
    operations.resume_office(scope=office.scope, now=office.now)
    Mapping.objects.update(valid_from_period=12)
    (event,) = events(office)
    assert event.hold is Hold.BEFORE_START


def test_what_failed_is_shown_as_failed_and_nothing_after(office: WorkflowOffice) -> None:
    office.choose()
    office.nmbrs.answer = errors.ConsentEnded("no")
    office.lock_run()
    office.let_pass()
    (event,) = events(office)
    assert event.failure is not None
    assert event.failure.problems[0].code == errors.ConsentEnded.key


def test_a_step_by_hand_waits_for_a_person_whatever_the_day(office: WorkflowOffice) -> None:
    office.choose(replace(ALL, check=Turn()))
    office.lock_run()
    office.let_pass()
    (waiting,) = looked_at(office).waiting
    assert (waiting.step, waiting.run.period) == (Step.CHECK, 11)
    assert waiting.journal_id is not None
    operations.pause(scope=office.scope, company_ids=[office.company_id], now=office.now)
    assert looked_at(office).waiting == ()


def test_it_is_of_one_company_or_of_the_office_and_of_no_other(office: WorkflowOffice) -> None:
    office.choose()
    office.lock_run()
    office.let_pass()
    assert any(day.events for day in looked_at(office, company_id=office.company_id).days)
    assert not any(day.events for day in looked_at(office, company_id=office.company_id + 1).days)
    office.scope = replace(office.scope, office_id=office.scope.office_id + 1)
    assert events(office) == []
    office.scope = replace(office.scope, rights={Part.JOURNAL_EXPORT: Level.WRITE})
    with pytest.raises(NotAllowedError):
        looked_at(office)
