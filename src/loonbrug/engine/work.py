"""What every engine is asked: keyed work by its kind, and periodic work."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

Work = Callable[[int], Awaitable[None]]
#: A kind of work and the key it is done for.
Keyed = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something done every so many seconds; what it returns is the keyed work to run."""

    every_seconds: float
    due: Callable[[], Awaitable[list[Keyed]]]


class Engine(Protocol):
    """Runs keyed work, normally one at a time per (kind, key) anywhere, and periodic work in this process.

    Two runs of one key may overlap after a take-over, so every kind of work brings its own fence.
    """

    def start(self) -> None:
        """Start the engine's thread and wait until it takes work."""

    def stop(self, *, within_seconds: float) -> None:
        """Start nothing more, wait for what is running, and after that time break it off."""

    def is_alive(self) -> bool:
        """Whether the engine's thread runs."""

    def is_stopping(self) -> bool:
        """Whether work should end as soon as it can."""

    def others_wait(self) -> bool:
        """Whether work for another key waits for a place, so that long work should make room."""

    def run(self, kind: str, key: int) -> None:
        """Ask for work; from any thread."""
