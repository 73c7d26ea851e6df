"""Journaalposten Export by run: what Nmbrs has, which journal there is of it, and what has happened to it since."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from loonbrug.access.rights import Scope
from loonbrug.payroll import generation_queries as generations
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.generation_queries import ExportRun, ReleaseView
from loonbrug.payroll.models import GenerationState, JournalSource
from loonbrug.payroll.queries import JournalSummary, RunIdentity
from loonbrug.screens.journal_export import JournalRow, journal_row, journal_rows, rows_of_journals


class Change(StrEnum):
    """What has happened since a journal was made, outside of it: the journal itself never changes."""

    AFTER_GENERATING = "changed_after_generating"
    AFTER_BOOKING = "changed_after_booking"
    GONE = "run_gone"
    GONE_AFTER_BOOKING = "run_gone_after_booking"
    WITHOUT_RUN = "file_without_run"


#: What keeps the service from sending anything by itself for that company and period, until a person decides.
STOPPING = frozenset({Change.GONE, Change.GONE_AFTER_BOOKING, Change.WITHOUT_RUN})


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One run: as Nmbrs has it, its journal, what Nmbrs offers beside that, and what a person said about it."""

    run: RunIdentity
    in_nmbrs: ExportRun | None
    row: JournalRow | None
    offered: JournalSummary | None = None
    change: Change | None = None
    release: ReleaseView | None = None

    @property
    def is_fetching(self) -> bool:
        asked = self.in_nmbrs and self.in_nmbrs.generation
        return bool(asked and asked.state is GenerationState.FETCHING)

    @property
    def can_generate(self) -> bool:
        """Whether there is a run to ask Nmbrs about, and nobody is asking."""
        return self.in_nmbrs is not None and self.in_nmbrs.is_there and not self.is_fetching

    @property
    def is_to_generate(self) -> bool:
        """Whether the run is locked and has no journal yet."""
        return self.row is None and self.can_generate and bool(self.in_nmbrs and self.in_nmbrs.seen.is_locked)

    @property
    def is_changed(self) -> bool:
        """Whether Nmbrs gives something else by now, to be looked at line by line."""
        return self.change in (Change.AFTER_GENERATING, Change.AFTER_BOOKING)

    @property
    def stops(self) -> bool:
        """Whether nothing is sent by itself because of this journal."""
        return self.change in STOPPING and self.release is None

    @property
    def is_moving(self) -> bool:
        return self.is_fetching or bool(self.row and self.row.is_moving)


def export_lines(
    *, scope: Scope, company_id: int, year: int | None = None, period: int | None = None
) -> tuple[ExportLine, ...]:
    """The runs of a company, from Nmbrs and from files, newest first. Raises NotAllowedError."""
    rows = journal_rows(scope=scope, company_id=company_id, year=year, period=period)
    runs = generations.export_runs(scope=scope, company_id=company_id, year=year, period=period)
    return _lines(scope, rows, runs)


def export_line(*, scope: Scope, journal_id: int) -> ExportLine:
    """The run of one journal, with that journal, whatever its life. Raises NotFoundError and NotAllowedError."""
    row = journal_row(scope=scope, journal_id=journal_id)
    runs = generations.runs_of(scope=scope, runs=[row.journal.run])
    return _lines(scope, [row], list(runs.values()))[0]


def lines_of_journals(*, scope: Scope, journal_ids: Collection[int]) -> tuple[ExportLine, ...]:
    """The runs of these journals, each with that journal, newest first. Raises NotAllowedError."""
    rows = rows_of_journals(scope=scope, journal_ids=journal_ids)
    runs = generations.runs_of(scope=scope, runs=[row.journal.run for row in rows])
    return _lines(scope, rows, list(runs.values()))


@dataclass(frozen=True, slots=True)
class Stop:
    """A journal because of which nothing is sent by itself for its company and period."""

    journal_id: int
    run: RunIdentity
    change: Change


def automatic_sending_is_stopped(
    *, scope: Scope, company_id: int, year: int, period: int
) -> tuple[Stop, ...]:
    """Why nothing may be sent by itself for this company and period, until a person decides; empty when it may.

    A decision is reversing or withdrawing the journal, or a release with a reason. Raises NotAllowedError.
    """
    lines = export_lines(scope=scope, company_id=company_id, year=year, period=period)
    return tuple(
        Stop(line.row.journal.id, line.run, line.change)
        for line in lines
        if line.stops and line.row is not None and line.change is not None
    )


def _lines(scope: Scope, rows: Sequence[JournalRow], runs: Sequence[ExportRun]) -> tuple[ExportLine, ...]:
    of_runs = {run.run: run for run in runs}
    of_journals = {row.journal.run: row for row in rows}
    offered = payroll.offered_of_runs(scope=scope, run_ids={row.journal.run_id for row in rows})
    releases = generations.releases_of(scope=scope, journal_ids=[row.journal.id for row in rows])
    said = {(each.journal_id, each.code): each for each in releases}
    looked_at = generations.years_looked_at(
        scope=scope, company_ids={row.journal.run.company_id for row in rows}
    )
    newest = sorted(of_runs.keys() | of_journals.keys(), key=_age, reverse=True)
    return tuple(
        _line(
            run,
            of_runs.get(run),
            of_journals.get(run),
            offered,
            said,
            (run.company_id, run.year) in looked_at,
        )
        for run in newest
    )


def _age(run: RunIdentity) -> tuple[int, int, int]:
    return run.year, run.period, run.number


def _line(
    run: RunIdentity,
    in_nmbrs: ExportRun | None,
    row: JournalRow | None,
    offered: Mapping[int, JournalSummary],
    said: Mapping[tuple[int, str], ReleaseView],
    is_looked_at: bool,
) -> ExportLine:
    if row is None:
        return ExportLine(run, in_nmbrs, None)
    beside = offered.get(row.journal.run_id)
    change = _change(row, in_nmbrs, beside, is_looked_at)
    release = said.get((row.journal.id, change)) if change else None
    return ExportLine(run, in_nmbrs, row, beside, change, release)


def _change(
    row: JournalRow, in_nmbrs: ExportRun | None, offered: JournalSummary | None, is_looked_at: bool
) -> Change | None:
    if in_nmbrs is None:
        is_alone = is_looked_at and row.is_sent and row.journal.source is JournalSource.FILE
        return Change.WITHOUT_RUN if is_alone else None
    if in_nmbrs.seen.gone_at is not None:
        return Change.GONE_AFTER_BOOKING if row.is_sent else Change.GONE
    if offered is None or offered.id == row.journal.id:
        return None
    return Change.AFTER_BOOKING if row.is_sent else Change.AFTER_GENERATING
