"""What is done by itself about a locked run: generating, checking, sending, and never more than was chosen."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.nmbrs_runs import document, run_in_nmbrs
from tests.integration.people import person
from tests.integration.workflow_office import (
    ALL,
    AT_ONCE,
    WorkflowOffice,
    delivery_count,
    journal_count,
    make_office,
)

from loonbrug.access.rights import Level, Part
from loonbrug.audit.models import Record
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import State
from loonbrug.directory.models import Company, Debtor
from loonbrug.ledger.problems import ProblemsError
from loonbrug.mappings.models import Mapping
from loonbrug.payroll import operations as payroll
from loonbrug.payroll.models import Journal
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.planning import operations
from loonbrug.planning.models import Track
from loonbrug.planning.plan import Step, Turn, Turns
from loonbrug.screens.planned import Hold
from loonbrug.watch.models import Mail
from loonbrug.web.letters import words_of
from loonbrug.workflows import carry_out, generate
from loonbrug.workflows.deliver import send_journal
from loonbrug.workflows.tell_failures import FAILED_MAIL
from nmbrs_client import errors

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> WorkflowOffice:
    return make_office()


def test_a_locked_run_is_generated_checked_and_sent_without_a_hand(office: WorkflowOffice) -> None:
    office.choose()
    office.lock_run()
    office.let_pass()
    delivery = Delivery.objects.get()
    assert delivery.state == State.QUEUED
    assert delivery.queued_by == f"Loonbrug (workflow: {office.scope.user_name})"
    verbs = Record.objects.filter(verb__startswith="workflow.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        *("workflow.set", "workflow.generate", "workflow.check", "workflow.send")
    ]
    assert verbs.last().details == {"workflow_by": office.scope.user_name}  # type: ignore[union-attr]


def test_nothing_is_sent_twice_whatever_is_looked_at_again(office: WorkflowOffice) -> None:
    office.choose()
    office.lock_run()
    office.let_pass()
    operations.look_again(company_ids=[office.company_id], now=office.now)
    office.let_pass(hours=2)
    office.let_pass(days=2)
    assert (journal_count(), delivery_count()) == (1, 1)


def test_without_a_workflow_everything_is_by_hand(office: WorkflowOffice) -> None:
    office.lock_run()
    office.let_pass(days=9)
    assert not Track.objects.exists()
    assert journal_count() == 0


def test_a_run_that_is_not_locked_is_left_alone_until_it_is(office: WorkflowOffice) -> None:
    office.choose()
    run_id = office.lock_run(is_locked=False)
    office.let_pass(days=1)
    assert journal_count() == 0
    NmbrsRun.objects.filter(pk=run_id).update(is_locked=True, locked_seen_at=office.now)
    office.let_pass()
    assert delivery_count() == 1


def test_a_run_that_is_unlocked_again_is_not_sent(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, AT_ONCE, Turn(by_itself=True, days=1)))
    run_id = office.lock_run()
    office.let_pass()
    NmbrsRun.objects.filter(pk=run_id).update(is_locked=False)
    office.let_pass(days=3)
    assert delivery_count() == 0


def test_each_step_waits_its_days(office: WorkflowOffice) -> None:
    office.choose(Turns(Turn(by_itself=True, days=1), AT_ONCE, Turn(by_itself=True, days=2)))
    office.lock_run()
    office.let_pass(hours=10)
    assert journal_count() == 0
    office.let_pass(hours=10)
    assert (journal_count(), delivery_count()) == (1, 0)
    office.let_pass(days=1)
    assert delivery_count() == 0
    office.let_pass(days=1)
    assert delivery_count() == 1


def test_runs_before_the_start_period_are_never_touched(office: WorkflowOffice) -> None:
    Mapping.objects.update(valid_from_period=11)
    office.choose()
    office.lock_run(period=10)
    office.let_pass(days=1)
    assert journal_count() == 0


def test_a_start_period_that_moves_on_holds_what_was_taken_up(office: WorkflowOffice) -> None:
    office.choose(Turns(Turn(by_itself=True, days=1), AT_ONCE, AT_ONCE))
    run_id = office.lock_run()
    office.let_pass()
    Mapping.objects.update(valid_from_period=12)
    office.let_pass(days=2)
    assert journal_count() == 0
    assert (
        office.standing(run_id).hold(office.standing(run_id).course(office.now)[0].step) is Hold.BEFORE_START
    )


@pytest.mark.parametrize("what", ["test company", "blocked debtor"])
def test_a_test_company_or_blocked_debtor_is_not_sent_and_goes_on_when_it_is_none(
    office: WorkflowOffice, what: str
) -> None:
    rows, flag = (
        (Company.objects.all(), "is_test") if what == "test company" else (Debtor.objects.all(), "is_blocked")
    )
    rows.update(**{flag: True})
    office.choose()
    office.lock_run()
    office.let_pass(days=1)
    assert (journal_count(), delivery_count(), Mail.objects.count()) == (1, 0, 0)
    rows.update(**{flag: False})
    office.let_pass(hours=1)
    assert delivery_count() == 1


def test_what_a_person_withdrew_is_not_generated_again(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, Turn(), Turn()))
    run_id = office.lock_run()
    office.let_pass()
    payroll.withdraw(scope=office.scope, journal_id=Journal.objects.get().pk, now=office.now)
    office.choose()
    office.let_pass(days=2)
    assert (journal_count(), delivery_count()) == (1, 0)
    assert Track.objects.get(run_id=run_id).due_at is None


def test_what_a_person_cancelled_is_not_sent_again(office: WorkflowOffice) -> None:
    office.choose()
    office.lock_run()
    office.let_pass()
    Delivery.objects.update(state=State.CANCELLED, is_ended=True)
    office.let_pass(days=2)
    assert delivery_count() == 1


@pytest.mark.parametrize("whole_office", [True, False])
def test_while_paused_nothing_is_done_and_after_it_what_was_due_is(
    office: WorkflowOffice, whole_office: bool
) -> None:
    office.choose()
    if whole_office:
        operations.pause_office(scope=office.scope, now=office.now)
    else:
        operations.pause(scope=office.scope, company_ids=[office.company_id], now=office.now)
    office.lock_run()
    office.let_pass(days=3)
    assert journal_count() == 0
    if whole_office:
        operations.resume_office(scope=office.scope, now=office.now)
    else:
        operations.resume(scope=office.scope, company_ids=[office.company_id], now=office.now)
    office.let_pass()
    assert delivery_count() == 1


def test_a_problem_stops_sending_is_mailed_once_and_goes_on_once_mended(office: WorkflowOffice) -> None:
    office.choose(ALL, "fouten@kantoor.nl", "baas@kantoor.nl")
    Connection.objects.update(state=ConnectionState.BROKEN)
    run_id = office.lock_run()
    office.let_pass()
    assert office.failure(run_id) == ["account_broken"]
    assert list(Mail.objects.values_list("address", flat=True)) == ["fouten@kantoor.nl", "baas@kantoor.nl"]
    office.let_pass(hours=1)
    office.let_pass(hours=1)
    assert Mail.objects.count() == 2
    Connection.objects.update(state=ConnectionState.AUTHORISED)
    office.let_pass(hours=1)
    assert delivery_count() == 1
    assert office.failure(run_id) == []


def test_a_warning_is_for_a_person_who_may_say_that_it_is_right(office: WorkflowOffice) -> None:
    office.choose()
    office.nmbrs.answer = document("1000.00", date="20270115")
    run_id = office.lock_run()
    office.let_pass()
    assert office.failure(run_id) == ["dates_of_another_year"]
    assert delivery_count() == 0
    carry_out.mark_checked(scope=office.scope, journal_id=Journal.objects.get().pk, now=office.now)
    office.let_pass()
    assert delivery_count() == 1


def test_a_check_by_hand_is_waited_for(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, Turn(), AT_ONCE))
    office.lock_run()
    office.let_pass(days=3)
    assert delivery_count() == 0
    journal_id = Journal.objects.get().pk
    carry_out.mark_checked(scope=office.scope, journal_id=journal_id, now=office.now)
    with pytest.raises(ProblemsError, match="not_to_be_checked"):
        carry_out.mark_checked(scope=office.scope, journal_id=journal_id, now=office.now)
    office.let_pass()
    assert delivery_count() == 1


def test_a_journal_that_changed_in_nmbrs_since_it_was_checked_is_not_sent(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, AT_ONCE, Turn(by_itself=True, days=1)))
    run_id = office.lock_run()
    office.let_pass()
    office.nmbrs.answer = document("1100.00")
    office.let_pass(days=1)
    assert delivery_count() == 0
    assert office.failure(run_id) == ["journal_changed_in_nmbrs"]


def test_a_run_gone_from_nmbrs_stops_sending_for_its_company_and_period(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, AT_ONCE, Turn(by_itself=True, days=1)))
    first = office.lock_run()
    office.let_pass()
    office.nmbrs.answer = document("2000.00")
    second = office.lock_run(number=2)
    office.let_pass()
    NmbrsRun.objects.filter(pk=first).update(gone_at=office.now)
    office.let_pass(days=1)
    assert delivery_count() == 0
    assert office.failure(second) == ["automatic_sending_stopped"]
    journal_id = Journal.objects.get(run__number=1).pk
    payroll.withdraw(scope=office.scope, journal_id=journal_id, now=office.now)
    office.let_pass(hours=1)
    assert delivery_count() == 1


def test_an_nmbrs_that_does_not_let_us_in_is_told_once_and_asked_again(office: WorkflowOffice) -> None:
    office.choose(ALL, "fouten@kantoor.nl")
    office.nmbrs.answer = errors.ConsentEnded("no")
    run_id = office.lock_run()
    office.let_pass()
    assert office.failure(run_id) == [errors.ConsentEnded.key]
    asked = len(office.nmbrs.asked)
    office.let_pass(minutes=30)
    assert len(office.nmbrs.asked) == asked
    office.let_pass(hours=1)
    assert len(office.nmbrs.asked) == asked + 1
    assert Mail.objects.count() == 1


def test_what_was_sent_by_itself_and_refused_is_mailed(office: WorkflowOffice) -> None:
    office.choose(ALL, "fouten@kantoor.nl")
    run_id = office.lock_run()
    office.let_pass()
    Delivery.objects.update(state=State.SENDING)
    Delivery.objects.update(state=State.REJECTED)
    office.let_pass(minutes=5)
    assert office.failure(run_id) == ["sent_and_stopped"]
    assert '"step":"send"' in Mail.objects.get().params["runs"]


def test_what_breaks_the_program_is_named_and_keeps_no_other_run(
    office: WorkflowOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.choose()
    broken, _ = office.lock_run(), office.lock_run(number=2)
    asks = generate.ask

    def ask(**wanted: Any) -> int:
        if wanted["run_ids"] == [broken]:
            raise ZeroDivisionError
        return asks(**wanted)

    monkeypatch.setattr(generate, "ask", ask)
    office.let_pass()
    assert office.failure(broken) == ["workflow_broke_off"]
    assert journal_count() == 1


def test_a_process_that_died_halfway_holds_a_run_no_longer_than_ten_minutes(office: WorkflowOffice) -> None:
    office.choose()
    run_id = office.lock_run()
    operations.take_up(now=office.now)
    assert operations.take(run_id=run_id, now=office.now)
    assert not operations.take(run_id=run_id, now=office.now)
    assert carry_out.due(now=office.now) == []
    office.let_pass(minutes=11)
    assert delivery_count() == 1


def test_another_office_sees_and_sets_nothing_of_it(office: WorkflowOffice) -> None:
    other = replace(office.scope, office_id=office.scope.office_id + 1)
    with pytest.raises(Exception, match="no company"):
        operations.set_workflow(
            scope=other,
            company_ids=[office.company_id],
            choice=office.standing(office.lock_run()).choice,
            now=office.now,
        )


def test_a_run_of_long_ago_in_a_company_without_a_start_period_is_left(office: WorkflowOffice) -> None:
    Mapping.objects.all().delete()
    office.choose()
    run_in_nmbrs(office.company_id, locked_seen_at=office.now - timedelta(days=3))
    office.let_pass()
    assert not Track.objects.exists()


def test_what_fails_together_is_told_together(office: WorkflowOffice) -> None:
    office.choose(ALL, "fouten@kantoor.nl")
    office.nmbrs.answer = errors.ConsentEnded("no")
    for number in (1, 2, 3):
        office.lock_run(number=number)
    office.let_pass()
    mail = Mail.objects.get()
    words = words_of(code=FAILED_MAIL, name="", language="nl", params=mail.params)
    assert words.subject == "Workflow: 3 runs konden niet verder"
    assert words.body.count("- 2001 Bakkerij Van Dam 2026-11") == 3
    assert words.body.count("Nmbrs") < 6, "the cause is told once"


def test_without_an_address_those_who_may_send_are_told(office: WorkflowOffice) -> None:
    for name, level in (("Anna", Level.WRITE), ("Bram", Level.READ)):
        person(office.scope.office_id, {Part.JOURNAL_EXPORT: level}, name=name)
    office.choose()
    office.nmbrs.answer = errors.ConsentEnded("no")
    office.lock_run()
    office.let_pass()
    assert list(Mail.objects.values_list("user__name", flat=True)) == ["Anna"]


def test_a_person_who_sends_while_the_service_is_about_to_is_no_error(
    office: WorkflowOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.choose()
    run_id = office.lock_run()
    sends = send_journal

    def faster(**wanted: Any) -> tuple[int, ...]:
        sends(**wanted)
        return sends(**wanted)

    monkeypatch.setattr(carry_out, "send_journal", faster)
    office.let_pass()
    assert delivery_count() <= 1
    assert office.failure(run_id) != ["workflow_broke_off"]


def stopped_by(office: WorkflowOffice, run_id: int, what: str) -> list[str]:
    """A journal that was generated and checked before this happened; why it is not sent a day later."""
    office.let_pass()
    if what == "run_not_locked":
        NmbrsRun.objects.filter(pk=run_id).update(is_locked=False)
    elif what == "run_gone":
        NmbrsRun.objects.filter(pk=run_id).update(gone_at=office.now)
    elif what == "payroll_periods_differ":
        Mapping.objects.update(booking_date="period_end")
        NmbrsRun.objects.filter(pk=run_id).update(period_type="4-weeks")
    office.let_pass(days=1)
    return office.failure(run_id)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("nothing", []),
        ("run_not_locked", []),
        ("run_gone", []),
        ("payroll_periods_differ", ["payroll_periods_differ"]),
    ],
)
def test_what_is_a_warning_to_a_person_stops_sending_by_itself(
    office: WorkflowOffice, what: str, told: list[str]
) -> None:
    office.choose(Turns(AT_ONCE, AT_ONCE, Turn(by_itself=True, days=1)))
    run_id = office.lock_run()
    assert stopped_by(office, run_id, what) == told
    assert delivery_count() == (what == "nothing")
    if what in ("run_not_locked", "run_gone"):
        assert office.standing(run_id).hold(Step.SEND) is Hold.NOT_LOCKED


def test_a_person_decides_about_a_warning_that_came_after_the_check(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, Turn(), Turn(by_itself=True, days=1)))
    run_id = office.lock_run()
    office.let_pass()
    journal_id = Journal.objects.get().pk
    carry_out.mark_checked(scope=office.scope, journal_id=journal_id, now=office.now)
    assert stopped_by(office, run_id, "payroll_periods_differ") == ["payroll_periods_differ"]
    carry_out.mark_checked(scope=office.scope, journal_id=journal_id, now=office.now)
    assert office.failure(run_id) == []
    office.let_pass(days=1)
    assert delivery_count() == 1


def test_the_longer_a_run_waits_for_a_person_the_less_often_it_is_looked_at(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, Turn(), AT_ONCE))
    run_id = office.lock_run()

    def wait() -> timedelta:
        due_at = Track.objects.get(run_id=run_id).due_at
        assert due_at
        return due_at - office.now

    office.let_pass()
    assert wait() < timedelta(minutes=11)
    office.let_pass(days=10)
    assert timedelta(hours=4) < wait() < timedelta(hours=5)
    office.let_pass(days=200)
    assert wait() < timedelta(hours=25)
    carry_out.mark_checked(scope=office.scope, journal_id=Journal.objects.get().pk, now=office.now)
    office.let_pass()
    assert delivery_count() == 1


def test_a_run_that_is_locked_anew_is_looked_at_at_once(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, Turn(), AT_ONCE))
    run_id = office.lock_run()
    office.let_pass()
    NmbrsRun.objects.filter(pk=run_id).update(is_locked=False)
    office.let_pass(days=20)
    NmbrsRun.objects.filter(pk=run_id).update(
        is_locked=True, locked_seen_at=office.now + timedelta(seconds=30)
    )
    operations.take_up(now=office.now + timedelta(minutes=1))
    assert carry_out.due(now=office.now + timedelta(minutes=1))


def test_many_runs_are_taken_up_a_portion_at_a_time(
    office: WorkflowOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "TAKEN_UP_COUNT", 2)
    office.choose()
    for number in (1, 2, 3):
        office.lock_run(number=number)
    operations.take_up(now=office.now)
    assert Track.objects.count() == 2
    operations.take_up(now=office.now)
    assert Track.objects.count() == 3
