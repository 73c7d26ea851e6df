"""*Verzendingen*: what is due, under way, waiting or in doubt, narrowed by what the address says."""

import re
from copy import copy
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from tests.integration.delivery_office import (
    BOOKED,
    NOT_BOOKED,
    NOT_LET_IN,
    REFUSED,
    UNKNOWN,
    DeliveryOffice,
    make_office,
)

from loonbrug.access.models import Right, Template, User
from loonbrug.access.rights import Level, Part
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import State
from loonbrug.payroll.models import PayrollRun
from loonbrug.screens.deliveries import Narrowing, Queue, deliveries_screen

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> DeliveryOffice:
    return make_office()


def with_runs(office: DeliveryOffice) -> None:
    """The payroll runs of whatever was queued; a delivery names its run by id."""
    known = set(PayrollRun.objects.values_list("id", flat=True))
    PayrollRun.objects.bulk_create(
        PayrollRun(
            id=run_id,
            office_id=office.scope.office_id,
            company=office.company,
            year=2026,
            period=10,
            number=run_id,
        )
        for run_id in set(Delivery.objects.values_list("run_id", flat=True)) - known
    )


def browser(office: DeliveryOffice, level: Level = Level.READ, language: str = "en") -> Client:
    office_id = office.scope.office_id
    template, _ = Template.objects.get_or_create(office_id=office_id, name=level)
    Right.objects.get_or_create(template=template, part=Part.JOURNAL_EXPORT, level=level)
    user, _ = User.objects.get_or_create(
        email=f"{level}-{language}-{office_id}@example.nl",
        defaults={"office_id": office_id, "template": template, "name": "Anna", "language": language},
    )
    client = Client()
    client.force_login(user)
    return client


def page(office: DeliveryOffice, query: str = "", *, language: str = "en", **headers: str) -> str:
    with_runs(office)
    answer = browser(office, language=language).get(f"/deliveries/{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def counts(text: str) -> dict[str, int]:
    found = re.findall(r">([^<>]+) <span class=\"number\">(\d+)</span></a>", text)
    return {word: int(count) for word, count in found}


def test_nothing_on_its_way_says_what_to_do(office: DeliveryOffice) -> None:
    office.sent(BOOKED)
    text = page(office)
    assert "Nothing is on its way" in text
    shown = text.partition('id="deliveries"')[2]
    assert "hx-get" not in shown
    assert 'href="/send/"' in shown
    assert 'href="/deliveries/"' in page(office, "?queue=due").partition('id="deliveries"')[2]
    assert "Er is niets onderweg" in page(office, language="nl")


def test_each_delivery_says_what_it_waits_for(office: DeliveryOffice) -> None:
    now = timezone.now()
    office.sent(UNKNOWN, at=now)
    office.queue(administration=2, at=now)
    office.start(at=now)
    office.claim(at=now)
    for administration, answer in ((3, NOT_BOOKED), (4, REFUSED)):
        office.queue(administration=administration, at=now)
        (claim,) = office.claim(at=now)
        office.answer(claim.claim_id, answer, at=now)
    office.queue(administration=5, at=now)
    text = page(office)
    assert counts(text) == {
        "All": 5,
        "Its turn soon": 1,
        "Under way": 1,
        "Later again": 1,
        "Waits for an AFAS account": 0,
        "In doubt": 1,
        "Needs attention": 1,
    }
    assert "It leaves as soon as earlier entries for this journal code are done" in text
    assert "AFAS is busy with it." in text
    assert re.search(r"The next try is at \d\d:\d\d|The next try is at \d+ \w+ \d\d:\d\d", text)
    assert "AFAS may be busy until" in text
    assert "VAT is mandatory for ledger account 4070" in text


def test_what_waits_for_a_paused_account_names_it(office: DeliveryOffice) -> None:
    office.sent(NOT_LET_IN, at=timezone.now())
    text = page(office)
    assert counts(text)["Waits for an AFAS account"] == 1
    assert "AFAS account 12345.admin has to be authorised again." in text
    text = page(office, language="nl")
    assert "AFAS-account 12345.admin moet opnieuw geauthenticeerd worden." in text


@pytest.mark.parametrize("doubt_hours", [-1, 1])
def test_a_doubt_of_a_paused_account_does_not_say_that_afas_is_asked(
    office: DeliveryOffice, doubt_hours: int
) -> None:
    doubtful = office.sent(UNKNOWN, at=timezone.now())
    Delivery.objects.filter(pk=doubtful).update(doubt_until=timezone.now() + timedelta(hours=doubt_hours))
    Connection.objects.update(state=ConnectionState.BROKEN)
    text = page(office)
    assert counts(text)["In doubt"] == 1
    assert "AFAS account 12345.admin has to be authorised again." in text


def test_the_address_narrows_the_list(office: DeliveryOffice) -> None:
    office.sent(REFUSED, at=timezone.now())
    office.queue(administration=7, at=timezone.now())
    assert "administration 7" not in page(office, "?queue=person")
    assert "administration 1," in page(office, "?queue=person")
    assert "administration 7" in page(office, f"?queue=due&company={office.company.pk}")
    assert "Nothing here with this choice" in page(office, f"?company={office.company.pk + 1}")
    assert "Nothing here with this choice" in page(office, f"?environment={office.environment_id + 1}")
    assert counts(page(office, f"?environment={office.environment_id}"))["Its turn soon"] == 1


@pytest.mark.parametrize("query", ["?queue=x&page=-1&company=x", f"?page={10**18}&environment={10**18}"])
def test_an_address_that_nobody_made_shows_a_page(office: DeliveryOffice, query: str) -> None:
    office.queue(at=timezone.now())
    page(office, query)


def test_htmx_gets_its_part_of_the_page_with_the_same_choice(office: DeliveryOffice) -> None:
    office.queue(at=timezone.now())
    text = page(office, "?queue=due", **{"HX-Request": "true"})
    assert text.strip().startswith('<section id="deliveries"')
    assert 'hx-get="/deliveries/?queue=due"' in text
    assert "<form" not in text


@pytest.mark.parametrize("is_in_doubt", [False, True])
def test_two_thousand_are_paged_with_few_questions(
    office: DeliveryOffice, django_assert_max_num_queries: DjangoAssertNumQueries, *, is_in_doubt: bool
) -> None:
    copies: list[Delivery] = []
    row = Delivery.objects.get(id=office.queue(at=timezone.now()))
    if is_in_doubt:
        row.state, row.doubt_until = State.IN_DOUBT, timezone.now() + timedelta(minutes=16)
    for number in range(2, 2_001):
        row.pk, row.run_id, row.voucher_number = None, number, f"202610-{number}"
        copies.append(copy(row))
    Delivery.objects.bulk_create(copies)
    with_runs(office)
    client = browser(office)
    with django_assert_max_num_queries(14):
        client.get("/deliveries/?page=40")
    text = client.get("/deliveries/?page=40").content.decode()
    assert "Page 40 of 40" in text
    assert text.count('<th scope="row">') == 50


def test_the_pages_together_show_each_delivery_once(office: DeliveryOffice) -> None:
    now = timezone.now()
    ids = {office.queue(at=now) for _ in range(120)}
    with_runs(office)
    shown = [
        row.delivery_id
        for number in (1, 2, 3)
        for row in deliveries_screen(
            scope=office.scope, narrowing=Narrowing(queue=Queue.DUE), page=number, now=now
        ).rows
    ]
    assert len(shown) == 120
    assert set(shown) == ids


def test_another_offices_deliveries_are_not_shown(office: DeliveryOffice) -> None:
    other = make_office("Kantoor Zuid", "54321")
    other.queue(at=timezone.now())
    text = page(office)
    assert "Nothing is on its way" in text
    assert "54321" not in text


def test_who_may_not_see_journals_sees_no_deliveries(office: DeliveryOffice) -> None:
    client = browser(office, Level.NONE)
    assert client.get("/deliveries/").status_code == 403
    assert "/deliveries/" not in client.get("/").content.decode()
