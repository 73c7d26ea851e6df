"""The article on the AFAS Profit integration, from its first line to its last, as its user goes through it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import OpenPage
from tests.browser.loonbrug_pages import Loonbrug
from tests.browser.profit import Keys, Mail, Profit
from tests.browser.words import Words
from tests.running import Installation

#: The whole article takes half a minute, and more where several test runs share a machine.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

USER = "12345.admin"
ADDRESS = "anja.dekker@kantoor.example"
CONNECTOR = "Salariskoppeling"
BAKERY = "2001"
GARAGE = "2002"
COLOURS = "paths => paths.map(path => getComputedStyle(path).stroke.match(/\\d+/g).map(Number))"


@dataclass
class Walk:
    """The people of the article: who administers AFAS, who the office, and who does the payroll."""

    installation: Installation
    words: Words
    profit: Profit
    mail: Mail
    manager: Loonbrug
    payroll: Loonbrug


@pytest.fixture(params=["nl", "en"])
def walk(request: pytest.FixtureRequest, open_page: OpenPage, tmp_path: Path) -> Iterator[Walk]:
    with Installation(tmp_path) as installation:
        yield people(installation, Words(request.param), open_page)


def people(installation: Installation, words: Words, open_page: OpenPage) -> Walk:
    """Everybody at their own screen; the manager of the office has signed in."""
    link = installation.start()
    manager = Loonbrug(open_page(), installation, words)
    manager.sign_in(link)
    payroll = Loonbrug(open_page(), installation, words)
    return Walk(
        installation=installation,
        words=words,
        profit=Profit(open_page(), installation, words),
        mail=Mail(open_page(), installation, words),
        manager=manager,
        payroll=payroll,
    )


def test_the_article_can_be_followed_from_its_first_line_to_its_last(walk: Walk) -> None:
    keys = walk.profit.make_app_connector(CONNECTOR, USER)
    check_authorisation_tool(walk)
    set_the_template_to_write(walk)
    make_the_account(walk)
    authorise_the_account(walk, keys)
    reset_the_authentication(walk, keys)
    map_the_companies(walk)
    compare_cost_centres(walk)
    send_a_journal(walk)
    mend_the_vat_refusal(walk)
    secrets = [keys.api_key, keys.environment_key, *codes_mailed(walk)]
    assert [secret for secret in secrets if secret in walk.installation.output] == []


def check_authorisation_tool(walk: Walk) -> None:
    """The user has an e-mail address, and is in the group of the App Connector."""
    walk.profit.open_user(USER)
    expect(walk.profit.field("E-mail address")).to_have_value(ADDRESS)
    expect(walk.profit.main.get_by_label("ADM Administratie")).to_be_checked()
    expect(walk.profit.field("Collaboration user")).not_to_be_checked()
    expect(walk.profit.field("E-mail address belongs to this subscription number")).to_be_checked()


def set_the_template_to_write(walk: Walk) -> None:
    """Without Schrijven in the template nothing can be made; with it, everything that follows."""
    manager, payroll = walk.manager, walk.payroll
    manager.settings("Users")
    manager.link("New user").click()
    manager.field("Name").fill("Petra Smit")
    manager.field("E-mail address").fill("petra@kantoor.example")
    manager.field("Template").select_option(label="Salarisadministrateur")
    manager.button("Add and make a sign-in link").click()
    payroll.sign_in(manager.main.locator("code").inner_text())
    payroll.afas_settings()
    expect(payroll.main.get_by_text(walk.words("Write"))).to_be_visible()
    expect(payroll.link("New account")).to_have_count(0)
    manager.settings("Templates")
    manager.main.get_by_role("link", name="Salarisadministrateur").click()
    for part in ("AFAS Profit settings", "Administrations (mappings)"):
        write = f"{walk.words(part)}: {walk.words('Write', 'right')}"
        manager.main.get_by_role("radio", name=write, exact=True).check()
    manager.button("Save").click()
    expect(manager.message()).to_have_text(walk.words("The changes have been saved."))
    payroll.afas_settings()
    expect(payroll.link("New account")).to_be_visible()


def make_the_account(walk: Walk) -> None:
    walk.payroll.new_account(USER)
    expect(walk.payroll.mark("Not authorised yet")).to_be_visible()


def authorise_the_account(walk: Walk, keys: Keys) -> None:
    payroll = walk.payroll
    payroll.click_mark(USER)
    payroll.ask_code(keys, "Generate activation code")
    payroll.afas_settings()
    expect(payroll.mark("Password requested")).to_be_visible()
    code = walk.mail.newest_code(CONNECTOR, ADDRESS)
    payroll.click_mark(USER)
    expect(payroll.field("API key")).to_have_value("")
    payroll.authorise(keys, code)
    expect_authorised(walk)


def reset_the_authentication(walk: Walk, keys: Keys) -> None:
    """The token is dropped and a new code is mailed; the earlier code no longer does, and says so."""
    payroll = walk.payroll
    used = walk.mail.newest_code(CONNECTOR, ADDRESS)
    payroll.click_mark(USER)
    payroll.ask_code(keys, "Reset Authentication")
    code = walk.mail.newest_code(CONNECTOR, ADDRESS)
    assert code != used
    payroll.authorise(keys, used)
    assert payroll.problem(payroll.main, "Solution")
    payroll.authorise(keys, code)
    expect_authorised(walk)


def expect_authorised(walk: Walk) -> None:
    payroll = walk.payroll
    expect(payroll.message()).to_contain_text(walk.words("Authentication completed"))
    payroll.afas_settings()
    expect(payroll.mark("Authentication completed")).to_be_visible()
    expect_blue_and_red(payroll.page)


def expect_blue_and_red(page: Page) -> None:
    """The drawing beside the words: one bank blue, the other red."""
    drawing = page.get_by_role("main").locator(".mark").first.locator(".mark__left, .mark__right")
    left, right = drawing.evaluate_all(COLOURS)
    assert left[2] > max(left[:2]), f"the left bank is rgb{tuple(left)}, not blue"
    assert right[0] > max(right[1:3]), f"the right bank is rgb{tuple(right)}, not red"


def map_the_companies(walk: Walk) -> None:
    """Tab Administraties: the account, Nieuwe mapping, company and administration, journal code."""
    walk.payroll.new_mapping(USER, "Bakkerij De Korenaar", "Bakkerij De Korenaar")
    walk.payroll.new_mapping(USER, "Garage Van Dijk", "Garage Van Dijk", default_cost_centre="300")


def compare_cost_centres(walk: Walk) -> None:
    """The numbers of the company are those of AFAS's allocation codes, as the guide beside them says."""
    payroll, profit = walk.payroll, walk.profit
    payroll.find_company(BAKERY)
    tabs = payroll.page.get_by_role("navigation", name=walk.words("Company level"))
    for tab, axis in (("Cost centres", "1"), ("Cost units", "2")):
        tabs.get_by_role("link", name=walk.words(tab), exact=True).click()
        expect(payroll.main.get_by_role("complementary")).to_contain_text("Verbijzonderingscode")
        ours = set(payroll.main.get_by_role("row").locator("td.number").all_inner_texts())
        profit.go_to("Financial", "Allocation", "Allocation code")
        assert ours, f"axis {axis}"
        for code in ours:  # waited for: the page may still be on its way
            expect(profit.main.get_by_text(code, exact=True).first).to_be_visible()


def send_a_journal(walk: Walk) -> None:
    """From the dashlet Journaalposten Export; the mark is blue-red once AFAS has booked it."""
    payroll = walk.payroll
    payroll.import_journal(BAKERY, "korenaar-2026-10.xml")
    expect(payroll.state()).to_contain_text(walk.words("Ready to send"))
    payroll.send()
    expect(payroll.state()).to_contain_text(walk.words("Booked"))
    voucher = payroll.fact(payroll.entry(), "Voucher number (BpNr)")
    number = payroll.fact(payroll.entry(), "AFAS entry number (EnNo)")
    assert walk.profit.voucher_booked("1 Bakkerij De Korenaar B.V.", voucher) == number
    expect_blue_and_red(payroll.page)
    payroll.find_company(BAKERY)
    row = payroll.main.get_by_role("region", name=walk.words("Journal export")).get_by_role("row").nth(1)
    expect(row).to_contain_text(walk.words("Booked"))
    expect_blue_and_red(payroll.page)


def mend_the_vat_refusal(walk: Walk) -> None:
    """Vat is mandatory for account 4070: untick Btw toestaan on the tab Voorkeuren in AFAS, then Opnieuw."""
    payroll, profit = walk.payroll, walk.profit
    payroll.import_journal(GARAGE, "garage-2026-10.csv")
    payroll.send()
    expect(payroll.entry().get_by_role("status")).to_have_text(walk.words("Refused by AFAS"))
    assert "4070" in payroll.problem(payroll.entry(), "Message")
    assert "4070" in payroll.problem(payroll.entry(), "Cause")
    preferences = profit_words(walk, "Preferences")
    assert preferences in payroll.problem(payroll.entry(), "Solution")
    assert "4070" in payroll.problem(payroll.entry(), "Text from AFAS")
    assert payroll.problem(payroll.entry(), "Who can solve this")
    profit.open_preferences("2 Garage Van Dijk B.V.")
    profit.main.get_by_role("checkbox", name=f"{profit_words(walk, 'Allow VAT')} 4070").uncheck()
    profit.press("Save", "Saved.")
    payroll.field("Reason").fill("4070")
    payroll.button("Again").click()
    expect(payroll.state()).to_contain_text(walk.words("Booked"))
    assert [entry["administration"] for entry in walk.installation.books(2)] == [2]


def profit_words(walk: Walk, text: str) -> str:
    return walk.words.afas(text)


def codes_mailed(walk: Walk) -> list[str]:
    return [code for mail in walk.installation.mails() for code in re.findall(r"\b[0-9]{8}\b", mail["text"])]
