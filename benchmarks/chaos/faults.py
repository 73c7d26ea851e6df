"""Faults of AFAS and of the network that strike single calls; each kind as often as wanted, and no more."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.running import ask

from benchmarks.chaos.processes import Surroundings
from benchmarks.chaos.world import Entry

#: The smallest share of deliveries that every kind of fault has to strike; and never fewer than two.
LEAST_SHARE = 0.01
LEAST_COUNT = 2
STALE = "stale_keep_alive"
#: Kinds of fault and what is different about each. AFAS's time is `LATENCY_MS`; `book_late` takes 0.95 of its limit.
KINDS: dict[str, dict[str, Any]] = {
    "cut_before": {},
    "cut_after": {},
    "book_late": {},
    "unavailable": {"retry_after": 1},
    "layout_lock": {},
    "expired_token": {},
    STALE: {},
}
#: Of these, some strike the first entry that a journal code ever gets.
ON_FIRST_ENTRIES = ("cut_before", "cut_after", "book_late")
FIRST_ENTRIES_ONE_IN = 3
#: A token expires for all calls under way.
AT_ONCE = {"expired_token": 3}
#: New tokens come early: after each, a doubt has to prove anew that it can see AFAS's books.
EARLY = {"expired_token": 2.0}
#: Everything has struck when this share of the entries is queued.
ALL_BY_SHARE = 0.8
BOOKING = "POST FiEntries"
LATENCY_MS = 300


class Faults:
    """What is to strike, what is in force, and what has struck."""

    def __init__(self, surroundings: Surroundings, limit_seconds: float, entries: Sequence[Entry]) -> None:
        self._surroundings, self._limit_seconds = surroundings, limit_seconds
        wanted = max(LEAST_COUNT, math.ceil(len(entries) * LEAST_SHARE))
        self.wanted = Counter(dict.fromkeys(KINDS, wanted))
        self.struck: Counter[str] = Counter()
        self.struck_first: Counter[str] = Counter()
        self._given: Counter[str] = Counter()
        self._given_first: Counter[str] = Counter()
        self._add("latency", delay_ms=LATENCY_MS)
        self._await_first_entries(list(dict.fromkeys(entry.lane for entry in entries)))

    def missing(self) -> dict[str, int]:
        """How often each kind should still strike."""
        return dict(self.wanted - self.struck)

    def blow(self, share_queued: float) -> None:
        """Count what struck, and put the next faults in its place: of each kind in step with what is queued."""
        left, left_first = self._in_force()
        self.struck_first = self._given_first - left_first
        self.struck = self._given - left
        self.struck[STALE] = self._surroundings.relay.struck
        for kind, wanted in self.wanted.items():
            pace = EARLY.get(kind, 1.0) / ALL_BY_SHARE
            by_now = math.ceil(wanted * min(1.0, share_queued * pace))
            waiting = self._given[kind] - self.struck[kind] - left_first[kind]
            if not waiting and self._given[kind] < by_now:
                self._give(kind, min(AT_ONCE.get(kind, 1), wanted - self._given[kind]))

    def _await_first_entries(self, lanes: Sequence[tuple[str, int, str]]) -> None:
        """Lay some faults in wait for the first call to a journal code; `lanes` in the order of their first entries."""
        kinds = [
            kind for kind in ON_FIRST_ENTRIES for _ in range(self.wanted[kind] // FIRST_ENTRIES_ONE_IN + 1)
        ]
        for at, kind in enumerate(kinds):
            environment, administration, journal = lanes[at * len(lanes) // len(kinds)]
            self._given[kind] += 1
            self._given_first[kind] += 1
            where = {"environment": f"{environment}.resttest", "administration": administration}
            self._add(kind, count=1, **where, journal=journal, **self._more(kind))

    def _give(self, kind: str, count: int) -> None:
        self._given[kind] += count
        if kind == STALE:
            self._surroundings.relay.forget(count)
        else:
            self._add(kind, count=count, **self._more(kind))

    def _more(self, kind: str) -> dict[str, Any]:
        late = {"delay_ms": int(self._limit_seconds * 950)} if kind == "book_late" else {}
        return KINDS[kind] | late

    def _add(self, kind: str, **options: Any) -> None:
        ask(f"{self._surroundings.control}/faults", "POST", {"kind": kind, "operation": BOOKING, **options})

    def _in_force(self) -> tuple[Counter[str], Counter[str]]:
        """How many calls each kind still waits for; all, and those that wait for a first entry."""
        everywhere: Counter[str] = Counter()
        first: Counter[str] = Counter()
        for fault in ask(f"{self._surroundings.control}/faults")["faults"]:
            count = fault.get("count") or 0
            everywhere[fault["kind"]] += count
            first[fault["kind"]] += count if fault.get("journal") else 0
        return everywhere, first
