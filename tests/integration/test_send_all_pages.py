"""Sending everything that is ready, clicked through as a user does."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from tests.integration.journal_pages import answered
from tests.integration.many_companies import ManyCompanies, make_office, move, work_off

from loonbrug.access.rights import Level
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import State
from loonbrug.directory.models import Company, Debtor
from loonbrug.mappings.models import Mapping
from loonbrug.payroll.models import Batch, BatchJournal

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> ManyCompanies:
    return make_office()


def page(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def ticked(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'name="journal" value="(\d+)"[^>]* checked', html)]


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return found[1]


def confirmed(browser: Client, address: str = "/send/", chosen: list[int] | None = None) -> dict[str, str]:
    """The form of the last look, for what is ticked or chosen."""
    html = page(browser, address)
    asked: dict[str, Any] = {
        "key": hidden(html, "key"),
        "journal": ticked(html) if chosen is None else chosen,
    }
    if 'name="debtor"' in html:
        asked["debtor"] = hidden(html, "debtor")
    last_look = browser.post("/send/confirm/", asked).content.decode()
    names = [name for name in ("key", "journals", "debtor") if f'name="{name}"' in last_look]
    return {name: hidden(last_look, name) for name in names}


def test_an_empty_office_is_told_that_there_is_nothing_to_send(office: ManyCompanies) -> None:
    html = page(office.browser(), "/send/")
    assert "There is nothing to send." in html
    assert "<table" not in html
    assert '<a class="button button--primary" href="/debtors/">' in html


def test_all_that_is_ready_is_ticked_and_what_was_cancelled_is_not(office: ManyCompanies) -> None:
    ready, cancelled = office.add(count=2)
    office.send(cancelled)
    move(cancelled, State.CANCELLED)
    html = page(office.browser(), "/send/")
    assert ticked(html) == [ready]
    assert "Was cancelled or reversed before" in html


def test_the_same_problem_of_many_companies_is_told_once(office: ManyCompanies) -> None:
    office.add(count=3, mapped=False)
    html = page(office.browser(language="nl"), "/send/")
    assert html.count("Het bedrijf is nog niet gekoppeld aan een administratie in AFAS.") == 1
    assert "3 bedrijven" in html
    assert "Bedrijf 1 is nog niet gekoppeld" in html
    assert "Beheerder van het kantoor" in html
    assert 'name="journal"' not in html


def test_problems_that_differ_in_what_matters_are_told_apart(office: ManyCompanies) -> None:
    office.add(count=2)
    other = Debtor.objects.create(office=office.office, number="200", name="Anders", is_blocked=True)
    Company.objects.filter(pk=office.companies[0].pk).update(debtor=other)
    Debtor.objects.filter(pk=office.debtor.pk).update(is_blocked=True)
    html = page(office.browser(), "/send/")
    assert html.count("Debtor Anders is blocked.") == 1
    assert html.count("Debtor Van Dam Holding is blocked.") == 1


def test_names_of_companies_cannot_write_html(office: ManyCompanies) -> None:
    office.add(count=2, mapped=False)
    Company.objects.update(name="<b>Vet</b>")
    assert "<b>Vet" not in page(office.browser(), "/send/")


def test_a_reader_sees_the_list_but_no_box_and_no_button(office: ManyCompanies) -> None:
    office.add()
    office.start()
    office.add()
    reader = office.browser(Level.READ)
    html = page(reader, "/send/")
    assert "Bedrijf 1" in html
    assert "checkbox" not in html
    assert "Send what is ticked" not in html
    assert reader.post("/send/confirm/", {"journal": office.journal_ids}).status_code == 403
    assert reader.post("/send/start/", {"journals": str(office.journal_ids[1])}).status_code == 403
    assert Batch.objects.count() == 1
    assert "Batch" in page(reader, "/send/batches/")
    assert "Bedrijf 0" in page(reader, f"/send/batches/{Batch.objects.get().pk}/")


def test_who_has_no_right_on_journals_sees_none_of_it(office: ManyCompanies) -> None:
    office.add()
    batch_id = office.start()
    browser = office.browser(Level.NONE)
    for address in (
        "/send/",
        "/send/batches/",
        f"/send/batches/{batch_id}/",
        f"/send/batches/{batch_id}/csv/",
    ):
        page(browser, address, 403)
    assert "/send/" not in page(browser, "/")


def test_the_last_look_says_how_many_and_how_much_and_changes_nothing(office: ManyCompanies) -> None:
    office.add(count=2)
    total = sum(row.total_debit for row in _entries(office))
    browser = office.browser()
    html = page(browser, "/send/")
    look = browser.post(
        "/send/confirm/", {"key": hidden(html, "key"), "journal": ticked(html)}
    ).content.decode()
    assert "Send 2 journals" in look
    assert f"€ {total:,.2f}" in look
    assert not Batch.objects.exists()


def test_the_language_switch_of_the_last_look_leads_to_the_list(office: ManyCompanies) -> None:
    office.add()
    browser = office.browser()
    for address in ("/send/", f"/debtors/{office.debtor.pk}/send/"):
        html = page(browser, address)
        asked = {"key": hidden(html, "key"), "journal": ticked(html)}
        asked |= {"debtor": hidden(html, "debtor")} if 'name="debtor"' in html else {}
        look = browser.post("/send/confirm/", asked).content.decode()
        assert hidden(look, "next") == address


def test_what_is_ticked_stays_ticked_in_the_other_language_and_back_from_the_last_look(
    office: ManyCompanies,
) -> None:
    first, second, third = office.add(count=3)
    browser = office.browser()
    asked = {"language": "nl", "next": "/send/", "kept": "yes", "journal": [first, third]}
    switched = browser.post("/language/", asked)
    assert (switched.status_code, switched["Location"]) == (307, "/send/")
    html = browser.post("/send/", asked).content.decode()
    assert 'lang="nl"' in html
    assert ticked(html) == [first, third]
    last_look = confirmed(browser, chosen=[second])
    assert ticked(browser.post("/send/", last_look).content.decode()) == [second]
    assert ticked(browser.post("/send/", {"key": "x"}).content.decode()) == []
    assert ticked(page(browser, "/send/")) == [first, second, third]


def _entries(office: ManyCompanies) -> Any:
    from loonbrug.payroll.models import JournalEntry

    return JournalEntry.objects.filter(journal__office=office.office)


def test_confirming_makes_a_batch_of_what_was_ticked(office: ManyCompanies) -> None:
    first, second, third = office.add(count=3)
    browser = office.browser()
    answer = browser.post("/send/start/", confirmed(browser, chosen=[first, third]))
    batch = Batch.objects.get()
    assert answer["Location"] == f"/send/batches/{batch.pk}/"
    assert sorted(batch.journals.values_list("journal_id", flat=True)) == [first, third]
    assert (batch.by, batch.debtor) == ("Anna", None)
    assert second not in ticked(page(browser, answer["Location"]))


def test_a_double_click_and_the_back_button_come_out_at_the_same_batch(office: ManyCompanies) -> None:
    office.add(count=2)
    browser = office.browser()
    form = confirmed(browser)
    first, second = (browser.post("/send/start/", form)["Location"] for _ in range(2))
    work_off(Batch.objects.get().pk)
    assert first == second == browser.post("/send/start/", form)["Location"]
    assert Delivery.objects.count() == 2


def test_two_tabs_send_each_journal_once(office: ManyCompanies) -> None:
    office.add(count=2)
    browser = office.browser()
    here, there = confirmed(browser), confirmed(browser)
    browser.post("/send/start/", here)
    answer = browser.post("/send/start/", there, follow=True).content.decode()
    assert "There is nothing (left) to send." in answer
    assert Batch.objects.count() == 1


def test_ticking_nothing_says_so(office: ManyCompanies) -> None:
    office.add()
    answer = office.browser().post("/send/confirm/", {"key": "x"}, follow=True)
    assert "Tick at least one journal." in answer.content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"key": "x", "journals": "1"},
        {"key": "4e3ff7b4-2f4d-4a8e-8d49-2d13a5f0f6b5", "journals": "x,-1,999999999999999999999,"},
        {"key": "4e3ff7b4-2f4d-4a8e-8d49-2d13a5f0f6b5"},
        {"key": "\x00", "journals": "\x00"},
    ],
)
def test_a_broken_form_starts_nothing(office: ManyCompanies, form: dict[str, str]) -> None:
    office.add()
    assert office.browser().post("/send/start/", form)["Location"] == "/send/"
    assert not Batch.objects.exists()


def test_another_offices_journals_and_debtor_are_not_there(office: ManyCompanies) -> None:
    office.add()
    zuid = make_office("Kantoor Zuid", "54321")
    foreign = zuid.add()
    browser = office.browser()
    answer = browser.post("/send/confirm/", {"key": "x", "journal": foreign}, follow=True)
    assert "Tick at least one journal." in answer.content.decode()
    refused = browser.post("/send/confirm/", {"journal": office.journal_ids, "debtor": zuid.debtor.pk})
    assert refused.status_code == 404
    form = confirmed(browser) | {"journals": ",".join(map(str, foreign))}
    browser.post("/send/start/", form)
    assert not BatchJournal.objects.exists()


def test_more_boxes_can_be_ticked_than_a_form_usually_holds(office: ManyCompanies) -> None:
    office.add(count=1200)
    browser = office.browser()
    browser.post("/send/start/", confirmed(browser))
    assert BatchJournal.objects.count() == 1200


def test_a_debtor_has_a_list_of_its_own(office: ManyCompanies) -> None:
    (own,) = office.add()
    Company.objects.filter(pk=office.add()[0]).update(name="Van een ander")
    other = Debtor.objects.create(office=office.office, number="200", name="Anders")
    Company.objects.filter(pk=office.companies[1].pk).update(debtor=other)
    browser = office.browser()
    address = f"/debtors/{office.debtor.pk}/send/"
    assert ticked(page(browser, address)) == [own]
    assert address in page(browser, f"/debtors/{office.debtor.pk}/")
    browser.post(
        "/send/start/", confirmed(browser, address) | {"journals": ",".join(map(str, office.journal_ids))}
    )
    assert list(BatchJournal.objects.values_list("journal_id", flat=True)) == [own]
    assert "100 Van Dam Holding" in page(browser, "/send/batches/")


def test_a_period_is_chosen_in_the_address(office: ManyCompanies) -> None:
    office.add()
    december = office.add(period=12)
    browser = office.browser()
    html = page(browser, "/send/?period=2026-12")
    assert ticked(html) == december
    assert '<option value="2026-12" selected>2026-12 (1)</option>' in html
    for nonsense in ("x", "2026", "2026-12-1", "-", "99999999999999999-1"):
        page(browser, f"/send/?period={nonsense}")


def test_the_overview_leads_to_the_list(office: ManyCompanies) -> None:
    office.add()
    html = page(office.browser(), "/")
    assert html.count('href="/send/"') == 2
    assert "Send everything that is ready" in html


def test_a_batch_asks_itself_again_until_it_is_settled(office: ManyCompanies) -> None:
    first, second = office.add(count=2)
    batch_id = office.start()
    browser = office.browser()
    state = f"/send/batches/{batch_id}/state/"
    html = page(browser, f"/send/batches/{batch_id}/")
    assert f'hx-get="{state}' in html
    assert 'hx-trigger="every 2s"' in html
    assert ">Refresh</a>" in html
    assert "Waits its turn in this batch." in html
    work_off(batch_id)
    move(first, State.BOOKED, entry_number="77")
    move(second, State.IN_DOUBT)
    Delivery.objects.filter(journal_id=second).update(doubt_until=timezone.now() + timedelta(minutes=16))
    doubt = page(browser, state)
    assert re.search(
        r"AFAS may be busy until [\w ]*\d\d:\d\d; then a person looks in AFAS and decides\.", doubt
    )
    assert 'hx-trigger="every 30s"' in doubt
    assert '<progress max="2" value="1"' in doubt
    assert "<html" not in doubt
    move(second, State.QUEUED)
    Delivery.objects.filter(journal_id=second).update(
        due_at=timezone.now() + timedelta(minutes=5), doubt_until=None
    )
    assert re.search(r"The next try is at [\w ]*\d\d:\d\d\.", page(browser, state))
    move(second, State.REJECTED)
    settled = page(browser, state)
    assert "hx-get" not in settled
    assert "Refresh" not in settled
    assert "2 of 2 journals settled, 1 booked" in settled


def test_the_results_are_narrowed_by_what_became_of_them(office: ManyCompanies) -> None:
    booked, refused, _ = office.add(count=3)
    batch_id = office.send()
    move(booked, State.BOOKED, entry_number="77")
    move(refused, State.REJECTED)
    _answered(refused, "(AfasFiEntry)Tekst die nergens staat")
    browser = office.browser()
    html = page(browser, f"/send/batches/{batch_id}/?show=refused")
    assert "Bedrijf 1" in html
    assert "Bedrijf 0" not in html
    assert "Tekst die nergens staat" in html
    assert "Booked (1)" in html
    assert "All (3)" in html
    assert "No journal of this batch stands here now." in page(
        browser, f"/send/batches/{batch_id}/?show=person"
    )
    assert "Bedrijf 2" in page(browser, f"/send/batches/{batch_id}/?show=nonsense&page=x")


def _answered(journal_id: int, message: str) -> None:
    answered(Delivery.objects.get(journal_id=journal_id), "refused", message=message)


def test_long_results_come_in_pages(office: ManyCompanies) -> None:
    office.add(count=101)
    batch_id = office.start()
    browser = office.browser()
    first, second = (page(browser, f"/send/batches/{batch_id}/?page={number}") for number in (1, 2))
    assert "Bedrijf 0<" in first
    assert "Bedrijf 100<" not in first
    assert "Bedrijf 100<" in second


def test_results_are_downloaded_as_they_are_narrowed(office: ManyCompanies) -> None:
    booked, _ = office.add(count=2)
    Company.objects.filter(pk=office.companies[0].pk).update(name="=1+1")
    batch_id = office.send()
    move(booked, State.BOOKED, entry_number="77")
    browser = office.browser(language="nl")
    answer = browser.get(f"/send/batches/{batch_id}/csv/?show=booked")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][0] == "Debiteur"
    assert len(rows) == 2
    assert rows[1][1:3] == ["1000", "'=1+1"]
    assert rows[1][9:11] == ["Geboekt", "77"]
    assert f'filename="verzendopdracht-{batch_id}.csv"' in answer["Content-Disposition"]
    book = load_workbook(io.BytesIO(browser.get(f"/send/batches/{batch_id}/xlsx/").content))
    cells = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(cells) == 3
    assert cells[1][2] == "=1+1"
    assert book.worksheets[0]["C2"].data_type == "s"
    page(browser, f"/send/batches/{batch_id}/exe/", 404)


def test_earlier_batches_are_listed_with_their_counts_and_in_pages(office: ManyCompanies) -> None:
    browser = office.browser()
    assert "Nothing was sent together yet." in page(browser, "/send/batches/")
    for journal_id in office.add(count=27):
        office.start(journal_id)
    newest = page(browser, "/send/batches/")
    assert newest.count("By") >= 1
    assert "?page=2" in newest
    oldest = page(browser, "/send/batches/?page=2")
    assert oldest.count('<th scope="row">') == 2
    assert "?page=1" in oldest


def test_a_broken_connection_stops_all_its_companies_with_one_message(office: ManyCompanies) -> None:
    office.add(count=3)
    type(office.connection).objects.update(state="broken")
    html = page(office.browser(), "/send/")
    assert html.count("is interrupted.") == 1
    assert "3 companies" in html
    assert Mapping.objects.count() == 3
