"""Runs and days as the pages of the workflow show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from loonbrug.screens.calendar import Day, Event, Waiting
from loonbrug.screens.planned import Standing
from loonbrug.web.journals.words import Advice, advice
from loonbrug.web.workflow.words import hold_name, step_name


@dataclass(frozen=True, slots=True)
class EventRow:
    """One step on a day: what, of which run, and whether it was done, fails, or is kept."""

    event: Event
    step: str
    tone: str
    word: str
    is_timed: bool


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of the calendar."""

    date: date
    is_today: bool
    is_past: bool
    rows: tuple[EventRow, ...]


@dataclass(frozen=True, slots=True)
class RunRow:
    """Where one run stands: its next step, when or why not, and what went wrong."""

    standing: Standing
    step: str
    at: datetime | None
    tone: str
    word: str
    problems: tuple[Advice, ...]


def day_rows(days: Iterable[Day], today: date) -> list[DayRow]:
    """The days of the calendar."""
    return [
        DayRow(day.date, day.date == today, day.date < today, tuple(map(_event_row, day.events)))
        for day in days
    ]


def waiting_rows(found: Iterable[Waiting]) -> list[tuple[Waiting, str]]:
    """What waits for a person, with the name of the step."""
    return [(each, step_name(each.step)) for each in found]


def run_row(standing: Standing, now: datetime) -> RunRow:
    """One run of a company."""
    if standing.sent is not None:
        failure = standing.track.failure if standing.track else None
        tone, word = ("bad", _("Stopped")) if failure else ("waiting", _("On its way to AFAS"))
        return RunRow(standing, "", None, tone, word, _problems(standing))
    planned = standing.course(now)
    if not planned:
        return RunRow(standing, "", None, "neutral", _("Waits until the run is locked"), ())
    step, at = planned[0].step, planned[0].at
    hold = standing.hold(step)
    problems = _problems(standing)
    if hold is not None:
        tone, word = "neutral", hold_name(hold)
    elif at is None:
        tone, word = "attention", _("Waits for a person")
    elif problems:
        tone, word = "bad", _("Did not work, is tried again")
    elif at <= now:
        tone, word = "waiting", _("Being done")
    else:
        tone, word = "waiting", _("By itself")
    return RunRow(standing, step_name(step), at, tone, word, problems)


def _problems(standing: Standing) -> tuple[Advice, ...]:
    failure = standing.track.failure if standing.track else None
    return tuple(map(advice, failure.problems)) if failure else ()


def _event_row(event: Event) -> EventRow:
    if event.is_done:
        tone, word = "good", _("done")
    elif event.hold is not None:
        tone, word = "neutral", hold_name(event.hold)
    elif event.failure is not None:
        tone, word = "bad", _("did not work")
    elif event.is_first:
        tone, word = "waiting", _("planned")
    else:
        tone, word = "waiting", _("expected")
    return EventRow(event, step_name(event.step), tone, word, event.is_done or event.is_first)
