"""A journal for people: as CSV and XLSX that can be read in again, and as a PDF to keep."""

import csv
import datetime
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from loonbrug.ledger.entry import Entry, Line
from loonbrug.payroll.formats.columns import HEADINGS

Language = Literal["nl", "en"]
Value = str | int | Decimal | datetime.date | None

# A spreadsheet takes text that begins like this for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_WIDTHS = {"description": 40, "account": 19, "run_description": 24, "debit": 15, "credit": 15, "date": 12}


@dataclass(frozen=True, slots=True)
class _Words:
    journal: str
    totals: str
    debit: str
    credit: str
    difference: str
    date: str


_WORDS = {
    "nl": _Words("Journaal", "Totalen", "Totaal debet", "Totaal credit", "Verschil", "Datum"),
    "en": _Words("Journal", "Totals", "Total debit", "Total credit", "Difference", "Date"),
}


@dataclass(frozen=True, slots=True)
class JournalSheet:
    """What is to be printed. `state` is already in the reader's language; entries have different dates."""

    title: str
    company_number: str
    company_name: str
    year: int
    period: int
    run_number: int
    state: str
    entries: tuple[Entry, ...]
    made_at: datetime.datetime
    run_description: str = ""


def to_csv(sheet: JournalSheet, language: Language) -> bytes:
    """CSV as a spreadsheet of that language opens it: UTF-8 with BOM; Dutch has semicolons and commas."""
    rows = (_values(sheet, entry, line) for entry, line in _lines(sheet))
    return table_csv(headings(language), rows, language)


def table_csv(headings: Sequence[str], rows: Iterable[Sequence[Value]], language: Language) -> bytes:
    """Any table as CSV, written as `to_csv` writes a journal."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";" if language == "nl" else ",", lineterminator="\r\n")
    writer.writerow(headings)
    for row in rows:
        writer.writerow([_csv_text(value, language) for value in row])
    return written.getvalue().encode("utf-8-sig")


def table_xlsx(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[Value]], *, made_at: datetime.datetime
) -> bytes:
    """Any table as a workbook with one sheet; `title` is at most 31 characters."""
    workbook = _workbook(title, made_at)
    worksheet = workbook.worksheets[0]
    worksheet.title = title
    worksheet.freeze_panes = "A2"
    for column, heading in enumerate(headings, start=1):
        write_cell(worksheet, 1, column, heading, bold=True)
        worksheet.column_dimensions[get_column_letter(column)].width = max(len(heading) + 3, 14)
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            write_cell(worksheet, number, column, value)
    return saved(workbook)


def to_xlsx(sheet: JournalSheet, language: Language) -> bytes:
    """A workbook with the lines on one sheet and the totals per entry on another."""
    workbook = journal_workbook(sheet, language)
    _write_totals(workbook.create_sheet(_WORDS[language].totals), sheet, language)
    return saved(workbook)


def journal_workbook(sheet: JournalSheet, language: Language) -> Workbook:
    """A workbook with one sheet: headings and lines."""
    workbook = _workbook(sheet.title, sheet.made_at)
    journal = workbook.worksheets[0]
    journal.title = _WORDS[language].journal
    journal.freeze_panes = "A2"
    for column, (name, heading) in enumerate(zip(HEADINGS, headings(language), strict=True), start=1):
        write_cell(journal, 1, column, heading, bold=True)
        journal.column_dimensions[get_column_letter(column)].width = _WIDTHS.get(name, len(heading) + 3)
    for row, (entry, line) in enumerate(_lines(sheet), start=2):
        for column, value in enumerate(_values(sheet, entry, line), start=1):
            write_cell(journal, row, column, value)
    return workbook


def headings(language: Language) -> list[str]:
    """The headings of our layout in one language."""
    return [names[0 if language == "nl" else 1].capitalize() for names in HEADINGS.values()]


def write_cell(worksheet: Worksheet, row: int, column: int, value: Value, *, bold: bool = False) -> None:
    """A value as what it is: text is never a formula, and stays text when someone edits the cell.

    What no workbook takes is replaced: AFAS's words and the names in Nmbrs may hold any character.
    """
    cell = cast("Cell", worksheet.cell(row, column))
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)
    cell.value = value
    cell.font = Font(bold=bold)
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = value.startswith(_FORMULA_STARTS)
    elif isinstance(value, datetime.date):
        cell.number_format = "dd-mm-yyyy"
    elif isinstance(value, Decimal):
        cell.number_format = "#,##0.00"


def saved(workbook: Workbook) -> bytes:
    """The bytes of a workbook."""
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


def _workbook(title: str, made_at: datetime.datetime) -> Workbook:
    workbook = Workbook()
    workbook.properties.title = title
    workbook.properties.creator = "Loonbrug"
    workbook.properties.created = made_at.replace(tzinfo=None)
    return workbook


def _write_totals(worksheet: Worksheet, sheet: JournalSheet, language: Language) -> None:
    words = _WORDS[language]
    rows: list[tuple[Value, ...]] = [
        (sheet.title,),
        (f"{sheet.company_number} {sheet.company_name}",),
        (sheet.state,),
        (),
        (words.date, words.debit, words.credit, words.difference),
    ]
    rows.extend((entry.date, *entry.totals(), entry.residual()) for entry in sheet.entries)
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values, start=1):
            write_cell(worksheet, row, column, value, bold=row in (1, 5))
    for letter in "ABCD":
        worksheet.column_dimensions[letter].width = 18


def _lines(sheet: JournalSheet) -> Iterator[tuple[Entry, Line]]:
    return ((entry, line) for entry in sheet.entries for line in entry.lines)


def _values(sheet: JournalSheet, entry: Entry, line: Line) -> tuple[Value, ...]:
    """The values of one row, in the order of the columns; the side without an amount is empty."""
    return (
        *(sheet.company_number, sheet.year, sheet.period, sheet.run_number, sheet.run_description),
        *(entry.date, line.account, line.cost_centre, line.cost_unit, line.description),
        None if line.credit else line.debit,
        line.credit or None,
    )


def _csv_text(value: Value, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.date):
        return value.strftime("%d-%m-%Y" if language == "nl" else "%Y-%m-%d")
    if isinstance(value, Decimal):
        return str(value).replace(".", "," if language == "nl" else ".")
    if isinstance(value, str) and value.startswith((*_FORMULA_STARTS, "'")):
        return f"'{value}"
    return str(value)
