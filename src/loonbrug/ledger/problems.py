"""A problem is a code with parameters: what is wrong, where, who can mend it. The edge chooses its text."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error stops, a warning informs, and what is to be confirmed waits for a person."""

    ERROR = "error"
    WARNING = "warning"
    CONFIRM = "confirm"


class Who(StrEnum):
    """Who can mend a problem."""

    PAYROLL = "payroll"
    CONTROLLER = "controller"
    AFAS_ADMIN = "afas_admin"
    OFFICE_ADMIN = "office_admin"
    DEBTOR = "debtor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem is: entry and line count from 1; in a file the line is the row as the user sees it."""

    entry: int | None = None
    line: int | None = None
    field: str = ""


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. Parameters are pairs of name and text, in the order of their names."""

    code: str
    params: tuple[tuple[str, str], ...] = ()
    severity: Severity = Severity.ERROR
    who: Who = Who.PAYROLL
    place: Place = NOWHERE


def problem(
    code: str,
    *,
    place: Place = NOWHERE,
    severity: Severity = Severity.ERROR,
    who: Who = Who.PAYROLL,
    **params: object,
) -> Problem:
    """A problem with its parameters by name."""
    pairs = tuple(sorted((name, str(value)) for name, value in params.items()))
    return Problem(code, pairs, severity, who, place)


def warning(code: str, *, place: Place = NOWHERE, who: Who = Who.PAYROLL, **params: object) -> Problem:
    """A problem that informs and stops nothing."""
    return problem(code, place=place, severity=Severity.WARNING, who=who, **params)


class ProblemsError(Exception):
    """What was asked cannot be done; the problems say why, and the edge puts them into words."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(found.code for found in problems))
        self.problems = problems
