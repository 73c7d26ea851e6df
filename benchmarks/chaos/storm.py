"""The course of a run: entries are queued wave by wave, and each wave is struck while it is under way."""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import partial

from benchmarks.chaos.faults import Faults
from benchmarks.chaos.installation import Installation
from benchmarks.chaos.office import Harness, now
from benchmarks.chaos.world import Entry

LOOK_EVERY_SECONDS = 0.2
SAY_EVERY_SECONDS = 5.0
#: By then a call that nothing struck has its answer.
ANSWERED_WITHIN_SECONDS = 1.0
#: A wave is struck when half of it has left, or after this time.
WAVE_SECONDS = 4.0
#: How long to wait for an attempt to strike before more is queued.
PATIENCE_SECONDS = 20.0
LONGEST_PAUSE_SECONDS = 1.0
#: Times that the process with the pages is struck beside the workers, where it has no part in delivering.
ON_PAGES = 2


class Strike(StrEnum):
    KILL = "kills"
    STOP = "stops"
    RESTART = "restarts"


class Storm:
    """Strikes the product `least` times in every way; only what struck attempts under way counts."""

    def __init__(
        self,
        installation: Installation,
        faults: Faults,
        harness: Harness,
        entries: list[Entry],
        chance: random.Random,
        least: int,
        within_seconds: float,
    ) -> None:
        self.entries, self.faults = entries, faults
        self._installation, self._harness, self._chance = installation, harness, chance
        self._started = time.monotonic()
        self._until = self._started + within_seconds
        self._queued = 0
        self._said_at = 0.0
        self.ways = [Strike.KILL, Strike.STOP]
        self.ways += [Strike.RESTART] if installation.database else []
        self.wanted = Counter(dict.fromkeys(self.ways, least))
        self.events: Counter[Strike] = Counter()
        self.attempts_struck: Counter[Strike] = Counter()
        self.on_pages: Counter[Strike] = Counter()
        self._pages_ahead = (
            [Strike.KILL, Strike.STOP] * min(ON_PAGES, least) if installation.serves_only else []
        )
        self.ended_by_themselves = 0

    def missing(self) -> dict[str, int]:
        """Events and faults that did not come about as often as they should."""
        return {str(way): count for way, count in (self.wanted - self.events).items()} | self.faults.missing()

    def rage(self) -> None:
        """Until everything has struck and everything is done, or time is up."""
        ahead = [way for way, count in self.wanted.items() for _ in range(count)]
        self._chance.shuffle(ahead)
        has_struck = True
        while ahead and not self._is_over():
            if has_struck or self._has_left(0):  # what missed strikes again with what is there
                wave = self._queue_some(len(ahead))
                self._live_until(partial(self._has_left, wave // 2), WAVE_SECONDS)
            self._live_until(partial(self._has_left, 0), self._chance.uniform(0, LONGEST_PAUSE_SECONDS))
            self._live_until(lambda: self._can_strike() or self._is_over(), PATIENCE_SECONDS)
            has_struck = self._strike(ahead[0])
            if has_struck:
                ahead.pop(0)
        self._queue_some(0)
        self._live_until(self._is_over, self._until - time.monotonic())

    def _is_over(self) -> bool:
        """Whether nothing is left to be struck."""
        all_is_queued = self._queued == len(self.entries)
        return time.monotonic() >= self._until or (all_is_queued and self._harness.is_done(self._queued))

    def _queue_some(self, strikes_ahead: int) -> int:
        """So much that some is left for every strike ahead, and for what comes after the last; how much."""
        count = -(-(len(self.entries) - self._queued) // (strikes_ahead + 1))
        self._harness.queue(self.entries[self._queued : self._queued + count])
        self._queued += count
        return count

    def _has_left(self, all_but: int) -> bool:
        return self._harness.states()["queued"] <= all_but

    def _can_strike(self) -> bool:
        return bool(self._installation.booking() and self._harness.under_way())

    def _strike(self, way: Strike) -> bool:
        """Whether it met attempts under way."""
        booking = self._installation.booking()
        under_way, at = self._harness.under_way(), now()
        if not booking or not under_way:
            return False
        target = self._chance.choice(booking)
        if way is Strike.RESTART:
            self._harness.without_database(self._restart_database)
        elif way is Strike.KILL:
            target.kill()
            self._live(ANSWERED_WITHIN_SECONDS)
            target.start()
            at += timedelta(seconds=ANSWERED_WITHIN_SECONDS)
        else:
            target.stop_for(self._installation.stop_seconds)
            self._live(ANSWERED_WITHIN_SECONDS)
            at += timedelta(seconds=ANSWERED_WITHIN_SECONDS)
        self._strike_pages()
        struck = self._harness.unanswered(under_way, at)
        self.attempts_struck[way] += struck
        self.events[way] += struck > 0
        return struck > 0

    def _strike_pages(self) -> None:
        """The process with the pages too, a few times, where it has no part in delivering."""
        serving = self._installation.serving
        if not self._pages_ahead or serving.is_stopped():
            return
        way = self._pages_ahead.pop()
        self.on_pages[way] += 1
        if way is Strike.KILL:
            serving.kill()
            serving.start()
        else:
            serving.stop_for(self._installation.stop_seconds)

    def _restart_database(self) -> None:
        self._installation.restart_database(
            at_once=self._chance.random() < 0.5, pause_seconds=self._chance.uniform(0, 1)
        )

    def _live(self, seconds: float) -> None:
        self._live_until(lambda: False, seconds)

    def _live_until(self, holds: Callable[[], object], at_most_seconds: float) -> bool:
        """Let faults blow and sign in again until it holds; whether it does."""
        until = min(time.monotonic() + at_most_seconds, self._until)
        while not holds():
            if time.monotonic() >= until:
                return False
            self.faults.blow(self._queued / len(self.entries))
            self._harness.sign_in_again()
            self.ended_by_themselves += self._installation.revive()
            self._say()
            time.sleep(LOOK_EVERY_SECONDS)
        return True

    def _say(self) -> None:
        if time.monotonic() - self._said_at > SAY_EVERY_SECONDS:
            self._said_at = time.monotonic()
            states = dict(self._harness.states())
            events = {str(way): count for way, count in self.events.items()}
            seconds = round(time.monotonic() - self._started)
            print(f"{seconds} s: {states} {events} {dict(self.faults.struck)}", file=sys.stderr, flush=True)
