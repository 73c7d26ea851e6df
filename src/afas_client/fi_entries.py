"""FiEntries: one journal entry for AFAS, with AFAS's own field names.

Field names, lengths and rules are those of AFAS's page "FiEntries" (UpdateConnector, root `FiEntryPar`). One
message is one journal entry and one transaction at AFAS. `EnNo` is left out although the published schema
calls it mandatory: AFAS refuses an entry that carries it. `AdDc` and `AdDa` are always false, so that a
typing error never creates an allocation code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

LEDGER_ACCOUNT = "1"
"""`VaAs`: the account number is a ledger account (2 is a debtor, 3 a creditor)."""

LENGTHS: Mapping[str, int] = {
    "JoCo": 6,
    "AcNr": 16,
    "BpNr": 32,
    "Ds": 255,
    "VaId": 3,
    "DiC1": 16,
    "DiC2": 16,
    "DiC3": 16,
    "DiC4": 16,
    "DiC5": 16,
}
"""How many characters AFAS has for each text (AFAS "FiEntries")."""


class FiDimEntries(msgspec.Struct, frozen=True, kw_only=True):
    """The allocation of one line: a code for each of at most five axes. Amounts mirror those of the line."""

    DiC1: str | None = None
    DiC2: str | None = None
    DiC3: str | None = None
    DiC4: str | None = None
    DiC5: str | None = None


class FiEntries(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `AmDe` and `AmCr` are euros; one of them is zero.

    Raises TypeError for an amount that is no Decimal, ValueError for one that is no finite number.
    """

    AcNr: str
    EnDa: date
    BpDa: date
    BpNr: str
    AmDe: Decimal
    AmCr: Decimal
    VaAs: str = LEDGER_ACCOUNT
    Ds: str | None = None
    VaId: str | None = None
    allocation: FiDimEntries | None = None

    def __post_init__(self) -> None:
        for amount in (self.AmDe, self.AmCr):
            if not isinstance(amount, Decimal):
                raise TypeError(f"an amount is a Decimal, not {type(amount).__name__}")
            if not amount.is_finite():
                raise ValueError("an amount is a finite number")


class FiEntryPar(msgspec.Struct, frozen=True, kw_only=True):
    """One journal entry: book year, period, administration (`UnId`), journal code (`JoCo`) and its lines."""

    Year: int
    Peri: int
    UnId: int
    JoCo: str
    lines: tuple[FiEntries, ...]


ENTRY_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
"""A number that AFAS gives an entry (`EnNo`)."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """A text that AFAS has no room for. `line` counts from 1; None is the entry itself."""

    field: str
    line: int | None
    length: int
    limit: int


@dataclass(frozen=True, slots=True)
class Booked:
    """AFAS booked it, under its own entry number (`EnNo`)."""

    entry_number: str
    administration: str | None
    invoice_number: str | None


def too_long(message: FiEntryPar) -> tuple[TooLong, ...]:
    """Every text of the message that is longer than AFAS allows, all at once."""
    found = list(_too_long(message, None))
    for number, line in enumerate(message.lines, start=1):
        found += _too_long(line, number)
        if line.allocation is not None:
            found += _too_long(line.allocation, number)
    return tuple(found)


def _too_long(part: msgspec.Struct, line: int | None) -> Iterator[TooLong]:
    for field in part.__struct_fields__:
        text, limit = getattr(part, field), LENGTHS.get(field)
        if limit is not None and isinstance(text, str) and len(text) > limit:
            yield TooLong(field, line, len(text), limit)


def encode(message: FiEntryPar) -> bytes:
    """The message as compact UTF-8 JSON. The same message always gives the same bytes."""
    header = {
        "Year": message.Year,
        "Peri": message.Peri,
        "UnId": message.UnId,
        "JoCo": message.JoCo,
        "AdDc": False,
        "AdDa": False,
    }
    lines = {"FiEntries": {"Element": [_line(line) for line in message.lines]}}
    return msgspec.json.encode({"FiEntryPar": {"Element": {"Fields": header, "Objects": [lines]}}})


def _line(line: FiEntries) -> dict[str, Any]:
    amounts = {"AmDe": _plain(line.AmDe), "AmCr": _plain(line.AmCr)}
    fields = {
        "VaAs": line.VaAs,
        "AcNr": line.AcNr,
        "EnDa": line.EnDa.isoformat(),
        "BpDa": line.BpDa.isoformat(),
        "BpNr": line.BpNr,
        **_given({"Ds": line.Ds, "VaId": line.VaId}),
        **amounts,
    }
    codes = _given(msgspec.structs.asdict(line.allocation)) if line.allocation is not None else {}
    if not codes:
        return {"Fields": fields}
    # Samples with and without amounts exist; mirroring those of the line is the form that all of them allow.
    return {"Fields": fields, "Objects": [{"FiDimEntries": {"Element": {"Fields": {**codes, **amounts}}}}]}


def _given(fields: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


def _plain(amount: Decimal) -> str:
    return format(amount, "f") if amount else "0"


def booked(answer: object) -> Booked | None:
    """The booking in AFAS's answer, or None if the answer is no booking.

    Three shapes are in circulation (AFAS help "FiEntries", how-to and OpenAPI disagree): with or without
    `results` around it, under `FiEntryPar` or `FiEntries`, with `InId` or `InID`; values are texts or whole
    numbers.
    """
    fields = _lower(answer)
    for child in _lower(fields.get("results", fields)).values():
        rows = child if isinstance(child, list) else [child]
        # One message is one entry: an answer with more rows than one is not about ours.
        if len(rows) == 1 and (done := _booked_row(_lower(rows[0]))) is not None:
            return done
    return None


def _booked_row(row: Mapping[str, object]) -> Booked | None:
    entry_number = _text(row.get("enno"))
    if entry_number is None or ENTRY_NUMBER.fullmatch(entry_number) is None:
        return None
    return Booked(entry_number, _text(row.get("unid")), _text(row.get("inid")))


def _lower(value: object) -> dict[str, Any]:
    return {str(key).lower(): item for key, item in value.items()} if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value).strip() or None
