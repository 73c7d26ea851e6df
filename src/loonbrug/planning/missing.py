"""Which periods of a company should have had a run by now, going by when its earlier runs were made. Pure."""

import datetime
from collections.abc import Mapping

from loonbrug.ledger.periods import PeriodRule, book_period, period_end, period_start

Period = tuple[int, int]

#: A run that is made so many days later than usual is not missed yet.
GRACE = datetime.timedelta(days=3)
#: So many periods before the one that runs now say what is usual; who had no run in them is not expected to have one.
LOOKED_BACK = 3
_DAY = datetime.timedelta(days=1)


def periods_until(today: datetime.date, rule: PeriodRule) -> tuple[Period, ...]:
    """The period that runs now and those before it that count, the newest first."""
    found = [book_period(today, rule)]
    for _ in range(LOOKED_BACK):
        year, period = found[-1]
        found.append(book_period(period_start(year, period, rule) - _DAY, rule))
    return tuple(found)


def missing_periods(
    made_on: Mapping[Period, datetime.date | None], rule: PeriodRule, *, today: datetime.date
) -> tuple[Period, ...]:
    """Of the period that runs now and the one before it, those that have no run though it is later than usual.

    `made_on` says on which day the first run of a period was made, None where nobody knows. Usual is the latest of
    the earlier periods, counted from the end of the period; where no day is known, the end of the period itself.
    """
    newest = periods_until(today, rule)
    earlier = [period for period in newest[1:] if period in made_on]
    if not earlier:
        return ()
    known = [(day - period_end(*period, rule)) for period in earlier if (day := made_on[period]) is not None]
    usual = max(known, default=datetime.timedelta(0))
    return tuple(
        period
        for period in newest[:2]
        if period not in made_on
        and today > period_end(*period, rule) + usual + GRACE
        and any(before < period for before in earlier)
    )
