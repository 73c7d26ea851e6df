"""When to look at a company's runs again: soon where something is going on, seldom where nothing is. Pure."""

from datetime import date, timedelta

#: The years before this one whose runs are read at first, and looked at again now and then.
YEARS_BACK = 3
CODES_EVERY = timedelta(days=1)
#: After Nmbrs refused to show a company (its right was taken away, or the company has just gone).
REFUSED_EVERY = timedelta(hours=6)
#: After Nmbrs failed to show a company, while it showed others.
TROUBLED_EVERY = timedelta(minutes=15)

_DECEMBER = 12
#: Runs of a year are still made in the first months of the next.
LATE_MONTHS = 3

_LATELY, _SOME_TIME = timedelta(days=2), timedelta(days=40)


def years(today: date) -> tuple[int, ...]:
    """The years to look at, the most urgent first; in December January may be run already."""
    past = tuple(range(today.year, today.year - YEARS_BACK - 1, -1))
    return (*past, today.year + 1) if today.month == _DECEMBER else past


def runs_every(*, year: int, today: date, quiet_for: timedelta | None, has_open_run: bool) -> timedelta:
    """How long to wait before the next look at a year's runs.

    `quiet_for` is how long ago something last changed, None where nothing ever did. An open run is one that is
    not locked yet: somebody is at work on it.
    """
    is_late = year == today.year - 1 and today.month <= LATE_MONTHS
    if year < today.year and not is_late:
        return timedelta(days=1) if year == today.year - 1 else timedelta(days=7)
    if has_open_run or (quiet_for is not None and quiet_for < _LATELY):
        return timedelta(minutes=15)
    return timedelta(hours=1) if quiet_for is not None and quiet_for < _SOME_TIME else timedelta(hours=6)
