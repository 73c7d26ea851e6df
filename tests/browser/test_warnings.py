"""Every warning of the article (LET OP!) holds, and is mended where the article says."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Office, OpenPage
from tests.browser.loonbrug_pages import Loonbrug
from tests.browser.profit import Keys, Profit
from tests.browser.words import Words

from afas_sandbox.pages.words import Language

pytestmark = pytest.mark.browser

CONNECTOR = "Loonbrug"


@dataclass(frozen=True)
class Condition:
    """What keeps the activation mail from going out, for which user, and how the AFAS administrator mends it."""

    user: str
    mend: Callable[[Profit, str], None]
    spoil: Callable[[Profit, str], None] | None = None


def give_an_address(profit: Profit, user: str) -> None:
    profit.open_user(user)
    profit.field("E-mail address").fill("ben@kantoor.example")
    profit.press("Save", "Saved.")


def add_to_the_group(profit: Profit, user: str) -> None:
    profit.open_user(user)
    profit.main.get_by_label("ADM Administratie").check()
    profit.press("Save", "Saved.")


def tick(profit: Profit, user: str, field: str, *, on: bool) -> None:
    profit.open_user(user)
    profit.field(field).set_checked(on)
    profit.press("Save", "Saved.")


def mail_server(profit: Profit, *, on: bool) -> None:
    profit.go_to("General", "Environment", "Management", "Information")
    profit.field("Mail server installed").set_checked(on)
    profit.press("Save", "Saved.")


def connector_tab(profit: Profit, tab: str) -> None:
    profit.go_to("General", "Management", "App Connector")
    profit.link(CONNECTOR).click()
    profit.tab(tab)


def add_user_token(profit: Profit, user: str) -> None:
    connector_tab(profit, "User tokens")
    profit.field("User").select_option(user)
    profit.press("Add", "Added.")


def block_connector(profit: Profit, *, on: bool) -> None:
    connector_tab(profit, "General")
    profit.field("Blocked").set_checked(on)
    profit.press("Save", "Saved.")


ACCEPTED = "E-mail address belongs to this subscription number"
CONDITIONS = {
    "without an e-mail address": Condition("12345.zondermail", give_an_address),
    "outside the group of the App Connector": Condition("12345.buitengroep", add_to_the_group),
    "not under User tokens": Condition("12345.zondertoken", add_user_token),
    "with a collaboration account": Condition(
        "98765.meewerker", lambda profit, user: tick(profit, user, "Collaboration user", on=False)
    ),
    "with an address outside the subscription": Condition(
        "12345.vreemdmail", lambda profit, user: tick(profit, user, ACCEPTED, on=True)
    ),
    "without a mail server": Condition(
        "12345.admin",
        lambda profit, _user: mail_server(profit, on=True),
        lambda profit, _user: mail_server(profit, on=False),
    ),
    "while the App Connector is blocked": Condition(
        "12345.beperkt",
        lambda profit, _user: block_connector(profit, on=False),
        lambda profit, _user: block_connector(profit, on=True),
    ),
}


#: The conditions take turns in the two languages.
CASES = [(name, ("nl", "en")[number % 2]) for number, name in enumerate(CONDITIONS)]


@pytest.mark.parametrize(("condition", "language"), CASES)
def test_no_code_is_mailed(condition: str, language: Language, office: Office, open_page: OpenPage) -> None:
    holds, words = CONDITIONS[condition], Words(language)
    installation = office.installation
    profit = Profit(open_page(), installation, words)
    loonbrug = Loonbrug(open_page(storage_state=office.cookies), installation, words)
    loonbrug.open()
    keys = keys_of(profit)
    if holds.spoil:
        holds.spoil(profit, holds.user)
    installation.forget_mails()
    loonbrug.new_account(holds.user)
    loonbrug.click_mark(holds.user)
    loonbrug.ask_code(keys, "Generate activation code")
    assert installation.mails() == []
    expect(loonbrug.main.get_by_role("complementary")).to_contain_text(words("No e-mail received?"))
    holds.mend(profit, holds.user)
    loonbrug.ask_code(keys, "Reset Authentication")
    assert len(installation.mails()) == 1
    loonbrug.authorise(keys, installation.mailed_code())
    expect(loonbrug.message()).to_contain_text(words("Authentication completed"))


def keys_of(profit: Profit) -> Keys:
    """The keys of the App Connector that the sandbox has from the start."""
    connector_tab(profit, "General")
    return Keys(profit.field("API key").input_value(), profit.field("Environment key").input_value())
