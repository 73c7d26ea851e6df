"""What a run came to: AFAS's books by content beside the list that was made first, and AFAS's own log of calls."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from benchmarks.chaos.world import Entry

#: The calls of drains; signing in again is a person's.
OF_DRAINS = {"post fientries", "get profit_transactions_allocated"}

#: Must be nothing after a clean run.
NOTHING = ("lost", "doubled", "wrong_amounts", "in_doubt_left", "limit_exceeded")


def compare(wanted: Iterable[Entry], found: Counter[tuple[Any, ...]]) -> dict[str, int]:
    """Entries booked once, lost, doubled, or with an amount, account, day or place that nobody asked for."""
    expected = Counter(entry.content for entry in wanted)
    doubled = sum(count - 1 for content, count in found.items() if content in expected)
    return {
        "booked_once": sum(found[content] == 1 for content in expected),
        "lost": sum(not found[content] for content in expected),
        "doubled": doubled,
        "wrong_amounts": sum((found - expected).values()) - doubled,
    }


def most_at_once(calls: Iterable[Mapping[str, Any]], limit: int) -> tuple[int, int]:
    """The most calls that AFAS worked on at once for drains, and how many began while it had its limit already."""
    moments: list[tuple[datetime, int]] = []
    for call in calls:
        if call["operation"].lower() in OF_DRAINS:
            moments.append((datetime.fromisoformat(call["began_at"]), 1))
            if call["ended_at"]:
                moments.append((datetime.fromisoformat(call["ended_at"]), -1))
    now = most = exceeded = 0
    for _, step in sorted(moments):
        now += step
        most = max(most, now)
        exceeded += step > 0 and now > limit
    return most, exceeded


def is_clean(report: Mapping[str, Any]) -> bool:
    """Whether everything was booked once and the storm was whole."""
    nothing_wrong = not any(report[name] for name in NOTHING)
    return nothing_wrong and report["booked_once"] == report["deliveries"] and not report["missing"]
