"""How long to wait before asking again: pure, in whole seconds."""

from __future__ import annotations

from collections.abc import Iterator

LONGEST_PAUSE = 30
"""Seconds between two tries, where Nmbrs does not say itself."""

LONGEST_WAIT = 120
"""Seconds that one call waits in all, before it gives up and says when to try again."""

REPEATS = 2
"""How often a read is asked again after the line dropped."""


def growing() -> Iterator[int]:
    """1, 2, 4, ... seconds, up to the longest pause, for ever."""
    seconds = 1
    while True:
        yield seconds
        seconds = min(2 * seconds, LONGEST_PAUSE)


class Patience:
    """What one call has left: seconds to wait, and repeats of a dropped line."""

    def __init__(self) -> None:
        self._left = LONGEST_WAIT
        self._repeats = REPEATS
        self._pauses = growing()

    def pause_for(self, retry_after: int | None) -> int | None:
        """The seconds to wait now; None when that is longer than what is left.

        What Nmbrs asks for is never shortened: to ask earlier would only use up calls.
        """
        seconds = next(self._pauses) if retry_after is None else max(1, retry_after)
        if seconds > self._left:
            return None
        self._left -= seconds
        return seconds

    def pause_for_dropped_line(self) -> int | None:
        """The seconds to wait now; None when it was repeated often enough."""
        if not self._repeats:
            return None
        self._repeats -= 1
        return self.pause_for(None)
