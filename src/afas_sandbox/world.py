"""All that the sandbox knows, in memory: environments, each with its access, its books and its logbook."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from afas_sandbox.access import (
    KEY_LENGTH,
    AlreadyThereError,
    AppConnector,
    StillInUseError,
    Token,
    User,
    UserGroup,
)
from afas_sandbox.books import Account, Administration, AxisCode, EmployerCode, Project, Relation, VatCode
from afas_sandbox.randomness import Randomness

LOG_REFERENCE_LENGTH = 32


class EnvironmentType(StrEnum):
    """The kinds of environment; the value is the letter in an environment's code."""

    PRODUCTION = "O"
    TEST = "T"
    ACCEPT = "A"

    @property
    def segment(self) -> str:
        """The part of the host name that selects this kind (`12345.resttest.afas.online`)."""
        return {"O": "rest", "T": "resttest", "A": "restaccept"}[self.value]


class ResponseShape(StrEnum):
    """The three shapes in which a booked entry has been seen to be answered."""

    RESULTS = "results"
    """`{"results": {"FiEntryPar": {...}}}`, as on the help page."""
    BARE = "bare"
    """`{"FiEntryPar": {...}}`, as in the how-to."""
    OPENAPI = "openapi"
    """`{"results": {"FiEntries": {... "InID": ...}}}`, as in the OpenAPI document."""


@dataclass
class LogRow:
    """A row of the environment logbook: errors only, never a message's content."""

    at: datetime
    reference: str
    connector: str
    user_code: str
    error_number: int
    message: str


@dataclass
class Environment:
    """One AFAS database."""

    participant: str
    """The participant number, five digits."""
    type: EnvironmentType
    suffix: str = "AA"
    language: str = "nl"
    """The base language: messages without `Accept-Language` come in it."""
    mail_server: bool = True
    response_shape: ResponseShape = ResponseShape.RESULTS
    strict_period: bool = False
    """Ours: refuse a message whose `Year`/`Peri` are not those of its voucher date."""
    allow_zero_amount: bool = False
    axis_names: list[str] = field(default_factory=lambda: ["Kostenplaats", "Kostendrager"])
    """The names of the axes in use; at most five."""
    profit_version: str = "9.0.1"
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, UserGroup] = field(default_factory=dict)
    app_connectors: dict[int, AppConnector] = field(default_factory=dict)
    blocked_get_connectors: set[str] = field(default_factory=set)
    administrations: dict[int, Administration] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    axis_codes: dict[tuple[int, str], AxisCode] = field(default_factory=dict)
    vat_codes: dict[str, VatCode] = field(default_factory=dict)
    debtors: dict[str, Relation] = field(default_factory=dict)
    creditors: dict[str, Relation] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    """Item code -> description, for project lines."""
    employees: dict[str, str] = field(default_factory=dict)
    currencies: dict[str, Decimal] = field(default_factory=dict)
    """Currency code -> rate against the euro."""
    blocked_periods: set[tuple[int, int, int]] = field(default_factory=set)
    """(period table, year, period) blocked for the whole environment."""
    cost_centres: list[EmployerCode] = field(default_factory=list)
    cost_carriers: list[EmployerCode] = field(default_factory=list)
    logbook: list[LogRow] = field(default_factory=list)

    @property
    def code(self) -> str:
        """`T12345AA`."""
        return f"{self.type.value}{self.participant}{self.suffix}"

    @property
    def host(self) -> str:
        """The host name's first two parts, `12345.resttest`: the path's first segment here."""
        return f"{self.participant}.{self.type.segment}"

    def add_user(self, user: User) -> User:
        return _add(self.users, user.code, user)

    def remove_user(self, code: str) -> None:
        """Take a user out, with everything the user has in app connectors."""
        for connector in self.app_connectors.values():
            connector.remove_user(code)
        del self.users[code]

    def find_user(self, code_or_email: str) -> User | None:
        """The user of a code, or of an e-mail address that one user only has, in upper or lower case."""
        wanted = code_or_email.strip().casefold()
        found = [
            u for u in self.users.values() if wanted and wanted in (u.code.casefold(), u.email.casefold())
        ]
        return found[0] if len(found) == 1 else None

    def add_group(self, group: UserGroup) -> UserGroup:
        return _add(self.groups, group.code, group)

    def remove_group(self, code: str) -> None:
        """Take a group out. Raises StillInUseError while an app connector belongs to it."""
        for connector in self.app_connectors.values():
            if connector.group == code:
                raise StillInUseError(f"App connector {connector.id} still belongs to group {code}.")
        for user in self.users.values():
            user.groups.discard(code)
        del self.groups[code]

    def add_app_connector(self, description: str, group: str, randomness: Randomness) -> AppConnector:
        """A new app connector, blocked, with new keys."""
        number = max(self.app_connectors, default=0) + 1
        api_key, environment_key = (randomness.hexadecimal(KEY_LENGTH) for _ in range(2))
        connector = AppConnector(number, description, group, api_key, environment_key)
        self.app_connectors[number] = connector
        return connector

    def add_account(self, account: Account) -> Account:
        return _add(self.accounts, account.number, account)

    def add_axis_code(self, code: AxisCode) -> AxisCode:
        return _add(self.axis_codes, (code.axis, code.code), code)

    def remove_axis_code(self, axis: int, code: str) -> None:
        """Take an allocation code out. Raises StillInUseError while it is assigned or booked."""
        for administration in self.administrations.values():
            if any((a, c) == (axis, code) for _, a, c in administration.assignments):
                raise StillInUseError(f"{code} is still assigned in administration {administration.id}.")
            lines = (line for entry in administration.entries.values() for line in entry.lines)
            if any(line.codes[axis - 1] == code for line in lines):
                raise StillInUseError(f"{code} is booked in administration {administration.id}.")
        del self.axis_codes[axis, code]

    def active_axes(self, administration: Administration) -> int:
        """The number of axes in use in an administration."""
        return min(len(self.axis_names), administration.axis_count)

    def find_token(self, data: str) -> tuple[AppConnector, Token] | None:
        for connector in self.app_connectors.values():
            for token in connector.tokens:
                if token.data == data:
                    return connector, token
        return None

    def find_app_connector(self, api_key: str, environment_key: str) -> AppConnector | None:
        return next((c for c in self.app_connectors.values() if c.has_keys(api_key, environment_key)), None)

    def log_error(
        self,
        *,
        at: datetime,
        connector: str,
        user_code: str,
        error_number: int,
        message: str,
        randomness: Randomness,
    ) -> LogRow:
        """Write a row in the logbook; its reference is what the caller is told."""
        reference = randomness.hexadecimal(LOG_REFERENCE_LENGTH)
        row = LogRow(at, reference, connector, user_code, error_number, message)
        self.logbook.append(row)
        return row


@dataclass
class World:
    """All environments, by host (`12345.resttest`)."""

    environments: dict[str, Environment] = field(default_factory=dict)

    def environment(self, host: str) -> Environment | None:
        return self.environments.get(host.lower())


K = TypeVar("K")
V = TypeVar("V")


def _add(into: dict[K, V], key: K, value: V) -> V:
    if key in into:
        raise AlreadyThereError(f"{key} is there already; choose another code.")
    into[key] = value
    return value
