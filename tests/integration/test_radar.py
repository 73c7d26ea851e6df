"""The radar of what did not happen, who sees it, and the mail of the day."""

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest
from tests.integration.nmbrs_runs import document
from tests.integration.people import browser_of, person
from tests.integration.workflow_office import ALL, WorkflowOffice, make_office

from loonbrug.access import queries as access
from loonbrug.access.models import User
from loonbrug.access.rights import Level, Part
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import State
from loonbrug.directory.models import Company, Debtor, NmbrsCompany
from loonbrug.mappings.models import Mapping
from loonbrug.payroll import operations as payroll
from loonbrug.payroll.models import Generation, Journal, JournalLife, JournalSource, Release
from loonbrug.payroll.nmbrs_models import LookSubject, NmbrsLook, NmbrsRun
from loonbrug.planning.models import Track
from loonbrug.planning.plan import AMSTERDAM
from loonbrug.screens.radar import Group, Kind, Stage, radar
from loonbrug.watch.models import Mail
from loonbrug.web.letters import words_of
from loonbrug.workflows import generate
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


@pytest.mark.parametrize(
    ("what", "is_booked", "stage"),
    [
        ("gone", False, Stage.RUN_GONE),
        ("gone", True, Stage.RUN_GONE_AFTER_BOOKING),
        ("other content", False, Stage.CHANGED_AFTER_GENERATING),
        ("other content", True, Stage.CHANGED_AFTER_BOOKING),
    ],
)
def test_what_nmbrs_contradicts_is_shown_until_a_person_decides(
    office: WorkflowOffice, what: str, is_booked: bool, stage: Stage
) -> None:
    office.choose(replace(ALL, send=replace(ALL.send, by_itself=is_booked)))
    run_id = office.lock_run()
    office.let_pass()
    assert Kind.CONTRADICTED not in seen(office)
    if what == "gone":
        NmbrsRun.objects.update(gone_at=office.now)
    else:
        office.nmbrs.answer = document("1100.00")
        generate.ask(scope=office.scope, run_ids=[run_id], now=office.now)
        office.let_pass()
    (found,) = seen(office)[Kind.CONTRADICTED].findings
    journal_id = Journal.objects.get(life=JournalLife.LIVE).pk
    assert (found.stage, found.page, found.subject_id) == (stage, "journal", journal_id)
    if what == "gone":
        Release.objects.create(journal_id=journal_id, code=stage, reason="x", by="Anna", at=office.now)
        assert Kind.CONTRADICTED not in seen(office)


def test_a_file_that_was_booked_and_has_no_run_is_shown_once_the_runs_were_read(
    office: WorkflowOffice,
) -> None:
    run_id = office.lock_run()
    office.choose()
    office.let_pass()
    Track.objects.all().delete()
    Generation.objects.all().delete()
    Journal.objects.update(source=JournalSource.FILE)
    NmbrsRun.objects.filter(pk=run_id).delete()
    assert Kind.CONTRADICTED not in seen(office)
    company = NmbrsCompany.objects.get()
    NmbrsLook.objects.create(
        company=company, subject=LookSubject.RUNS, year=2026, looked_at=office.now, due_at=office.now
    )
    assert stages(office, Kind.CONTRADICTED) == [Stage.FILE_WITHOUT_RUN]


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


def somebody(office: WorkflowOffice, name: str, **rights: Level) -> User:
    return person(office.scope.office_id, rights, name=name)


def test_everybody_is_mailed_once_a_day_what_they_can_act_on(office: WorkflowOffice) -> None:
    office.lock_run()
    office.now += LATER
    writer = somebody(office, "Anna", journal_export=Level.WRITE)
    somebody(office, "Bram", journal_export=Level.READ)
    somebody(office, "Cato", afas_settings=Level.WRITE)
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
    user = somebody(office, "Anna", journal_export=Level.WRITE)
    User.objects.filter(pk=user.pk).update(digest_hour=hour)
    assert office.now.astimezone(AMSTERDAM).hour == 13
    assert write_digests(now=office.now) == count


def test_the_mail_says_what_where_and_who_in_its_readers_language(office: WorkflowOffice) -> None:
    office.lock_run()
    office.now += LATER
    somebody(office, "Anna", journal_export=Level.WRITE)
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
    user = somebody(office, "Anna", journal_export=Level.WRITE)
    browser = browser_of(user)
    assert "Wat niet is gebeurd" in browser.get("/").content.decode()
    browser.post("/profile/", {"hour": ""})
    assert User.objects.get(pk=user.pk).digest_hour is None
    browser.post("/profile/", {"hour": "17"})
    assert User.objects.get(pk=user.pk).digest_hour == 17
    browser.post("/profile/", {"hour": "99"})
    assert User.objects.get(pk=user.pk).digest_hour == 17
    assert access.scope_of(user_id=user.pk)


def test_the_first_page_says_what_would_be_told_while_nothing_is(office: WorkflowOffice) -> None:
    first = browser_of(somebody(office, "Anna", journal_export=Level.READ)).get("/").content.decode()
    assert "Wat niet is gebeurd" in first
    assert "Er ontbreekt niets" in first
    assert "zodra de debiteur is verbonden" in first
    blind = browser_of(somebody(office, "Bram", users=Level.WRITE)).get("/").content.decode()
    assert "Wat niet is gebeurd" not in blind


def test_the_first_page_tells_five_of_each_kind_and_leads_to_all(office: WorkflowOffice) -> None:
    now = datetime.now(AMSTERDAM)
    for number in range(1, 8):
        office.lock_run(number=number, locked_seen_at=now - LATER)
    browser = browser_of(somebody(office, "Anna", journal_export=Level.READ))
    first = browser.get("/").content.decode()
    assert first.count("niet gegenereerd") == 5
    assert 'href="/missing/#not_booked">Alle 7 tonen' in first
    assert browser.get("/missing/").content.decode().count("niet gegenereerd") == 7
    NmbrsRun.objects.update(is_locked=False)
    assert "Er ontbreekt niets" in browser.get("/missing/").content.decode()


def test_why_a_step_failed_and_who_can_mend_it_is_told(office: WorkflowOffice) -> None:
    office.choose()
    office.nmbrs.answer = errors.ConsentEnded("no")
    office.lock_run()
    office.let_pass()
    browser = browser_of(somebody(office, "Anna", journal_export=Level.READ))
    page = browser.get("/missing/").content.decode()
    assert "Nmbrs accepteert deze toestemming niet meer." in page
    assert "Iemand met een inlog van de debiteur in Nmbrs" in page
