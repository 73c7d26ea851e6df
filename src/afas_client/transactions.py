"""Booked entries as AFAS shows them: the connectors Profit_Transactions and Profit_Transactions_Allocated.

Column names are those of AFAS's published connectors ("Mutaties"). One row is one line of an entry; the second
connector adds the allocation codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from afas_client.errors import BadLine
from afas_client.fi_entries import ENTRY_NUMBER
from afas_client.get_connector import Condition, Operator, Query, Row

ALLOCATED = "Profit_Transactions_Allocated"
"""The connector whose rows carry allocation codes; the names of both are AFAS's own."""

AXES = tuple(f"DimAx{axis}" for axis in range(1, 6))
VOUCHERS_AT_ONCE = 20
"""Voucher numbers of 32 characters that fit one query with room to spare."""
ROWS_AT_ONCE = 1_000
_BEYOND = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Transaction:
    """One booked line. Amounts are euros; `codes` holds the code of axis 1 to 5, empty where there is none."""

    administration: int
    journal_code: str
    year: int
    entry_number: str
    voucher_number: str
    account: str
    debit: Decimal
    credit: Decimal
    codes: tuple[str, ...]


def with_voucher_numbers(administration: int, voucher_numbers: Iterable[str]) -> Query:
    """All lines in this administration, whatever journal or year, under one of these voucher numbers."""
    return _lines(
        *((_is("UnitId", administration), _is("VoucherNo", number)) for number in sorted(voucher_numbers))
    )


def with_entry_number(administration: int, journal_code: str, entry_number: str) -> Query:
    """All lines of the entries with this number in this administration and journal, over all years."""
    return _lines(
        (_is("UnitId", administration), _is("JournalId", journal_code), _is("EntryNo", entry_number))
    )


def with_entry_or_voucher_number(
    administration: int, journal_code: str, entry_number: str, *voucher_numbers: str
) -> Query:
    """All lines of the entries with this number in this journal, and all under these voucher numbers; all years."""
    return _lines(
        (_is("UnitId", administration), _is("JournalId", journal_code), _is("EntryNo", entry_number)),
        *((_is("UnitId", administration), _is("VoucherNo", number)) for number in voucher_numbers),
    )


def transactions(rows: Iterable[Row]) -> tuple[Transaction, ...]:
    """The rows as lines. Raises BadLine for a row without the columns that tell what was booked."""
    return tuple(map(_transaction, rows))


def _lines(*groups: tuple[Condition, ...]) -> Query:
    return Query(where=groups, order_by=("EntryNo", "SeqNo"), take=ROWS_AT_ONCE)


def _is(field: str, value: int | str) -> Condition:
    return Condition(field, Operator.EQUAL, str(value))


def _transaction(row: Row) -> Transaction:
    try:
        return Transaction(
            administration=int(_text(row["UnitId"])),
            journal_code=_text(row["JournalId"]),
            year=int(_text(row["Year"])),
            entry_number=_entry_number(row["EntryNo"]),
            voucher_number=_text(row["VoucherNo"]),
            account=_text(row["AccountNo"]),
            debit=_amount(row["AmtDebit"]),
            credit=_amount(row["AmtCredit"]),
            codes=tuple(map(_text, map(row.get, AXES))),
        )
    except (KeyError, ValueError, ArithmeticError) as wrong:
        raise BadLine(f"a booked line without what it should tell: {wrong}") from None


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _entry_number(value: object) -> str:
    number = _text(value)
    if ENTRY_NUMBER.fullmatch(number) is None:
        raise ValueError("no number that AFAS gives an entry")
    return number


def _amount(value: object) -> Decimal:
    amount = value if isinstance(value, Decimal) else Decimal(_text(value) or "0")
    if abs(amount) >= _BEYOND:  # to compare what is no number is an ArithmeticError
        raise ValueError("an amount that no books can hold")
    return amount
