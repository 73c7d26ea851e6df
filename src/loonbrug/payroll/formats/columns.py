"""The columns of our journal layout and the headings by which they are known."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from loonbrug.ledger.entry import tidy
from loonbrug.payroll.formats.cells import Cell

#: Column -> headings: the Dutch one of the template first, the English one second, then other names.
HEADINGS: dict[str, tuple[str, ...]] = {
    "company": ("bedrijf", "company", "bedrijfsnummer", "company number"),
    "year": ("jaar", "year", "boekjaar"),
    "period": ("periode", "period"),
    "run": ("run", "run number", "runnummer", "loonopdracht"),
    "run_description": ("runomschrijving", "run description"),
    "date": ("datum", "date", "boekdatum", "boekingsdatum"),
    "account": ("grootboekrekening", "account", "grootboek", "rekening", "ledger account"),
    "cost_centre": ("kostenplaats", "cost centre", "cost center"),
    "cost_unit": ("kostendrager", "cost unit"),
    "description": ("omschrijving", "description"),
    "debit": ("debet", "debit"),
    "credit": ("credit", "credit"),
}
REQUIRED = ("date", "account", "debit", "credit")

_COLUMN_OF = {heading: column for column, headings in HEADINGS.items() for heading in headings}


@dataclass(frozen=True, slots=True)
class Heading:
    """Which cell of a row belongs to which column, and what the heading leaves to be said."""

    row: int
    columns: dict[str, int]
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    unknown: tuple[str, ...]


def find_heading(row: int, cells: Sequence[Cell]) -> Heading | None:
    """The heading in these cells, or None when the row is not one: it names account, and debit or credit."""
    texts = [tidy(cell).lower() if isinstance(cell, str) else "" for cell in cells]
    named = [_COLUMN_OF.get(text.rstrip("*: ").replace("_", " ")) for text in texts]
    if "account" not in named or not {"debit", "credit"} & set(named):
        return None
    count = Counter(column for column in named if column)
    return Heading(
        row,
        {column: named.index(column) for column in count},
        missing=tuple(column for column in REQUIRED if column not in count),
        doubled=tuple(column for column, times in count.items() if times > 1),
        unknown=tuple(text for text, column in zip(texts, named, strict=True) if text and not column),
    )
