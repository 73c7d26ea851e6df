"""Tasks: a journal that is asked for is made later, and fetched by the id of its task."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nmbrs_sandbox.problems import Problem

TASK_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Task:
    """A document that is made, or has been."""

    consent_id: int
    company: str
    document: bytes
    ready_at: datetime | None
    """None when it never will be."""
    fails: bool = False
    vanishes: bool = False

    def fetch(self, now: datetime) -> bytes | None:
        """The document; None while it is made. Raises Problem where it failed, or is not there any more."""
        if self.ready_at is None or now < self.ready_at:
            return None
        if self.fails:
            raise Problem("unexpected")
        if self.vanishes or now >= self.ready_at + TASK_KEPT:
            raise Problem("not_found")
        return self.document
