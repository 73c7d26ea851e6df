"""What a file holds: journals that are not yet anybody's."""

from dataclasses import dataclass

from loonbrug.ledger.entry import Entry
from loonbrug.ledger.problems import Problem, Severity


@dataclass(frozen=True, slots=True)
class JournalDraft:
    """One journal of a file. What the file does not say of the run is None and is for a person to name."""

    entries: tuple[Entry, ...]
    company_number: str | None = None
    year: int | None = None
    period: int | None = None
    run_number: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class ReadJournals:
    """What reading a file gave. With an error among the problems there are no drafts: never half a file."""

    file_format: str
    drafts: tuple[JournalDraft, ...] = ()
    problems: tuple[Problem, ...] = ()


class UnreadableFileError(Exception):
    """A file that cannot be read as a whole; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def outcome(file_format: str, drafts: tuple[JournalDraft, ...], problems: list[Problem]) -> ReadJournals:
    """Drafts and problems together; an error takes the drafts away."""
    wrong = any(found.severity is Severity.ERROR for found in problems)
    return ReadJournals(file_format, () if wrong else drafts, tuple(problems))
