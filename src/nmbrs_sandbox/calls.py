"""The calls that come in, by operation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nmbrs_sandbox.journal import Variant


class Operation(StrEnum):
    """What can be called: the method, and the last fixed part of the address."""

    TOKEN = "POST token"  # noqa: S105 - the name of an address
    REVOCATION = "POST revocation"
    DEBTORS = "GET debtors"
    COMPANIES = "GET companies"
    COMPANIES_OF_DEBTOR = "GET companies of debtor"
    PERIOD = "GET period"
    COST_CENTRES = "GET costCenters"
    COST_UNITS = "GET costUnits"
    RUNS = "GET runs"
    JOURNALS = "GET journals"
    JOURNALS_COST_CENTRE = "GET journalscostcenter"
    JOURNALS_COST_CENTRE_UNIT = "GET journalscostcenterunit"
    JOURNALS_DEPARTMENT = "GET journalsdepartment"
    JOURNALS_EMPLOYEE = "GET journalsemployee"
    DOCUMENTS = "GET documents"
    ELSEWHERE = "elsewhere"
    """Any other address or method under `/api/`."""

    @classmethod
    def of_variant(cls, variant: Variant) -> "Operation":
        return cls(f"GET {variant}")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that came in."""

    operation: Operation
    company: str = ""
    """The company's number, where the address names one."""


@dataclass(frozen=True, slots=True)
class Received:
    """A call that was answered, without anything that was secret in it."""

    at: datetime
    operation: Operation
    path: str
    query: str
    company: str
    status: int
    """0 where the connection was broken off."""
