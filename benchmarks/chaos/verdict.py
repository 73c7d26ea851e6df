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
    """The most calls that an environment had to work on at once for drains, and how many began above its limit.

    What AFAS still works on after its caller has gone counts. The look-up for it uses the same call: it counts
    only where there are more look-ups than such work.
    """
    moments: list[tuple[datetime, int, str]] = []
    for call in calls:
        if call["operation"].lower() in OF_DRAINS:
            kind = "late" if call["is_late"] else call["operation"].partition(" ")[0]
            moments.append((datetime.fromisoformat(call["began_at"]), 1, kind))
            if call["ended_at"]:
                moments.append((datetime.fromisoformat(call["ended_at"]), -1, kind))
    at_work: Counter[str] = Counter()
    most = exceeded = 0
    for _, step, kind in sorted(moments):
        at_work[kind] += step
        count = at_work["POST"] + max(at_work["late"], at_work["GET"])
        most = max(most, count)
        exceeded += step > 0 and count > limit
    return most, exceeded


def is_clean(report: Mapping[str, Any]) -> bool:
    """Whether everything was booked once and the storm was whole."""
    nothing_wrong = not any(report[name] for name in NOTHING)
    return nothing_wrong and report["booked_once"] == report["deliveries"] and not report["missing"]
