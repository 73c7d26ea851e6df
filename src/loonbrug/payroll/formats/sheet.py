"""A table in our journal layout: its heading, and the rows below it that hold something."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from loonbrug.ledger.problems import problem
from loonbrug.payroll.formats.cells import Cell
from loonbrug.payroll.formats.columns import Heading, find_heading
from loonbrug.payroll.formats.drafts import UnreadableFileError

MOST_ROWS = 100_000
_HEADING_WITHIN = 20  # a heading may have titles and empty rows above it


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its number as a spreadsheet shows it."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A heading and the rows that belong to it."""

    heading: Heading
    rows: tuple[Row, ...]


def heading_of(rows: Iterator[Row]) -> Heading | None:
    """The heading among the first rows; the rows up to and with it are taken from the iterator."""
    headings = (find_heading(row.number, row.cells) for row in islice(rows, _HEADING_WITHIN))
    return next((heading for heading in headings if heading is not None), None)


def filled(rows: Iterator[Row]) -> tuple[Row, ...]:
    """The rows that are not empty. Raises UnreadableFileError for more than MOST_ROWS of them."""
    found = tuple(islice((row for row in rows if any(cell != "" for cell in row.cells)), MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise UnreadableFileError(problem("too_many_rows", limit=MOST_ROWS))
    return found
