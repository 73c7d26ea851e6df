"""What a choice of booking does to runs like those that a company will have. Pure."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from loonbrug.ledger.entry import Entry, line_of
from loonbrug.ledger.periods import THIRTEENTH, PeriodRule, period_end
from loonbrug.ledger.run_name import RunName
from loonbrug.ledger.translation import translate
from loonbrug.mappings.checks import BookingChoice
from loonbrug.mappings.rules import booking_rules_of

#: What payroll often does: it dates its document some days before the period ends.
_BEFORE_THE_END = datetime.timedelta(days=6)
#: A line as payroll in the Netherlands describes it.
_LINE = line_of("4000", Decimal(100), description="Bruto lonen")


class PreviewCase(StrEnum):
    """Which kind of entry a row of the preview is about."""

    RUN = "run"
    CORRECTION = "correction"
    THIRTEENTH = "thirteenth"


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """An entry that payroll dated `dated`, and how it would be booked."""

    case: PreviewCase
    period: int
    dated: datetime.date
    date: datetime.date
    book_year: int
    book_period: int
    description: str


def booking_preview(*, choice: BookingChoice, company: str, year: int) -> tuple[PreviewRow, ...]:
    """A run of period 2, its correction of period 1, and for payrolls by months a 13th period.

    Expects a choice in which `problems_of_booking` finds nothing.
    """
    cases = [(PreviewCase.RUN, 2, 2), (PreviewCase.CORRECTION, 2, 1)]
    if choice.payroll_periods is PeriodRule.MONTH:
        cases.append((PreviewCase.THIRTEENTH, THIRTEENTH, THIRTEENTH))
    return tuple(
        _row(choice, case, RunName(company, year, period, 1), dated_in) for case, period, dated_in in cases
    )


def _row(choice: BookingChoice, case: PreviewCase, run: RunName, dated_in: int) -> PreviewRow:
    dated = period_end(run.year, dated_in, choice.payroll_periods) - _BEFORE_THE_END
    posting, _ = translate(Entry(dated, (_LINE,)), booking_rules_of(choice), run=run)
    return PreviewRow(
        case=case,
        period=run.period,
        dated=dated,
        date=posting.date,
        book_year=posting.year,
        book_period=posting.period,
        description=posting.lines[0].description,
    )
