"""On which date an entry is booked; AFAS derives book year and period from it."""

import datetime
from dataclasses import dataclass
from enum import StrEnum

from loonbrug.ledger.periods import (
    THIRTEENTH,
    PeriodRule,
    book_period,
    last_of_month,
    period_end,
    period_start,
)
from loonbrug.ledger.run_name import RunName


class BookingDate(StrEnum):
    """What the date of an entry is taken from."""

    DOCUMENT = "document"
    PERIOD_END = "period_end"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Dating:
    """How a mapping dates entries.

    `payroll_periods` says how the payroll counts its periods, which may differ from how the books do. An entry
    dated before its run's period is a correction of an earlier one, and is dated in that. `day` is a day of the
    month in which the period ends; a shorter month gives its last day. Where `thirteenth_at_year_end` says so, the
    13th period of a monthly payroll is booked on 31 December, whatever the rule for the others.
    """

    booking_date: BookingDate = BookingDate.DOCUMENT
    day: int | None = None
    payroll_periods: PeriodRule = PeriodRule.MONTH
    thirteenth_at_year_end: bool = False

    def date_of(self, dated: datetime.date, run: RunName) -> datetime.date:
        """The date on which an entry of this run is booked that payroll dated so."""
        year, period = self._period(dated, run)
        end = period_end(year, period, self.payroll_periods)
        if self._is_thirteenth(period) and self.thirteenth_at_year_end:
            return end
        if self.booking_date is BookingDate.DOCUMENT:
            return dated
        if self.booking_date is BookingDate.PERIOD_END:
            return end
        last = last_of_month(end).day
        return end.replace(day=min(self.day or last, last))

    def _period(self, dated: datetime.date, run: RunName) -> tuple[int, int]:
        if dated < period_start(run.year, run.period, self.payroll_periods):
            return book_period(dated, self.payroll_periods)
        return run.year, run.period

    def _is_thirteenth(self, period: int) -> bool:
        return self.payroll_periods is PeriodRule.MONTH and period == THIRTEENTH


#: Every entry on the date that payroll gave it.
AS_DOCUMENTED = Dating()
