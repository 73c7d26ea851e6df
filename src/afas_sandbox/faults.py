"""Moods of the sandbox: what goes wrong, for which calls, and how many times."""

from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    LATENCY = "latency"
    """Works `delay_ms` longer; longer than the time limit ends as AFAS's time-out."""
    CUT_BEFORE = "cut_before"
    """The connection breaks; nothing is booked."""
    CUT_AFTER = "cut_after"
    """Books, then the connection breaks."""
    BOOK_LATE = "book_late"
    """The connection breaks at once; `delay_ms` later it books all the same."""
    UNAVAILABLE = "unavailable"
    """503 with `retry_after` seconds."""
    LAYOUT_LOCK = "layout_lock"
    """Somebody works in the journal's entry layout."""
    BLOCKED_PERIOD = "blocked_period"
    """The voucher date is in a blocked period."""
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of a fault
    """401, as with a token that has run out."""


ON_BOOKING_ONLY = {
    FaultKind.CUT_AFTER,
    FaultKind.BOOK_LATE,
    FaultKind.LAYOUT_LOCK,
    FaultKind.BLOCKED_PERIOD,
}
"""Faults that only mean something where an entry is booked."""
BOOKING = "POST FiEntries"


@dataclass(frozen=True)
class Call:
    """A call that came in: `operation` is method and connector, for instance `GET Profit_Journals`."""

    environment: str
    operation: str
    administration: int | None = None
    journal: str = ""


@dataclass
class Fault:
    """A fault and its scope; what is left open holds for all."""

    kind: FaultKind
    environment: str = ""
    operation: str = ""
    administration: int | None = None
    journal: str = ""
    count: int | None = None
    """How many calls it still hits; None until it is cleared."""
    delay_ms: int = 0
    retry_after: int = 7200
    """Seconds."""
    id: int = 0

    def hits(self, call: Call) -> bool:
        operation = self.operation or (BOOKING if self.kind in ON_BOOKING_ONLY else "")
        return (
            self.environment in ("", call.environment)
            and operation.casefold() in ("", call.operation.casefold())
            and self.administration in (None, call.administration)
            and self.journal in ("", call.journal)
        )


@dataclass
class Faults:
    """The faults in force."""

    in_force: list[Fault] = field(default_factory=list)
    _last_id: int = 0

    def add(self, fault: Fault) -> Fault:
        self._last_id += 1
        fault.id = self._last_id
        self.in_force.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        """Clear one fault, or all."""
        self.in_force = [f for f in self.in_force if fault_id is not None and f.id != fault_id]

    def take(self, kind: FaultKind, call: Call) -> Fault | None:
        """The first fault of the kind that hits the call; it counts as used once more."""
        fault = next((f for f in self.in_force if f.kind is kind and f.hits(call)), None)
        if fault is not None and fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self.in_force.remove(fault)
        return fault
