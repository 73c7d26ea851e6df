"""What is due when: the steps of a workflow from the moment at which a run was locked. Pure."""

import datetime
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

#: Days are counted as people here count them.
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
#: On a later day a step is taken from this hour on, before people begin.
MORNING = datetime.time(7)
#: A step waits no longer than this after the one before it.
LONGEST_DAYS = 60


class Step(StrEnum):
    """The steps of a workflow, in their order."""

    GENERATE = "generate"
    CHECK = "check"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Turn:
    """How one step is taken: by hand, or by itself so many days after the step before it; 0 is at once."""

    by_itself: bool = False
    days: int = 0


@dataclass(frozen=True, slots=True)
class Turns:
    """How each step is taken. Where nothing was set, everything is done by hand."""

    generate: Turn = Turn()
    check: Turn = Turn()
    send: Turn = Turn()

    def of(self, step: Step) -> Turn:
        return {Step.GENERATE: self.generate, Step.CHECK: self.check, Step.SEND: self.send}[step]


@dataclass(frozen=True, slots=True)
class Happened:
    """When a run was locked, and when each step was taken; None is not yet."""

    locked_at: datetime.datetime | None = None
    generated_at: datetime.datetime | None = None
    checked_at: datetime.datetime | None = None
    sent_at: datetime.datetime | None = None

    def of(self, step: Step) -> datetime.datetime | None:
        return {
            Step.GENERATE: self.generated_at,
            Step.CHECK: self.checked_at,
            Step.SEND: self.sent_at,
        }[step]


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that is still to be taken; without `at` it waits for a person."""

    step: Step
    at: datetime.datetime | None


def course(turns: Turns, happened: Happened, *, now: datetime.datetime) -> tuple[Planned, ...]:
    """The steps that are still to be taken, the next one first; what follows a step by hand cannot be foreseen.

    Nothing is planned for a run that is not locked, nor for one that was sent.
    """
    if happened.locked_at is None or happened.sent_at is not None:
        return ()
    before = happened.locked_at
    found: list[Planned] = []
    for step in Step:
        if (taken_at := happened.of(step)) is not None:
            before = max(before, taken_at)
            continue
        turn = turns.of(step)
        if not turn.by_itself:
            return (*found, Planned(step, None))
        planned = Planned(step, due_at(before, turn.days))
        found.append(planned)
        before = max(planned.at or now, now)
    return tuple(found)


def due_at(after: datetime.datetime, days: int) -> datetime.datetime:
    """At once, or in the morning so many Amsterdam days later."""
    if not days:
        return after
    day = after.astimezone(AMSTERDAM).date() + datetime.timedelta(days=days)
    return datetime.datetime.combine(day, MORNING, AMSTERDAM).astimezone(datetime.UTC)
