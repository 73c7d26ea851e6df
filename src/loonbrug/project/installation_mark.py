"""The mark of this installation, in its database and beside it in the data folder, and the last claim beside it.

A restored database does not know the last claim that left from this folder; a copied one finds a folder without a
mark, or with a mark that was made in another folder. Then nothing is sent until a person releases it.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog

from loonbrug.delivery import installation
from loonbrug.delivery.outcomes import Policy
from loonbrug.watch.queries import last_pulse

log = structlog.get_logger()

MARK = "installation.mark"
LAST_CLAIM = "last.claim"
#: A new machine joins when it sees another at work within this time; on a copied database nobody is.
JOIN_WITHIN_SECONDS = 20.0
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Folder:
    """The data folder of this machine; `is_shared` says that other machines may have folders of their own."""

    path: Path
    is_shared: bool
    policy: Policy
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    def check(self) -> None:
        """Pause all sending if the database is not the one that was here, and mark it as the one that is."""
        with self._held():
            mark = self._mark()
            if not self._is_as_left(mark) and not (mark is None and self._joins()):
                count = installation.pause(policy=self.policy, now=self.now())
                log.error("sending_paused", why="the database was restored or copied", looked_up_first=count)
                (self.path / LAST_CLAIM).unlink(missing_ok=True)
                mark = None
            if mark is None:
                self._make_mark()

    def note_claim(self, claim_id: UUID) -> None:
        """Keep beside the database which claim was the last to be committed, before it leaves.

        It is a second line of defence, so that nothing waits for the disk or stops when that is full.
        """
        try:
            file = os.open(self.path / LAST_CLAIM, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(file, str(claim_id).encode(), 0)
            finally:
                os.close(file)
        except OSError as error:
            log.error("claim_not_noted", why=str(error))

    def _is_as_left(self, mark: UUID | None) -> bool:
        known = installation.marks()
        if mark is None:
            return not known
        return mark in known and self._last_claim_is_known()

    def _last_claim_is_known(self) -> bool:
        path = self.path / LAST_CLAIM
        if not path.exists():
            return True
        try:
            return installation.knows_claim(UUID(path.read_text()))
        except ValueError:  # half written by a crash of the machine
            return False

    def _joins(self) -> bool:
        """Whether this is the folder of a new machine: nothing was ever sent, or another is at work just now."""
        return self.is_shared and (not installation.has_sent() or _another_works())

    def _mark(self) -> UUID | None:
        """The mark that was made in this folder; a copy of the folder has none."""
        path = self.path / MARK
        mark, _, inode = path.read_text().partition(" ") if path.exists() else ("", "", "")
        return UUID(mark) if inode == str(self.path.stat().st_ino) else None

    def _make_mark(self) -> None:
        mark = self.new_id()
        draft = self.path / f"{MARK}.new"
        with draft.open("w") as file:
            file.write(f"{mark} {self.path.stat().st_ino}")
            file.flush()
            os.fsync(file.fileno())
        installation.keep_mark(mark=mark, now=self.now())
        draft.replace(self.path / MARK)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """One process of this folder at a time."""
        held = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)


def _another_works() -> bool:
    first = last_pulse()
    until = time.monotonic() + JOIN_WITHIN_SECONDS
    while time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        if last_pulse() != first:
            return True
    return False
