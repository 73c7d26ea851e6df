"""The radar of what did not happen, who sees it, and the mail of the day."""

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest
from django.test import Client
from tests.integration.workflow_office import ALL, WorkflowOffice, make_office

from loonbrug.access import queries as access
from loonbrug.access.models import Right, Template, User
from loonbrug.access.rights import Level, Part
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import State
from loonbrug.directory.models import Company, Debtor
from loonbrug.mappings.models import Mapping
from loonbrug.payroll import operations as payroll
from loonbrug.payroll.models import Journal
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.planning.plan import AMSTERDAM
from loonbrug.screens.radar import Group, Kind, Stage, radar
from loonbrug.watch.models import Mail
from loonbrug.web.letters import words_of
from loonbrug.workflows.digest import DIGEST_MAIL, write_digests
from nmbrs_client import errors

pytestmark = pytest.mark.django_db
LATER = timedelta(days=4)


@pytest.fixture
def office() -> WorkflowOffice:
    return make_office()


def seen(office: WorkflowOffice, **rights: Level) -> dict[Kind, Group]:
    scope = replace(office.scope, rights={Part(part): level for part, level in rights.items()})
    found = radar(scope=scope if rights else office.scope, now=office.now)
    return {group.kind: group for group in found}


def stages(office: WorkflowOffice, kind: Kind) -> list[Stage]:
    found = seen(office).get(kind)
    return [each.stage for each in found.findings] if found else []


def test_an_office_where_all_is_well_shows_nothing(office: WorkflowOffice) -> None:
    office.lock_run()
    assert seen(office) == {}


def test_a_locked_run_that_is_not_generated_shows_after_three_days(office: WorkflowOffice) -> None:
    office.lock_run()
    office.now += timedelta(days=2, hours=23)
    assert stages(office, Kind.NOT_BOOKED) == []
    office.now += timedelta(hours=2)
    (found,) = seen(office)[Kind.NOT_BOOKED].findings
    assert (found.stage, found.period, found.days, found.page) == (
        Stage.NOT_GENERATED,
        (2026, 11),
        3,
        "company",
    )


def test_how_far_a_late_run_came_is_told_until_it_is_booked(office: WorkflowOffice) -> None:
    office.lock_run()
    office.choose(replace(ALL, send=replace(ALL.send, by_itself=False)))
    office.let_pass()
    office.now += LATER
    assert stages(office, Kind.NOT_BOOKED) == [Stage.NOT_SENT]
    office.choose()
    office.let_pass()
    for state, expected in (
        (State.QUEUED, [Stage.UNDER_WAY]),
        (State.SENDING, [Stage.UNDER_WAY]),
        (State.REJECTED, [Stage.STOPPED]),
        (State.QUEUED, [Stage.UNDER_WAY]),
        (State.SENDING, [Stage.UNDER_WAY]),
        (State.BOOKED, []),
    ):
        Delivery.objects.exclude(state=state).update(state=state, entry_number="5789")
        assert stages(office, Kind.NOT_BOOKED) == expected


def test_a_run_without_a_mapping_is_for_who_manages_the_office(office: WorkflowOffice) -> None:
    office.lock_run()
    Mapping.objects.all().delete()
    office.now += LATER
    assert stages(office, Kind.NOT_BOOKED) == [Stage.NO_MAPPING]


@pytest.mark.parametrize("reason", ["test", "blocked", "before start", "gone", "open", "history"])
def test_what_is_not_to_be_booked_is_not_asked_about(office: WorkflowOffice, reason: str) -> None:
    office.lock_run()
    office.now += LATER
    changes = {
        "test": lambda: Company.objects.update(is_test=True),
        "blocked": lambda: Debtor.objects.update(is_blocked=True),
        "before start": lambda: Mapping.objects.update(valid_from_period=12),
        "gone": lambda: NmbrsRun.objects.update(gone_at=office.now),
        "open": lambda: NmbrsRun.objects.update(is_locked=False),
        "history": lambda: NmbrsRun.objects.update(locked_seen_at=office.now - timedelta(days=101)),
    }
    assert stages(office, Kind.NOT_BOOKED) == [Stage.NOT_GENERATED]
    changes[reason]()
    assert stages(office, Kind.NOT_BOOKED) == []


def test_what_a_person_withdrew_is_not_asked_about(office: WorkflowOffice) -> None:
    office.lock_run()
    office.choose(replace(ALL, send=replace(ALL.send, by_itself=False)))
    office.let_pass()
    office.now += LATER
    payroll.withdraw(scope=office.scope, journal_id=Journal.objects.get().pk, now=office.now)
    assert stages(office, Kind.NOT_BOOKED) == []


def test_what_a_person_cancelled_is_not_asked_about(office: WorkflowOffice) -> None:
    office.lock_run()
    office.choose()
    office.let_pass()
    office.now += LATER
    Delivery.objects.update(state=State.CANCELLED, is_ended=True)
    assert stages(office, Kind.NOT_BOOKED) == []


def test_a_company_whose_run_is_later_than_usual_is_missed(office: WorkflowOffice) -> None:
    for period in (9, 10):
        office.lock_run(period=period, made_at=datetime(2026, period, 24, 9, tzinfo=AMSTERDAM))
    assert Kind.MISSING not in seen(office)
    office.now = datetime(2026, 11, 29, 9, tzinfo=AMSTERDAM)
    (found,) = seen(office)[Kind.MISSING].findings
    assert (found.stage, found.period) == (Stage.NO_RUN, (2026, 11))
    office.lock_run()
    assert Kind.MISSING not in seen(office)


def test_a_step_that_fails_is_shown_with_who_can_mend_it(office: WorkflowOffice) -> None:
    office.choose()
    office.nmbrs.answer = errors.ConsentEnded("no")
    office.lock_run()
    office.let_pass()
    (found,) = seen(office)[Kind.FAILED].findings
    assert (found.who.value, found.page) == ("debtor", "workflow")


def test_an_account_that_was_broken_and_one_that_ends_are_told(office: WorkflowOffice) -> None:
    Connection.objects.update(token_expiry=(office.now + timedelta(days=12)).date().isoformat())
    (found,) = seen(office)[Kind.AFAS_STOPS].findings
    assert (found.stage, found.days) == (Stage.ENDS, 12)
    Connection.objects.update(state=ConnectionState.BROKEN, broken_at=office.now)
    assert stages(office, Kind.AFAS_STOPS) == [Stage.BROKEN]


def test_entries_that_wait_longer_than_usual_are_told_per_account(office: WorkflowOffice) -> None:
    office.lock_run()
    office.choose()
    office.let_pass()
    assert Kind.AFAS_WAITS not in seen(office)
    office.now += timedelta(minutes=20)
    (found,) = seen(office)[Kind.AFAS_WAITS].findings
    assert (found.count, found.page) == (1, "afas-account")


def test_nobody_sees_what_the_template_hides(office: WorkflowOffice) -> None:
    office.lock_run()
    Connection.objects.update(state=ConnectionState.BROKEN)
    office.now += LATER
    assert set(seen(office)) == {Kind.NOT_BOOKED, Kind.AFAS_STOPS}
    assert set(seen(office, journal_export=Level.READ)) == {Kind.NOT_BOOKED}
    assert set(seen(office, afas_settings=Level.READ)) == {Kind.AFAS_STOPS}
    assert set(seen(office, users=Level.WRITE)) == set()


def person(office: WorkflowOffice, name: str, **rights: Level) -> User:
    template = Template.objects.create(office_id=office.scope.office_id, name=name)
    for part, level in rights.items():
        Right.objects.create(template=template, part=part, level=level)
    email = f"{name}@kantoor.nl"
    return User.objects.create(office_id=office.scope.office_id, template=template, name=name, email=email)


def test_everybody_is_mailed_once_a_day_what_they_can_act_on(office: WorkflowOffice) -> None:
    office.lock_run()
    office.now += LATER
    writer = person(office, "Anna", journal_export=Level.WRITE)
    person(office, "Bram", journal_export=Level.READ)
    person(office, "Cato", afas_settings=Level.WRITE)
    assert write_digests(now=office.now) == 1
    assert write_digests(now=office.now + timedelta(hours=3)) == 0
    assert list(Mail.objects.values_list("user_id", "code")) == [(writer.pk, DIGEST_MAIL)]
    assert write_digests(now=office.now + timedelta(days=1)) == 1


@pytest.mark.parametrize(("hour", "count"), [(None, 0), (13, 1), (14, 0)])
def test_it_comes_from_the_chosen_hour_of_amsterdam_on(
    office: WorkflowOffice, hour: int | None, count: int
) -> None:
    office.lock_run()
    office.now += LATER
    user = person(office, "Anna", journal_export=Level.WRITE)
    User.objects.filter(pk=user.pk).update(digest_hour=hour)
    assert office.now.astimezone(AMSTERDAM).hour == 13
    assert write_digests(now=office.now) == count


def test_the_mail_says_what_where_and_who_in_its_readers_language(office: WorkflowOffice) -> None:
    office.lock_run()
    office.now += LATER
    person(office, "Anna", journal_export=Level.WRITE)
    write_digests(now=office.now)
    params = Mail.objects.get().params
    words = words_of(code=DIGEST_MAIL, name="Anna", language="nl", params=params)
    assert words.subject == "29 november: 1 punt om naar te kijken"
    assert (
        "- 2001 Bakkerij Van Dam 2026-11: niet gegenereerd, al 4 dagen (Salarisadministratie)" in words.body
    )
    assert f"/companies/{office.company_id}/payroll/" in words.body
    assert msgspec.json.decode(params["groups"])[0]["kind"] == "not_booked"


def test_the_first_page_shows_it_and_the_profile_switches_the_mail_off(office: WorkflowOffice) -> None:
    office.lock_run(locked_seen_at=None)
    NmbrsRun.objects.update(locked_seen_at=datetime.now(AMSTERDAM) - LATER)
    user = person(office, "Anna", journal_export=Level.WRITE)
    browser = Client()
    browser.force_login(user)
    assert "Wat is er niet gebeurd" in browser.get("/").content.decode()
    browser.post("/profile/", {"hour": ""})
    assert User.objects.get(pk=user.pk).digest_hour is None
    browser.post("/profile/", {"hour": "17"})
    assert User.objects.get(pk=user.pk).digest_hour == 17
    browser.post("/profile/", {"hour": "99"})
    assert User.objects.get(pk=user.pk).digest_hour == 17
    assert access.scope_of(user_id=user.pk)
