"""The running sandbox: its world and everything that the edge hands to it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from afas_sandbox.faults import Call, Faults
from afas_sandbox.lines import Lines
from afas_sandbox.randomness import Randomness
from afas_sandbox.world import World

AFAS_TIME_LIMIT_MS = 900_000
CALLS_KEPT = 100_000


@dataclass(frozen=True)
class MailServer:
    """Where activation mails are handed in."""

    host: str
    port: int


@dataclass
class Work:
    """A call that is, or was, worked on; `is_late` when it was broken off before, and is worked on all the same."""

    environment: str
    operation: str
    is_late: bool
    began_at: datetime
    ended_at: datetime | None = None


@dataclass
class Sandbox:
    world: World
    randomness: Randomness
    now: Callable[[], datetime]
    mail_server: MailServer | None = None
    time_limit_ms: int = AFAS_TIME_LIMIT_MS
    """How long AFAS works on a call before it gives up."""
    faults: Faults = field(default_factory=Faults)
    lines: Lines = field(default_factory=Lines)
    late_work: set[asyncio.Task[None]] = field(default_factory=set)
    """Bookings that go on after their caller has gone."""
    work: deque[Work] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))
    """The calls of late, oldest first."""

    @contextmanager
    def working_on(self, call: Call, *, is_late: bool = False) -> Iterator[None]:
        """Keep from when to when a call was worked on."""
        work = Work(call.environment, call.operation, is_late, self.now())
        self.work.append(work)
        try:
            yield
        finally:
            work.ended_at = self.now()
