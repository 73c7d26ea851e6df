"""The running sandbox: its world and everything that the edge hands to it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from nmbrs_sandbox.calls import Received
from nmbrs_sandbox.faults import Faults
from nmbrs_sandbox.identity import Identity
from nmbrs_sandbox.lines import Lines
from nmbrs_sandbox.randomness import Randomness
from nmbrs_sandbox.tasks import Task
from nmbrs_sandbox.world import World

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
CALLS_KEPT = 100_000


@dataclass
class Settings:
    """What can be set on the control port."""

    task_ms: int = 300
    """How long the making of a journal takes."""
    calls_per_minute: int | None = None
    """Of the API; beyond it 42908."""
    calls_per_day: int | None = None
    """Beyond it 42909."""


@dataclass
class Sandbox:
    world: World
    randomness: Randomness
    clock: Callable[[], datetime]
    ahead: timedelta = timedelta(0)
    """How far the sandbox's time is ahead of the clock."""
    settings: Settings = field(default_factory=Settings)
    identity: Identity = field(default_factory=Identity)
    tasks: dict[UUID, Task] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    lines: Lines = field(default_factory=Lines)
    calls: deque[Received] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))

    def now(self) -> datetime:
        """The sandbox's own time."""
        return self.clock() + self.ahead

    def today(self) -> date:
        """The day in Amsterdam."""
        return self.now().astimezone(AMSTERDAM).date()

    def start_again(self, world: World) -> None:
        """A new world at the clock's time; consents, tokens, tasks, faults, settings and calls are forgotten.

        The addresses that a partner registered stay.
        """
        for client_id, partner in self.world.partners.items():
            if client_id in world.partners:
                world.partners[client_id].redirect_uris = partner.redirect_uris
        self.world = world
        self.ahead = timedelta(0)
        self.settings = Settings()
        self.identity = Identity()
        self.tasks = {}
        self.faults.clear()
        self.calls.clear()
