"""The menu: where each page stands in AFAS's own words. It is both the menu and the path above a page."""

from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A page of the menu; `trail` is its place (English), the last step its name."""

    path: str
    trail: tuple[str, ...]
    of_administration: bool = False
    """Whether the page belongs to an administration rather than to the whole environment."""

    @property
    def name(self) -> str:
        """The page's own name."""
        return self.trail[-1]


START = Item(path="", trail=("Start",))
ADMINISTRATIONS = Item(path="administrations/", trail=("General", "Administration", "Open"))
APP_CONNECTORS = Item(path="app-connectors/", trail=("General", "Management", "App Connector"))
AUTHORISATION = Item(path="users/", trail=("General", "Management", "Authorisation Tool"))
INFORMATION = Item(path="information", trail=("General", "Environment", "Management", "Information"))
LOCKS = Item(path="locks", trail=("General", "Configuration", "Locks"))
LOGBOOK = Item(path="logbook", trail=("General", "Environment log"))
SETTINGS = Item(
    path="settings/general",
    trail=("Financial", "Management", "Administration settings"),
    of_administration=True,
)
JOURNALS = Item(path="journals/", trail=("Financial", "General ledger", "Journal"), of_administration=True)
ACCOUNTS = Item(
    path="accounts/", trail=("Financial", "General ledger", "Ledger account"), of_administration=True
)
ENTRIES = Item(
    path="entries/", trail=("Financial", "General ledger", "Journal entry"), of_administration=True
)
AXES = Item(path="axes", trail=("Financial", "Allocation", "Allocation axis"), of_administration=True)
CODES = Item(path="codes", trail=("Financial", "Allocation", "Allocation code"), of_administration=True)
ASSIGNMENTS = Item(
    path="assignments", trail=("Financial", "Allocation", "Allocation assignment"), of_administration=True
)
VAT_CODES = Item(path="vat-codes", trail=("Financial", "VAT", "VAT code"), of_administration=True)

MENU = (
    APP_CONNECTORS,
    AUTHORISATION,
    ADMINISTRATIONS,
    INFORMATION,
    LOCKS,
    LOGBOOK,
    SETTINGS,
    JOURNALS,
    ACCOUNTS,
    ENTRIES,
    AXES,
    CODES,
    ASSIGNMENTS,
    VAT_CODES,
)

GROUPS = tuple((trail, tuple(items)) for trail, items in groupby(MENU, key=lambda item: item.trail[:-1]))
"""The menu under its headings: (steps above, pages)."""
