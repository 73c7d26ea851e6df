"""XLSX as rows of cells, without trusting the file: sizes are checked before it is unpacked."""

import datetime
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import repeat
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from loonbrug.ledger.problems import problem
from loonbrug.payroll.formats.cells import LONGEST_TEXT, Cell, Number, Unusable
from loonbrug.payroll.formats.drafts import UnreadableFileError
from loonbrug.payroll.formats.sheet import MOST_ROWS, Row, Sheet, filled, heading_of

_UNPACKED_MOST = 100 * 1024 * 1024
_PARTS_MOST = 500
_COLUMNS_MOST = 50
_LAST_ROW = 2 * MOST_ROWS  # empty rows included
# What openpyxl raises on parts that are missing, make no sense, or declare entities (by defusedxml).
_BROKEN = (
    *(InvalidFileException, zipfile.BadZipFile, zipfile.LargeZipFile, ParseError, OSError, EOFError),
    *(zlib.error, lzma.LZMAError, RuntimeError, KeyError, ValueError, TypeError, IndexError),
    *(AttributeError, OverflowError),
)


def xlsx_sheet(data: bytes) -> Sheet:
    """The heading and rows of the one visible sheet that holds a journal. Raises UnreadableFileError."""
    has_formulas = _inspect(data)
    try:
        values = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        formulas = load_workbook(io.BytesIO(data), read_only=True) if has_formulas else None
        return _journal(values, formulas)
    except _BROKEN as error:
        raise UnreadableFileError(problem("xlsx_broken")) from error


def _inspect(data: bytes) -> bool:
    """Refuse what is no ordinary workbook before unpacking it; tell whether it has formulas."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename.lower() for part in parts}
            if "xl/workbook.xml" not in names:
                raise UnreadableFileError(problem("xlsx_no_workbook"))
            if any(name.endswith("vbaproject.bin") for name in names):
                raise UnreadableFileError(problem("xlsx_macros"))
            if len(parts) > _PARTS_MOST or sum(part.file_size for part in parts) > _UNPACKED_MOST:
                raise UnreadableFileError(problem("xlsx_unpacks_too_large", limit=_UNPACKED_MOST // 1024**2))
            sheets = [part for part in parts if part.filename.lower().startswith("xl/worksheets/")]
            return any(b"<f" in archive.read(part) for part in sheets)
    except _BROKEN as error:
        raise UnreadableFileError(problem("xlsx_no_workbook")) from error


def _journal(values: Workbook, formulas: Workbook | None) -> Sheet:
    found: dict[str, Sheet] = {}
    for worksheet in values.worksheets:
        if worksheet.sheet_state == "visible":
            rows = _rows(worksheet, formulas[worksheet.title] if formulas else None)
            heading = heading_of(rows)
            if heading is not None:
                found[worksheet.title] = Sheet(heading, filled(rows))
    if not found:
        raise UnreadableFileError(problem("heading_not_found"))
    journals = {title: sheet for title, sheet in found.items() if sheet.rows} or found
    if len(journals) > 1:
        raise UnreadableFileError(problem("xlsx_several_journals", sheets=", ".join(journals)))
    return next(iter(journals.values()))


def _rows(values: Any, formulas: Any) -> Iterator[Row]:
    """The rows of a worksheet; `formulas` is the same sheet with formulas in place of their values.

    A row may claim any number, and openpyxl gives the empty rows before it: so the numbers have an end.
    """
    within = {"max_row": _LAST_ROW + 1, "max_col": _COLUMNS_MOST}
    shown = values.iter_rows(**within)
    written = repeat(None) if formulas is None else formulas.iter_rows(**within)
    for number, (cells, sources) in enumerate(zip(shown, written, strict=False), start=1):
        if number > _LAST_ROW:
            raise UnreadableFileError(problem("too_many_rows", limit=MOST_ROWS))
        yield Row(number, tuple(map(_cell, cells) if sources is None else map(_calculated, cells, sources)))


def _calculated(cell: Any, source: Any) -> Cell:
    """A formula that no program has calculated yet reads as an empty cell: it says so instead."""
    if cell.value is None and source.data_type == "f":
        return Unusable(problem("formula_without_value"))
    return _cell(cell)


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        return Unusable(problem("cell_holds_error", value=value))
    if isinstance(value, str):
        is_too_long = len(value) > LONGEST_TEXT
        return Unusable(problem("cell_too_long", limit=LONGEST_TEXT)) if is_too_long else value.strip()
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, bool | datetime.time | datetime.timedelta):
        return str(value)
    # Workbooks keep 15 significant digits; what binary arithmetic left behind them is not meant.
    return Number(Decimal(format(value, ".15g")), _width(cell.number_format))


def _width(number_format: str) -> int:
    width = len(number_format)
    return width if width <= LONGEST_TEXT and set(number_format) == {"0"} else 0
