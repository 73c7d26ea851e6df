"""What keeps a journal from being sent, what AFAS refuses, what is lost on the way: seen, explained and mended."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Office, OpenPage
from tests.browser.loonbrug_pages import SAMPLES, Loonbrug
from tests.browser.profit import Profit
from tests.browser.words import Words

pytestmark = pytest.mark.browser

NL, EN = Words("nl"), Words("en")
BAKERY, GARAGE, CARE_HOME, HAULIER, TEST_COMPANY, OF_BLOCKED_DEBTOR = (
    "2001",
    "2002",
    "2003",
    "2004",
    "2005",
    "2006",
)


@pytest.fixture
def dutch(mapped_office: Office, open_page: OpenPage) -> Loonbrug:
    return payroll_officer(mapped_office, open_page, NL)


@pytest.fixture
def english(mapped_office: Office, open_page: OpenPage) -> Loonbrug:
    return payroll_officer(mapped_office, open_page, EN)


def payroll_officer(office: Office, open_page: OpenPage, words: Words) -> Loonbrug:
    pages = Loonbrug(open_page(storage_state=office.cookies), office.installation, words)
    pages.open()
    return pages


def test_a_journal_of_a_test_company_cannot_be_sent_and_the_page_says_why(dutch: Loonbrug) -> None:
    dutch.import_journal(TEST_COMPANY, "korenaar-2026-10.xml")
    expect(dutch.state()).to_contain_text(dutch.words.count(*BLOCKED, 1))
    expect(dutch.button("Send to AFAS")).to_be_disabled()
    assert "testbedrijf" in dutch.problem(dutch.main, "Message")
    journal = dutch.page.url
    dutch.company_tab("Company details")
    dutch.field("Test company").uncheck()
    dutch.button("Save").click()
    expect(dutch.message()).to_be_visible()
    dutch.page.goto(journal)
    expect(dutch.button("Send to AFAS")).to_be_enabled()


def test_a_journal_under_a_blocked_debtor_cannot_be_sent_and_the_page_says_why(english: Loonbrug) -> None:
    english.import_journal(OF_BLOCKED_DEBTOR, "korenaar-2026-10.xml")
    expect(english.button("Send to AFAS")).to_be_disabled()
    assert "Handelshuis Zuid" in english.problem(english.main, "Message")
    assert english.problem(english.main, "Solution")
    journal = english.page.url
    levels = english.page.get_by_role("navigation", name=english.words("Level"), exact=True)
    levels.get_by_role("link", name="1002 Handelshuis Zuid").click()
    english.link("Change debtor").click()
    english.field("Blocked").uncheck()
    english.button("Save").click()
    english.page.goto(journal)
    english.send()
    expect(english.state()).to_contain_text(english.words("Booked"))


def test_an_unknown_cost_centre_is_refused_explained_and_mended(
    dutch: Loonbrug, mapped_office: Office, open_page: OpenPage
) -> None:
    dutch.import_journal(CARE_HOME, "zorghuis-2026-10.xlsx")
    dutch.send()
    expect(dutch.entry().get_by_role("status")).to_have_text(NL("Refused by AFAS"))
    for part in ("Message", "Cause", "Solution", "Who can solve this", "Text from AFAS", "Log reference"):
        assert dutch.problem(dutch.entry(), part)
    assert "erbijzondering" in dutch.problem(dutch.entry(), "Solution")
    profit = Profit(open_page(), mapped_office.installation, NL)
    profit.add_allocation_code("3 Stichting Zorghuis Oost", axis="1", code="410")
    dutch.field("Reason").fill("kostenplaats 410 is aangemaakt in AFAS")
    dutch.button("Again").click()
    expect(dutch.state()).to_contain_text(NL("Booked"))


def test_a_journal_of_two_entries_is_partly_booked_until_both_are(
    english: Loonbrug, mapped_office: Office
) -> None:
    mapped_office.installation.control(
        "POST", "/faults", {"kind": "blocked_period", "administration": 1, "count": 1}
    )
    english.import_journal(BAKERY, "korenaar-2026-11-twee-boekingen.xml", period=11)
    english.send()
    expect(english.state()).to_contain_text(EN("Partly booked (%(booked)d of %(all)d)", booked=1, all=2))
    refused = english.main.get_by_role("status").filter(has_text=EN("Refused by AFAS"))
    expect(refused).to_have_count(1)
    english.field("Reason").fill("the period is open again")
    english.button("Again").click()
    expect(english.state().get_by_text(EN("Booked"), exact=True)).to_be_visible()
    assert len({english.fact(english.entry(n), "AFAS entry number (EnNo)") for n in (1, 2)}) == 2


def test_a_lost_answer_is_looked_up_and_found(english: Loonbrug, mapped_office: Office) -> None:
    lose_the_next_answer(mapped_office, administration=1)
    english.import_journal(BAKERY, "korenaar-2026-10.xml")
    english.send()
    expect(english.state().get_by_text(EN("Booked"), exact=True)).to_be_visible()
    attempts = english.main.get_by_role("region", name=EN("Attempts of entry %(ordinal)s", ordinal=1))
    expect(attempts.get_by_role("row")).to_have_count(2)
    expect(attempts).to_contain_text(EN("no answer that we can trust", "attempt"))


def test_a_lost_answer_that_nobody_can_look_up_is_decided_by_a_person_after_the_limit(
    dutch: Loonbrug, mapped_office: Office, open_page: OpenPage
) -> None:
    installation = mapped_office.installation
    lose_the_next_answer(mapped_office, administration=4)
    dutch.import_journal(HAULIER, "transport-2026-p11.xml", period=11)
    journal = dutch.page.url
    dutch.send()
    expect(dutch.state()).to_contain_text(NL("In doubt"))
    dutch.page.reload()
    dutch.link("What to do then").click()
    expect(dutch.main.get_by_role("radio")).to_have_count(0)
    voucher = dutch.fact(dutch.main, "Voucher number (BpNr)")
    number = Profit(open_page(), installation, NL).voucher_booked("4 Transportbedrijf Noord B.V.", voucher)
    dutch.page.goto(journal)
    dutch.link("Look and decide").click(timeout=40_000)
    dutch.main.get_by_role("radio", name=NL("Found: it is booked, under the entry number below")).check()
    dutch.field("AFAS entry number (EnNo)").fill(number)
    dutch.field("Reason").fill("gevonden op boekstuknummer")
    dutch.button("Decide").click()
    expect(dutch.state()).to_contain_text(NL("Booked"))
    expect(dutch.state()).to_contain_text(number)
    assert len(installation.books(4)) == 1


def lose_the_next_answer(office: Office, administration: int) -> None:
    """AFAS books the next entry, and the line breaks before the answer."""
    fault = {"kind": "cut_after", "administration": administration, "count": 1}
    office.installation.control("POST", "/faults", fault)


def test_a_journal_can_be_downloaded_and_its_source_too(english: Loonbrug) -> None:
    english.import_journal(GARAGE, "garage-2026-10.csv")
    begins = {"XLSX": b"PK", "CSV": b"\xef\xbb\xbf", "PDF": b"%PDF-"}
    for name, begin in begins.items():
        content, file_name = downloaded(english, name)
        assert content.startswith(begin)
        assert file_name.endswith(f".{name.lower()}")
    assert downloaded(english, EN("Source file"))[0] == (SAMPLES / "garage-2026-10.csv").read_bytes()


def downloaded(pages: Loonbrug, name: str) -> tuple[bytes, str]:
    """What comes behind a link to a file: its content and its name."""
    with pages.page.expect_download() as started:
        pages.main.get_by_role("link", name=name, exact=True).click()
    return Path(started.value.path()).read_bytes(), started.value.suggested_filename


def test_a_reader_sees_everything_and_can_change_nothing(
    dutch: Loonbrug, mapped_office: Office, open_page: OpenPage
) -> None:
    dutch.import_journal(BAKERY, "negative-values.xml", period=9)
    installation = mapped_office.installation
    reader = Loonbrug(open_page(), installation, NL)
    reader.sign_in(installation.sign_in_link("lars@kantoor.example"))
    acts = re.compile("^(" + "|".join(map(NL, ("Show", "Copy", "Refresh"))) + ")")
    for address in (
        "/",
        "/debtors/",
        "/settings/afas/accounts/",
        "/settings/afas/accounts/1/",
        "/settings/afas/administrations/",
        "/companies/1/cost-centres/",
        "/companies/1/details/",
        "/companies/1/payroll/",
        "/journals/1/",
    ):
        reader.page.goto(installation.address(installation.pages) + address)
        expect(reader.main.get_by_role("heading", level=1)).to_be_visible()
        buttons = reader.main.get_by_role("button").all_inner_texts()
        assert [text for text in buttons if not acts.match(text)] == [], address
    reader.page.goto(installation.address(installation.pages) + "/settings/afas/accounts/new/")
    expect(reader.main).to_contain_text(NL("AFAS Profit settings"))
    expect(reader.main.get_by_role("textbox")).to_have_count(0)


BLOCKED = ("Blocked (%(count)d problem)", "Blocked (%(count)d problems)")


def test_the_tick_for_all_says_whether_all_are_ticked(dutch: Loonbrug, mapped_office: Office) -> None:
    installation = mapped_office.installation
    dutch.page.goto(installation.address(installation.pages) + "/workflow/companies/")
    boxes = dutch.main.get_by_role("table").get_by_role("checkbox")
    everyone, first = boxes.first, boxes.nth(1)
    expect(everyone).not_to_be_checked()
    everyone.check()
    assert all(box.is_checked() for box in boxes.all())
    first.uncheck()
    expect(everyone).not_to_be_checked()
    first.check()
    expect(everyone).to_be_checked()


def test_what_is_ticked_to_be_sent_stays_ticked_in_the_other_language(
    dutch: Loonbrug, mapped_office: Office
) -> None:
    dutch.import_journal(CARE_HOME, "zorghuis-2026-01.xml", period=1)
    installation = mapped_office.installation
    dutch.page.goto(installation.address(installation.pages) + "/send/")
    boxes = dutch.main.get_by_role("table").get_by_role("checkbox")
    boxes.nth(1).set_checked(not boxes.nth(1).is_checked())
    ticked = [box.is_checked() for box in boxes.all()]
    dutch.page.get_by_role("banner").get_by_role("button", name="EN", exact=True).click()
    expect(dutch.page.locator("html")).to_have_attribute("lang", "en")
    assert [box.is_checked() for box in boxes.all()] == ticked
