"""Our journal layout, one row per line, as drafts: rows of a run together, rows of a date one entry."""

import datetime
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from loonbrug.ledger.entry import Entry, Line, line_of
from loonbrug.ledger.money import ZERO
from loonbrug.ledger.problems import Place, Problem, problem, warning
from loonbrug.payroll.formats.cells import Cell, CellError, amount_of, count_of, date_of, text_of
from loonbrug.payroll.formats.columns import Heading
from loonbrug.payroll.formats.drafts import JournalDraft, ReadJournals, outcome
from loonbrug.payroll.formats.sheet import Row, Sheet

MOST_PROBLEMS = 200

_Run = tuple[str | None, int | None, int | None, int | None]
_RANGES = {"year": (2000, 2099), "period": (1, 53), "run": (1, 999_999)}
_NAMES_RUN = ("company", "year", "period", "run")


def read_sheet(file_format: str, sheet: Sheet) -> ReadJournals:
    """The drafts of a sheet, or all its problems."""
    problems = list(_heading_problems(sheet.heading))
    if sheet.heading.missing or sheet.heading.doubled:
        return outcome(file_format, (), problems)
    if not sheet.rows:
        problems.append(problem("no_rows", place=Place(line=sheet.heading.row)))
    reader = _Rows(sheet)
    drafts = tuple(reader.drafts())
    problems.extend(reader.problems[:MOST_PROBLEMS])
    if len(reader.problems) > MOST_PROBLEMS:
        problems.append(problem("more_problems", limit=MOST_PROBLEMS, count=len(reader.problems)))
    return outcome(file_format, drafts, problems)


def _heading_problems(heading: Heading) -> Iterator[Problem]:
    for column in heading.missing:
        yield problem("column_missing", place=Place(line=heading.row, field=column))
    for column in heading.doubled:
        yield problem("column_twice", place=Place(line=heading.row, field=column))
    for text in heading.unknown:
        yield warning("column_unknown", place=Place(line=heading.row), heading=text[:40])


class _Rows:
    """Reads the rows of one sheet and remembers what is wrong."""

    def __init__(self, sheet: Sheet) -> None:
        self.problems: list[Problem] = []
        self._sheet = sheet
        self._used = {
            column
            for column, at in sheet.heading.columns.items()
            if any(at < len(row.cells) and row.cells[at] != "" for row in sheet.rows)
        }

    def drafts(self) -> Iterator[JournalDraft]:
        """One draft per run, one entry per date of it, in the order of first appearance."""
        runs: dict[_Run, dict[datetime.date, list[Line]]] = {}
        descriptions: dict[_Run, str] = {}
        for row in self._sheet.rows:
            run, date, line = self._run(row), self._date(row), self._line(row)
            descriptions[run] = descriptions.get(run) or self._text(row, "run_description")
            if date is not None and line is not None:
                runs.setdefault(run, {}).setdefault(date, []).append(line)
        for run, dates in runs.items():
            entries = tuple(Entry(date, tuple(lines)) for date, lines in dates.items())
            yield JournalDraft(entries, *run, descriptions[run])

    def _run(self, row: Row) -> _Run:
        company = self._text(row, "company") or None
        for column in _NAMES_RUN:
            if column in self._used and self._cell(row, column) == "":
                self._say(row, column, problem("cell_empty"))
        return company, self._count(row, "year"), self._count(row, "period"), self._count(row, "run")

    def _line(self, row: Row) -> Line | None:
        debit, credit = self._amount(row, "debit"), self._amount(row, "credit")
        account = self._text(row, "account")
        texts = {name: self._text(row, name) for name in ("cost_centre", "cost_unit", "description")}
        if self._cell(row, "account") == "":
            self._say(row, "account", problem("cell_empty"))
        if self._cell(row, "debit") == "" and self._cell(row, "credit") == "":
            self._say(row, "debit", problem("amount_missing"))
        if debit is None or credit is None:
            return None
        if debit and credit:
            self._say(row, "debit", problem("amount_on_both_sides"))
            return None
        return line_of(account, debit - credit, **texts)

    def _cell(self, row: Row, column: str) -> Cell:
        at = self._sheet.heading.columns.get(column)
        return "" if at is None or at >= len(row.cells) else row.cells[at]

    def _text(self, row: Row, column: str) -> str:
        try:
            return text_of(self._cell(row, column))
        except CellError as error:
            self._say(row, column, error.problem)
            return ""

    def _date(self, row: Row) -> datetime.date | None:
        cell = self._cell(row, "date")
        try:
            if cell == "":
                raise CellError(problem("cell_empty"))
            return date_of(cell)
        except CellError as error:
            self._say(row, "date", error.problem)
            return None

    def _amount(self, row: Row, column: str) -> Decimal | None:
        cell = self._cell(row, column)
        try:
            return ZERO if cell == "" else amount_of(cell)
        except CellError as error:
            self._say(row, column, error.problem)
            return None

    def _count(self, row: Row, column: str) -> int | None:
        cell = self._cell(row, column)
        try:
            return None if cell == "" else count_of(cell, *_RANGES[column])
        except CellError as error:
            self._say(row, column, error.problem)
            return None

    def _say(self, row: Row, column: str, found: Problem) -> None:
        self.problems.append(replace(found, place=Place(line=row.number, field=column)))
