"""What the date and the description of an entry may follow from, besides the entry itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunName:
    """Of which payroll run an entry is: the company's name, and the run's payroll year, period and number."""

    company: str
    year: int
    period: int
    number: int
