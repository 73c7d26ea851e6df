"""A run as Nmbrs's client gives it, as the facts that we keep. Pure."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from loonbrug.payroll.run_operations import RunFacts
from nmbrs_client.records import PayrollRun

FOUR_WEEKS = "4-weeks"
WEEK = "1-week"
_LAST_WEEK = 53
_LAST_FOUR_WEEKS = 13
_LAST_NUMBER = 2**31 - 1  # the largest that the database keeps
_NEVER = datetime.min.replace(tzinfo=UTC)


def facts_of(runs: Iterable[PayrollRun], *, year: int, period_type: str) -> tuple[tuple[RunFacts, ...], int]:
    """The runs of one year, and how many there are without an identity.

    Those have no number or period that can be one, or the period and number of a run that was made earlier: where
    Nmbrs gives dates, a thirteenth period cannot be told from the twelfth.
    """
    of_year = sorted((run for run in runs if run.year in (None, year)), key=_age)
    found: dict[tuple[int, int], RunFacts] = {}
    for run in of_year:
        fact = _facts(run, year, period_type)
        if fact is not None:
            found.setdefault((fact.period, fact.number), fact)
    return tuple(found.values()), len(of_year) - len(found)


def _age(run: PayrollRun) -> tuple[datetime, str]:
    return run.created_at or _NEVER, run.id


def has_open_run(facts: Iterable[RunFacts]) -> bool:
    """Whether some run is not locked yet."""
    return any(not fact.is_locked for fact in facts)


def newest_of(facts: Iterable[RunFacts]) -> datetime | None:
    """When the newest of these runs was made; None where Nmbrs tells it of none."""
    return max((fact.made_at for fact in facts if fact.made_at is not None), default=None)


def _facts(run: PayrollRun, year: int, period_type: str) -> RunFacts | None:
    period = _period(run.period_end, period_type, year) or _period(run.period_start, period_type, year)
    if run.number is None or not 0 <= run.number <= _LAST_NUMBER or period is None:
        return None
    return RunFacts(
        nmbrs_id=run.id,
        number=run.number,
        year=year,
        period=period,
        period_type=period_type,
        starts_on=run.period_start if isinstance(run.period_start, date) else None,
        ends_on=run.period_end if isinstance(run.period_end, date) else None,
        type=run.kind[:20],
        description=run.description[:255],
        is_locked=run.locked,
        made_at=run.created_at,
    )


def _period(given: int | date | None, period_type: str, year: int) -> int | None:
    """Its number; where Nmbrs gives dates, the one that the last day falls in.

    The days around New Year may be in a week of the other year: they are of the first or last period of this one.
    """
    if not isinstance(given, date):
        return given
    of_year, week, _ = given.isocalendar()
    if of_year != year:
        week = 1 if of_year < year else _LAST_WEEK
    if period_type == WEEK:
        return week
    return min((week - 1) // 4 + 1, _LAST_FOUR_WEEKS) if period_type == FOUR_WEEKS else given.month
