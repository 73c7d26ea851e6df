"""The AFAS administrator at work in the sandbox's own pages, and whoever reads the mail."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect
from tests.browser.words import Words
from tests.running import Installation

ENVIRONMENT = "T12345AA"


@dataclass(frozen=True)
class Keys:
    """What the tab General of an App Connector shows."""

    api_key: str
    environment_key: str


class Profit:
    """The sandbox's pages in one language."""

    def __init__(self, page: Page, installation: Installation, words: Words) -> None:
        self.page = page
        self.main = page.get_by_role("main")
        self._address = installation.address(installation.afas)
        self._afas = words.afas
        page.goto(self._address)
        if words.language == "en":
            page.get_by_role("link", name="English").click()

    def go_to(self, *menu: str) -> None:
        """Choose a page as AFAS's menu has it: the headings above it, its own name last."""
        self.page.goto(self._address)
        self.main.get_by_role("link", name=ENVIRONMENT).click()
        path = " \\ ".join(map(self._afas, menu[:-1]))
        heading = self.page.get_by_role("heading", name=path, exact=True)
        group = self.main.locator("section").filter(has=heading)
        group.get_by_role("link", name=self._afas(menu[-1]), exact=True).click()

    def open_administration(self, label: str) -> None:
        """Open another administration, beside the page."""
        menu = self.page.get_by_role("navigation", name=self._afas("Menu"))
        menu.get_by_label(self._afas("Open administration")).select_option(label=label)
        menu.get_by_role("button", name=self._afas("Open")).click()

    def tab(self, name: str) -> None:
        tabs = self.page.get_by_role("navigation", name=self._afas("Tabs"))
        tabs.get_by_role("link", name=self._afas(name), exact=True).click()

    def link(self, name: str) -> Locator:
        return self.main.get_by_role("link", name=self._afas(name), exact=True)

    def field(self, name: str) -> Locator:
        return self.main.get_by_label(self._afas(name), exact=True)

    def press(self, name: str, done: str) -> None:
        """A button, and what the page then says."""
        self.main.get_by_role("button", name=self._afas(name), exact=True).click()
        expect(self.page.get_by_role("status")).to_have_text(self._afas(done))

    def make_app_connector(self, description: str, user: str) -> Keys:
        """A new App Connector with the least that the article asks for; it is blocked until unblocked here."""
        self.go_to("General", "Management", "App Connector")
        self.link("New").click()
        self.field("Description").fill(description)
        self.field("User group").select_option("ADM")
        self.press("Finish", "Added.")
        keys = Keys(self.field("API key").input_value(), self.field("Environment key").input_value())
        expect(self.field("Blocked")).to_be_checked()
        for tab, connector in (("GetConnectors", "Precal_Administraties"), ("UpdateConnectors", "FiEntries")):
            self.tab(tab)
            self.field("Connector").select_option(connector)
            self.press("Add", "Added.")
            expect(self.main.get_by_role("rowheader", name=connector, exact=True)).to_be_visible()
        self.tab("User tokens")
        self.field("User").select_option(user)
        self.press("Add", "Added.")
        self.tab("General")
        self.field("Blocked").uncheck()
        self.press("Save", "Saved.")
        return keys

    def open_user(self, code: str) -> None:
        """A user in the Authorisation Tool."""
        self.go_to("General", "Management", "Authorisation Tool")
        self.link(code).click()

    def open_preferences(self, administration: str) -> None:
        """Financieel / Beheer / Instellingen administratie, tab Voorkeuren."""
        self.go_to("Financial", "Management", "Administration settings")
        self.open_administration(administration)
        self.tab("Preferences")

    def add_allocation_code(self, administration: str, axis: str, code: str) -> None:
        """Financieel / Verbijzondering: a new code, assigned to every account that is allocated on its axis."""
        self.go_to("Financial", "Allocation", "Allocation code")
        self.field("Axis").select_option(axis)
        self.field("Code").fill(code)
        self.field("Description").fill(code)
        self.press("Add", "Added.")
        self.go_to("Financial", "Allocation", "Allocation assignment")
        self.open_administration(administration)
        self.field("Allocation code").select_option(f"{axis}/{code}")
        self.press("Add", "Added.")

    def voucher_booked(self, administration: str, voucher_number: str) -> str:
        """Financieel / Grootboek / Journaalpost: the entry number under which a voucher number is booked."""
        self.go_to("Financial", "General ledger", "Journal entry")
        self.open_administration(administration)
        self.field("Voucher number").fill(voucher_number)
        self.main.get_by_role("button", name=self._afas("Search")).click()
        found = self.main.get_by_role("rowheader")
        expect(found).to_have_count(1)
        return found.inner_text()


class Mail:
    """The pages of the mail catcher."""

    def __init__(self, page: Page, installation: Installation, words: Words) -> None:
        self.page = page
        self._address = installation.address(installation.mail_port)
        self._afas = words.afas
        page.goto(self._address)
        if words.language == "en":
            page.get_by_role("link", name="English").click()

    def newest_code(self, description: str, address: str) -> str:
        """The activation code in the newest mail, which names the App Connector and went to this address."""
        self.page.goto(self._address)
        newest = self.page.get_by_role("row").nth(1)
        expect(newest).to_contain_text(address)
        newest.get_by_role("link", name=description).click()
        text = self.page.get_by_role("region", name=self._afas("Text of the mail")).inner_text()
        found = re.search(r"\b[0-9]{8}\b", text)
        assert found, "the mail holds no activation code"
        return found.group()
