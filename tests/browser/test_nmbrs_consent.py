"""Connecting a debtor in a browser, with product and Nmbrs sandbox as processes: consent, and what then appears."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import OpenPage, StorageState, signed_in
from tests.browser.test_screens import NARROW, violations
from tests.running import Installation

LOGIN = "Van Dijk Groep"
PATIENCE_MS = 60_000

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Place:
    """Where the settings are, and the cookies of somebody who may change them."""

    settings: str
    cookies: StorageState


@pytest.fixture(scope="module")
def place(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Installation(tmp_path_factory.mktemp("nmbrs")) as installation:
        installation.start_nmbrs()
        link = installation.start()
        yield Place(f"{installation.address(installation.pages)}/settings/nmbrs/", signed_in(browser, link))


def at_nmbrs(page: Page, place: Place, decision: str) -> None:
    """From our button to the consent page of Nmbrs, and what a person decides there."""
    page.goto(place.settings)
    page.get_by_role("button", name="Debiteur verbinden").click()
    page.get_by_label(LOGIN).check()
    page.locator(f"button[value={decision}]").click()


def test_who_refuses_at_nmbrs_is_told_and_may_try_again(open_page: OpenPage, place: Place) -> None:
    page = open_page(storage_state=place.cookies)
    at_nmbrs(page, place, "deny")
    expect(page.get_by_role("article")).to_contain_text("Nmbrs heeft geen toestemming gegeven.")
    expect(page.get_by_role("button", name="Debiteur verbinden")).to_be_visible()


def test_after_consent_companies_appear_by_themselves(open_page: OpenPage, place: Place) -> None:
    page = open_page(storage_state=place.cookies)
    at_nmbrs(page, place, "allow")
    expect(page.get_by_text("Nmbrs heeft toestemming gegeven.")).to_be_visible()
    debtor = page.get_by_role("link", name="Van Dijk Groep")
    expect(debtor).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("status").filter(has_text="Bijgewerkt")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("Van Dijk Groep")
    for address in (page.url, place.settings):
        page.goto(address)
        is_fit_to_be_seen(page)
    page.get_by_role("link", name="Van Dijk Groep").click()
    page.get_by_role("link", name="Van Dijk Groep").click()
    expect(page.get_by_role("link", name="Bakkerij De Korenaar B.V.")).to_be_visible()
    is_fit_to_be_seen(page)


def is_fit_to_be_seen(page: Page) -> None:
    """No barrier in light or dark, and no page wider than a small screen; colours change at once meanwhile."""
    page.emulate_media(reduced_motion="reduce")
    assert violations(page, {"resultTypes": ["violations"]}) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, {"runOnly": ["color-contrast"]}) == [], "in the dark"
    page.emulate_media(color_scheme="light")
    wide = page.viewport_size
    assert wide is not None
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.set_viewport_size(wide)
