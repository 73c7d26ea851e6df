"""All that the sandbox knows of Nmbrs, in memory: debtors, companies, runs, and who may look at them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from uuid import NAMESPACE_URL, UUID, uuid5

from nmbrs_sandbox.periods import PeriodType, period_end


class NotThereError(LookupError):
    """Something was asked for that the world does not have; the text says what."""


class RefusedError(ValueError):
    """Something that Nmbrs would not do; nothing was changed, the text says why."""


class RunType(StrEnum):
    """The kinds of run that the API tells apart."""

    NORMAL = "normal"
    NORMAL_TWK = "normal_twk"
    """A normal run that also corrects earlier periods (terugwerkende kracht)."""
    TWK = "twk"
    """Only corrections of earlier periods."""
    PARTIAL = "partial"
    """A payment for some of the employees."""

    @property
    def corrects(self) -> bool:
        return self in (RunType.NORMAL_TWK, RunType.TWK)


class PeriodShape(StrEnum):
    """`periodStart` and `periodEnd` of a run: the published type is an integer, the published format a moment."""

    NUMBER = "number"
    MOMENT = "moment"


@dataclass(frozen=True)
class Employee:
    """What the journals need to know of an employee; amounts per period."""

    number: int
    salary: Decimal
    department: str
    cost_centre: str = ""
    cost_unit: str = ""
    travel: Decimal = Decimal(0)


@dataclass
class Run:
    """A payroll run (loonopdracht)."""

    id: UUID
    year: int
    period: int
    last_period: int
    """The same as `period`, but for a run that pays several periods of a year."""
    number: int
    """Counts within the period."""
    type: RunType
    created_at: datetime
    description: str = ""
    locked: bool = False
    corrected: list[tuple[int, int]] = field(default_factory=list)
    """The periods, as (year, period), that the run corrects."""
    scheme: dict[str, str] = field(default_factory=dict)
    """The company's ledger scheme at the time the journals were calculated."""
    revision: int = 0
    """How many times it was recalculated."""

    @property
    def periods(self) -> range:
        """The periods that it pays."""
        return range(self.period, self.last_period + 1)


RunKey = tuple[int, int, int]


@dataclass
class Company:
    """A company (bedrijf), with its runs by year, period and number."""

    number: str
    name: str
    debtor: str
    period_type: PeriodType = PeriodType.MONTH
    cost_centres: dict[str, str] = field(default_factory=dict)
    cost_units: dict[str, str] = field(default_factory=dict)
    employees: list[Employee] = field(default_factory=list)
    scheme: dict[str, str] = field(default_factory=dict)
    """Ledger accounts that deviate from the standard scheme: standard account -> account."""
    runs: dict[RunKey, Run] = field(default_factory=dict)
    given: dict[tuple[int, int], int] = field(default_factory=dict)
    """The last run number given in a period: a deleted run's number is not used again."""

    @cached_property
    def id(self) -> UUID:
        return lasting_id("company", self.number)

    @property
    def runs_in_order(self) -> list[Run]:
        """By year, period and number."""
        return [self.runs[key] for key in sorted(self.runs)]

    def code_id(self, kind: str, code: str) -> UUID:
        """The id of a cost centre or a cost unit."""
        return lasting_id(kind, self.number, code)

    def run(self, key: RunKey) -> Run:
        """A run. Raises NotThereError."""
        if key not in self.runs:
            raise NotThereError("Company {} has no run {}-{} number {}.".format(self.number, *key))
        return self.runs[key]

    def period_end(self, year: int, period: int) -> date:
        return period_end(self.period_type, year, period)


@dataclass
class Debtor:
    """A debtor (debiteur): a customer of the accountant, with companies."""

    number: str
    name: str

    @property
    def id(self) -> UUID:
        return lasting_id("debtor", self.number)


class LoginKind(StrEnum):
    """The logins that matter to consent."""

    MASTER = "master"
    CLIENT = "client"
    """A login for one or more debtors (master client login)."""
    COMPANY = "company"
    """A login of a company itself (bedrijfslogin)."""


@dataclass
class Login:
    """Somebody who can give consent."""

    email: str
    name: str
    kind: LoginKind
    debtors: list[str] = field(default_factory=list)


class EnvironmentKind(StrEnum):
    ACCOUNTANT = "accountant"
    """Many debtors; a master login cannot give consent."""
    BUSINESS = "business"
    """One debtor."""


@dataclass
class Partner:
    """An application that is registered with Nmbrs."""

    client_id: str
    client_secret: str
    name: str
    redirect_uris: list[str] = field(default_factory=list)
    """At most five; without any, every address on this machine is taken."""


@dataclass
class World:
    kind: EnvironmentKind = EnvironmentKind.ACCOUNTANT
    enabled: bool = True
    """Whether the environment has a valid subscription."""
    period_shape: PeriodShape = PeriodShape.NUMBER
    subscription_keys: set[str] = field(default_factory=set)
    partners: dict[str, Partner] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)
    debtors: dict[str, Debtor] = field(default_factory=dict)
    companies: dict[str, Company] = field(default_factory=dict)

    def debtor(self, number: str) -> Debtor:
        """A debtor. Raises NotThereError."""
        if number not in self.debtors:
            raise NotThereError(f"There is no debtor {number}.")
        return self.debtors[number]

    def company(self, number: str) -> Company:
        """A company. Raises NotThereError."""
        if number not in self.companies:
            raise NotThereError(f"There is no company {number}.")
        return self.companies[number]

    def companies_of(self, debtor: str) -> list[Company]:
        return [company for company in self.companies.values() if company.debtor == debtor]


def lasting_id(kind: str, *parts: object) -> UUID:
    """The id of what has a number: the same in every sandbox."""
    return uuid5(NAMESPACE_URL, "nmbrs-sandbox:" + "/".join([kind, *map(str, parts)]))
