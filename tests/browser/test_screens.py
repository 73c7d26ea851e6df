"""Every screen: without faults of accessibility in light and dark, narrow enough for a telephone, by keyboard.

With SCREENS=1 pictures of all of them are made anew in docs/screens.
"""

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from tests.browser.conftest import Faults, Office, OpenPage
from tests.browser.loonbrug_pages import SAMPLES, Loonbrug
from tests.browser.screens import SCREENS, Screen
from tests.browser.words import Words
from tests.running import Installation, wait_for

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "screens"
MAKES_PICTURES = os.environ.get("SCREENS") == "1"

WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 380, "height": 800}
COLOURS = 128
SERIOUS = {"serious", "critical"}
#: The main screens, of which there are pictures in English too.
IN_ENGLISH = {"home", "payroll", "journal-booked", "journal-refused", "afas-account", "afas-mappings"}
NL = Words("nl")


@pytest.fixture(scope="module")
def state(mapped_office: Office) -> Office:
    """An office with something to see on every screen."""
    installation = mapped_office.installation
    installation.in_the_office(
        "send('2001', 'korenaar-2026-10.xml'); send('2002', 'garage-2026-10.csv'); begin_accounts()"
    )
    wait_for(lambda: installation.states()[:2] == ["verified", "rejected"], "one booked and one refused")
    for kind, administration in (("cut_after", 4), ("blocked_period", 1)):
        fault = {"kind": kind, "administration": administration, "count": 1}
        installation.control("POST", "/faults", fault)
    installation.in_the_office(
        "send('2004', 'transport-2026-p11.xml', 11); send('2001', 'korenaar-2026-11-twee-boekingen.xml', 11); "
        "read_in('2005', 'korenaar-2026-10.xml'); read_in('2001', 'negative-values.xml', 9)"
    )
    expected = ["verified", "rejected", "undecided", "rejected", "verified"]
    wait_for(lambda: sorted(installation.states()) == sorted(expected), "all to be settled")
    return mapped_office


@dataclass(frozen=True)
class Readers:
    """One page of somebody who may see everything, one of somebody who has not signed in; both in Dutch."""

    signed_in: Page
    anonymous: Page
    faults: Faults


@pytest.fixture(scope="module")
def readers(browser: Browser, state: Office) -> Iterator[Readers]:
    faults = Faults()
    # Without motion, as a colour on its way from light to dark is neither.
    known = browser.new_context(viewport=WIDE, storage_state=state.cookies, reduced_motion="reduce")
    unknown = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    pages = Readers(known.new_page(), unknown.new_page(), faults)
    for page in (pages.signed_in, pages.anonymous):
        faults.watch(page)
    Loonbrug(pages.signed_in, state.installation, NL).open()
    yield pages
    known.close()
    unknown.close()


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_a_screen_is_fit_to_be_seen(screen: Screen, state: Office, readers: Readers) -> None:
    page = readers.signed_in if screen.signed_in else readers.anonymous
    readers.faults.found.clear()
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    answer = page.goto(address_of(screen, state.installation))
    assert answer
    assert answer.status == screen.status
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert violations(page, {"resultTypes": ["violations"]}) == []
    picture(page, screen, "nl-1400")
    page.emulate_media(color_scheme="dark")
    assert violations(page, {"runOnly": ["color-contrast"]}) == [], "in the dark"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    picture(page, screen, "nl-380")
    assert readers.faults.found == []


def address_of(screen: Screen, installation: Installation) -> str:
    ports = {"loonbrug": installation.pages, "afas": installation.afas, "mail": installation.mail_port}
    mails = installation.mails() if "{mail}" in screen.address else []
    address = screen.address.format(mail=mails[0]["number"] if mails else "")
    return installation.address(ports[screen.place]) + address


def violations(page: Page, options: dict[str, list[str]]) -> list[str]:
    """What axe finds that keeps people out: rule, and where."""
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def picture(page: Page, screen: Screen, kind: str) -> None:
    """Keep a picture of the whole page, with what is secret covered."""
    if not MAKES_PICTURES:
        return
    covered = [page.locator(screen.secret)] if screen.secret else []
    taken = page.screenshot(full_page=True, mask=covered, mask_color="#888888")
    PICTURES.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)
    image.save(PICTURES / f"{screen.name}-{kind}.png", optimize=True)


def test_main_screens_speak_english_as_well(state: Office, open_page: OpenPage) -> None:
    pages = Loonbrug(open_page(storage_state=state.cookies), state.installation, Words("en"))
    pages.open()
    for screen in SCREENS:
        if screen.name in IN_ENGLISH:
            pages.page.goto(address_of(screen, state.installation))
            expect(pages.page.locator("html")).to_have_attribute("lang", "en")
            picture(pages.page, screen, "en-1400")
    Loonbrug(pages.page, state.installation, NL).open()


def test_the_list_of_pictures_names_every_screen() -> None:
    file = PICTURES / "README.md"
    if MAKES_PICTURES:
        PICTURES.mkdir(parents=True, exist_ok=True)
        file.write_text(listed())
    assert file.read_text() == listed(), "make screens"


def listed() -> str:
    """The list, from what is known of each screen."""
    rows = [f"| [{screen.name}]({screen.name}-nl-1400.png) | {screen.shows} |" for screen in SCREENS]
    head = [
        "# Pictures of every screen",
        "",
        "Made by `make screens`: `-nl-1400` and `-nl-380` are 1400 and 380 pixels wide; the main screens are there in",
        "English too (`-en-1400`). Keys, codes and one-time links are covered.",
        "",
        "| screen | shows |",
        "|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def test_a_telephone_shows_each_run_as_a_block_with_headings(readers: Readers, state: Office) -> None:
    page = readers.signed_in
    page.set_viewport_size(NARROW)
    page.goto(state.installation.address(state.installation.pages) + "/companies/1/payroll/")
    heading, amount = (
        page.locator(f".list--stacked {row} :nth-child(7)").first for row in ("thead", "tbody")
    )
    expect(heading).to_be_hidden()
    expect(amount).to_have_attribute("data-label", NL("Debit"))
    expect(amount).to_be_in_viewport()
    region = page.get_by_role("region", name=NL("Journals per run"))
    assert region.evaluate("region => region.scrollWidth - region.clientWidth") <= 0


@pytest.fixture
def by_keyboard(state: Office, open_page: OpenPage) -> Loonbrug:
    pages = Loonbrug(open_page(storage_state=state.cookies), state.installation, NL)
    pages.open()
    return pages


def test_the_skip_link_is_first_and_leads_to_the_content(by_keyboard: Loonbrug) -> None:
    page = by_keyboard.page
    page.goto(page.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=NL("Skip to the content"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(by_keyboard.main).to_be_focused()


def test_a_menu_opens_and_closes_by_keyboard_and_gives_the_focus_back(by_keyboard: Loonbrug) -> None:
    page = by_keyboard.page
    menu = page.get_by_role("banner").locator("summary")
    tab_to(page, menu)
    page.keyboard.press("Enter")
    sign_out = page.get_by_role("button", name=NL("Sign out"))
    expect(sign_out).to_be_visible()
    page.keyboard.press("Escape")
    expect(sign_out).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_journal_is_read_in_and_sent_by_keyboard_alone(by_keyboard: Loonbrug) -> None:
    page = by_keyboard.page
    tab_to(page, page.get_by_role("searchbox"))
    page.keyboard.type("2003")
    page.keyboard.press("Enter")
    enter(by_keyboard, by_keyboard.page.get_by_role("link", name=NL("Payroll run"), exact=True))
    enter(by_keyboard, by_keyboard.link("Import a journal"))
    with page.expect_file_chooser() as chooser:
        enter(by_keyboard, by_keyboard.field("Journal file"))
    chooser.value.set_files(SAMPLES / "missing-cost-centres.xml")
    for name, text in (("Year", "2026"), ("Period", "8"), ("Run number", "1")):
        tab_to(page, by_keyboard.field(name))
        page.keyboard.type(text)
    enter(by_keyboard, by_keyboard.button("Read the file"))
    enter(by_keyboard, by_keyboard.button("Import"))
    enter(by_keyboard, by_keyboard.button("Send to AFAS"))
    expect(by_keyboard.entry().get_by_role("status")).to_have_text(
        re.compile(f"{NL('Booked')}|{NL('Refused by AFAS')}")
    )


def enter(pages: Loonbrug, target: Locator) -> None:
    """Go to something by Tab and press Enter."""
    expect(target).to_be_visible()
    tab_to(pages.page, target)
    pages.page.keyboard.press("Enter")


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus; every stop on the way shows where the focus is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count():
            style = focused.evaluate("element => getComputedStyle(element).outlineStyle")
            assert style != "none", (
                f"no focus is shown on {focused.evaluate('element => element.outerHTML')[:200]}"
            )
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {target}")
