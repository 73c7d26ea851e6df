"""Moods of the sandbox: what goes wrong, for which calls, and how many times."""

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from nmbrs_sandbox.calls import Call, Operation


class FaultKind(StrEnum):
    # Instead of an answer, or around one
    TOO_MANY_CALLS = "too_many_calls"
    """429 with 42908; with `retry_after` also that header."""
    QUOTA_EXCEEDED = "quota_exceeded"
    """429 with 42909."""
    UNAVAILABLE = "unavailable"
    """503 with 50301."""
    GATEWAY = "gateway"
    """502 with 50201."""
    UNEXPECTED = "unexpected"
    """500 with 50001."""
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - the name of a fault
    """401 with 40102."""
    HTML = "html"
    """200 with a page instead of what was asked."""
    EMPTY = "empty"
    """200 with nothing."""
    LATENCY = "latency"
    """Answers `delay_ms` later."""
    CUT_BEFORE = "cut_before"
    """The connection breaks; nothing was done."""
    CUT_AFTER = "cut_after"
    """Does what was asked, then the connection breaks: a refresh token may be spent by it."""
    # What becomes of a journal that is asked for
    TASK_SLOW = "task_slow"
    """It takes `delay_ms`."""
    TASK_FAILS = "task_fails"
    TASK_VANISHES = "task_vanishes"
    TASK_NEVER_ENDS = "task_never_ends"
    # What is in its document
    TRUNCATED = "truncated"
    OTHER_COMPANY = "other_company"
    """The journal of another company's run."""
    UNBALANCED = "unbalanced"
    UNKNOWN_ELEMENTS = "unknown_elements"
    HUGE = "huge"
    """100,000 lines."""
    UTF_16_PROLOG = "utf_16_prolog"
    """The prolog says utf-16, the bytes are utf-8."""
    NEGATIVE_VALUES = "negative_values"
    """Every amount on the debit side, credits below zero."""


OF_CALLS = (
    FaultKind.TOO_MANY_CALLS,
    FaultKind.QUOTA_EXCEEDED,
    FaultKind.UNAVAILABLE,
    FaultKind.GATEWAY,
    FaultKind.UNEXPECTED,
    FaultKind.INVALID_TOKEN,
    FaultKind.HTML,
    FaultKind.EMPTY,
    FaultKind.CUT_BEFORE,
)
"""Faults that take the place of the answer."""
OF_JOURNALS = tuple(kind for kind in FaultKind if kind not in (*OF_CALLS, "latency", "cut_after"))
"""Faults that are decided when a journal is asked for, and stay with it."""


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """A fault and its scope; what is left open holds for all."""

    kind: FaultKind
    operation: Operation | None = None
    company: str = ""
    """A company's number."""
    count: int | None = None
    """How many calls it still hits; None until it is cleared."""
    delay_ms: int = 0
    retry_after: int | None = None
    """Seconds."""
    id: int = 0

    def hits(self, call: Call) -> bool:
        return self.operation in (None, call.operation) and self.company in ("", call.company)


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

    def take(self, kinds: tuple[FaultKind, ...], call: Call) -> Fault | None:
        """The first fault of these kinds that hits the call; it counts as used once more."""
        fault = next((f for f in self.in_force if f.kind in kinds and f.hits(call)), None)
        if fault is not None and fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self.in_force.remove(fault)
        return fault
