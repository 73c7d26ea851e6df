"""Runs and days as the pages of the workflow show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from loonbrug.planning.plan import Step
from loonbrug.screens.calendar import Day, Event, Waiting
from loonbrug.screens.planned import Standing
from loonbrug.web.journals.words import Advice, advice
from loonbrug.web.workflow.words import hold_name, step_name


@dataclass(frozen=True, slots=True)
class Group:
    """The runs for which one step comes to the same on one day."""

    step: str
    tone: str
    word: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of the calendar."""

    date: date
    is_today: bool
    groups: tuple[Group, ...]


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
    return [DayRow(day.date, day.date == today, _groups(day)) for day in days]


def waiting_groups(found: Iterable[Waiting]) -> list[tuple[str, list[Waiting]]]:
    """What waits for a person, by step."""
    by_step: dict[Step, list[Waiting]] = {step: [] for step in Step}
    for each in found:
        by_step[each.step].append(each)
    return [(step_name(step), waiting) for step, waiting in by_step.items() if waiting]


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
    elif at is None or standing.has_warned:
        at = None
        tone, word = "attention", _("Waits for a person")
    elif problems:
        tone, word = "bad", _("Did not work, is tried again")
        at = standing.track.due_at if standing.track else None
    elif at <= now:
        tone, word = "waiting", _("Being done")
    else:
        tone, word = "waiting", _("By itself")
    return RunRow(standing, step_name(step), at, tone, word, problems)


def _problems(standing: Standing) -> tuple[Advice, ...]:
    failure = standing.track.failure if standing.track else None
    return tuple(map(advice, failure.problems)) if failure else ()


def _groups(day: Day) -> tuple[Group, ...]:
    found: dict[tuple[Step, str, str], list[Event]] = {}
    for event in day.events:
        found.setdefault((event.step, *_said(event)), []).append(event)
    order = list(Step)
    return tuple(
        Group(step_name(step), tone, word, tuple(events))
        for (step, tone, word), events in sorted(found.items(), key=lambda each: order.index(each[0][0]))
    )


def _said(event: Event) -> tuple[str, str]:
    """Colour and word of a step on a day."""
    if event.is_done:
        return "good", _("done")
    if event.hold is not None:
        return "neutral", hold_name(event.hold)
    if event.failure is not None:
        return "bad", _("did not work")
    return "waiting", _("planned") if event.is_first else _("expected")
