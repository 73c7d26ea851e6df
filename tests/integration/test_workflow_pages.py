"""The pages of the workflow: choosing, pausing, trying again, checking; and who may do so."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from tests.integration.nmbrs_runs import document
from tests.integration.people import browser_of, person
from tests.integration.workflow_office import ALL, AT_ONCE, WorkflowOffice, make_office

from loonbrug.access.rights import Level
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery.models import Delivery
from loonbrug.directory.models import Company
from loonbrug.payroll.models import Journal
from loonbrug.planning import operations, queries
from loonbrug.planning.models import OfficePause, Track, Workflow
from loonbrug.planning.plan import AMSTERDAM, Turn, Turns

pytestmark = pytest.mark.django_db
WRITES = {"workflow": Level.WRITE, "journal_export": Level.WRITE}
BY_HAND = {
    f"{step}{end}": value
    for step in ("generate", "check", "send")
    for end, value in (("", "hand"), ("_days", "0"))
}


@pytest.fixture
def office() -> WorkflowOffice:
    """An office in which it is now, as it is for the pages."""
    found = make_office()
    found.now = datetime.now(AMSTERDAM)
    return found


def browser(office: WorkflowOffice, **rights: Level) -> Client:
    return browser_of(person(office.scope.office_id, rights or WRITES))


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def chosen(office: WorkflowOffice) -> Turns:
    found = queries.workflows(scope=office.scope)[office.company_id]
    return found.choice.turns


def test_what_is_chosen_for_a_company_is_kept_and_shown(office: WorkflowOffice) -> None:
    client = browser(office)
    address = f"/companies/{office.company_id}/workflow/"
    choice = BY_HAND | {"generate": "itself", "send": "itself", "send_days": "2", "emails": "a@b.nl; c@d.nl"}
    assert client.post(address, choice).status_code == 302
    assert chosen(office) == Turns(AT_ONCE, Turn(), Turn(by_itself=True, days=2))
    text = page(client, address)
    assert "a@b.nl\nc@d.nl" in text
    assert 'value="2"' in text
    assert "ingesteld" in text.lower()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"send_days": "61"}, "60"),
        ({"send_days": "-1"}, "Zorg ervoor"),
        ({"send_days": ""}, "verplicht"),
        ({"emails": "nobody"}, "nobody"),
        ({"emails": " ".join(f"a{n}@b.nl" for n in range(6))}, "5"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_kept(
    office: WorkflowOffice, wrong: dict[str, str], said: str
) -> None:
    answer = browser(office).post(f"/companies/{office.company_id}/workflow/", BY_HAND | wrong)
    errors = answer.content.decode().split("field__error", 1)
    assert len(errors) == 2
    assert said in errors[1]
    assert not Workflow.objects.exists()


def test_one_choice_for_the_companies_that_are_ticked(office: WorkflowOffice) -> None:
    client = browser(office)
    assert "Bakkerij Van Dam" in page(client, "/workflow/companies/")
    none = client.post("/workflow/companies/", BY_HAND | {"generate": "itself"})
    assert "bedrijf" in none.content.decode().split('role="alert"', 1)[-1].lower()
    assert not Workflow.objects.exists()
    ticked = BY_HAND | {"generate": "itself", "company": str(office.company_id)}
    assert client.post("/workflow/companies/", ticked).status_code == 302
    assert chosen(office).generate == AT_ONCE
    assert Workflow.objects.count() == 1
    other = Company.objects.latest("pk").pk + 1
    assert client.post("/workflow/companies/", ticked | {"company": str(other)}).status_code == 404


def test_the_pause_buttons_stop_and_go_on(office: WorkflowOffice) -> None:
    office.choose()
    client = browser(office)
    company = f"/companies/{office.company_id}/workflow/"
    client.post(f"{company}pause/")
    assert "Dit bedrijf is gepauzeerd" in page(client, company)
    assert Workflow.objects.get().paused_by == "Anna"
    client.post(f"{company}pause/", {"resume": "1"})
    assert Workflow.objects.get().paused_at is None
    client.post("/workflow/pause/")
    assert OfficePause.objects.get().by == "Anna"
    assert "gepauzeerd" in page(client, "/workflow/")
    assert "gepauzeerd" in page(client, company)
    client.post("/workflow/pause/", {"resume": "1"})
    assert not OfficePause.objects.exists()


def test_try_now_looks_at_what_failed_at_once(office: WorkflowOffice) -> None:
    office.choose()
    run_id = office.lock_run()
    operations.take_up(now=office.now)
    later = datetime.now(AMSTERDAM) + timedelta(hours=1)
    Track.objects.filter(run_id=run_id).update(due_at=later)
    browser(office).post(f"/companies/{office.company_id}/workflow/again/")
    assert Track.objects.get().due_at < later - timedelta(minutes=59)  # type: ignore[operator]


def test_a_journal_that_waits_for_its_check_is_let_pass_on_its_page(office: WorkflowOffice) -> None:
    office.choose(Turns(AT_ONCE, Turn(), AT_ONCE))
    office.lock_run()
    office.let_pass()
    client = browser(office)
    journal = f"/journals/{Journal.objects.get().pk}/"
    assert "De workflow wacht" in page(client, journal)
    assert client.post(f"{journal}checked/").status_code == 302
    assert "De workflow wacht" not in page(client, journal)
    office.let_pass(minutes=1)
    assert Delivery.objects.count() == 1
    again = client.post(f"{journal}checked/", follow=True)
    assert Delivery.objects.count() == 1
    assert "wacht niet op een controle" in again.content.decode()


def test_the_calendar_names_runs_where_they_are_and_empty_offices_what_to_do(office: WorkflowOffice) -> None:
    client = browser(office)
    assert "Alles gaat met de hand" in page(client, "/workflow/")
    office.choose(Turns(Turn(by_itself=True, days=1), AT_ONCE, AT_ONCE))
    office.lock_run()
    operations.take_up(now=office.now)
    text = page(client, "/workflow/")
    assert "Bakkerij Van Dam" in text
    assert "gepland" in text
    assert "Bakkerij Van Dam" not in page(client, "/workflow/?week=10")
    for odd in ("x", "-", "99999", "-99", "٣"):
        page(client, f"/workflow/?week={odd}")


def test_who_may_only_look_sees_and_changes_nothing(office: WorkflowOffice) -> None:
    office.choose()
    client = browser(office, workflow=Level.READ, journal_export=Level.READ)
    company = f"/companies/{office.company_id}/workflow/"
    for address in ("/workflow/", "/workflow/companies/", company):
        text = page(client, address)
        assert "workflow-pause" not in text
        assert "Opslaan" not in text
    for address in (
        company,
        "/workflow/companies/",
        f"{company}pause/",
        f"{company}again/",
        "/workflow/pause/",
    ):
        assert client.post(address, BY_HAND | {"company": str(office.company_id)}).status_code == 403
    assert chosen(office) == ALL


def test_who_may_not_send_does_not_have_it_sent(office: WorkflowOffice) -> None:
    client = browser(office, workflow=Level.WRITE, journal_export=Level.READ)
    address = f"/companies/{office.company_id}/workflow/"
    assert client.post(address, BY_HAND | {"send": "itself"}).status_code == 403
    assert client.post(address, BY_HAND | {"generate": "itself"}).status_code == 302
    assert chosen(office) == Turns(generate=AT_ONCE)


def test_who_has_no_right_on_workflows_sees_none(office: WorkflowOffice) -> None:
    client = browser(office, journal_export=Level.WRITE)
    assert client.get("/workflow/").status_code == 403
    assert "/workflow/" not in page(client, "/")


def test_a_warning_is_shown_as_waiting_for_a_person_and_a_fault_as_tried_again(
    office: WorkflowOffice,
) -> None:
    office.choose()
    office.lock_run()
    office.nmbrs.answer = document("1000.00", date="20280115")
    office.let_pass()
    client = browser(office)
    address = f"/companies/{office.company_id}/workflow/"
    assert "Wacht op iemand" in page(client, address)
    Connection.objects.update(state=ConnectionState.BROKEN)
    office.let_pass(hours=1)
    assert "wordt opnieuw geprobeerd" in page(client, address)


@pytest.mark.parametrize(("part", "is_told"), [("workflow", True), ("journal_export", False)])
def test_the_first_page_says_that_the_office_is_paused(
    office: WorkflowOffice, part: str, is_told: bool
) -> None:
    operations.pause_office(scope=office.scope, now=office.now)
    shown = page(browser(office, **{part: Level.READ}), "/")
    assert ("Het kantoor is gepauzeerd." in shown) is is_told
    assert "Hervatten voor het kantoor" not in shown
