"""CSV as rows of cells: any of the usual encodings and separators, told by the content."""

import csv
import io
import re
from collections.abc import Iterator

from loonbrug.ledger.problems import Place, problem
from loonbrug.payroll.formats.drafts import UnreadableFileError
from loonbrug.payroll.formats.sheet import Row, Sheet, filled, heading_of

_SEPARATORS = ";,\t"
_GUARD = re.compile(r"^'(?=['=+@-])")  # put before a text so that no spreadsheet takes it for a formula
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


def csv_sheet(data: bytes) -> Sheet:
    """The heading and rows of a CSV file. Raises UnreadableFileError."""
    text = _decoded(data)
    said = _SEPARATOR_LINE.match(text)
    for separator in said[1] if said else _SEPARATORS:
        rows = _rows(text, separator)
        try:
            heading = heading_of(rows)
        except UnreadableFileError:
            continue  # with another separator the quotes may fall into place
        if heading is not None:
            return Sheet(heading, filled(rows))
    raise UnreadableFileError(problem("heading_not_found"))


def _rows(text: str, separator: str) -> Iterator[Row]:
    number = 0
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        for number, cells in enumerate(reader, start=1):
            yield Row(number, tuple(_GUARD.sub("", cell.strip()) for cell in cells))
    except (csv.Error, ValueError, TypeError) as error:
        raise UnreadableFileError(problem("csv_broken_row", place=Place(line=number + 1))) from error


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in data[:200]:
        encodings = ("utf-16-le",) if data[1:2] == b"\x00" else ("utf-16-be",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFileError(problem("csv_encoding_unknown"))
