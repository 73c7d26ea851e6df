"""Cells of a table, and what they say: texts, dates, amounts and numbers, read strictly."""

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal

from loonbrug.ledger.entry import tidy
from loonbrug.ledger.money import AmountError, amount
from loonbrug.ledger.problems import Problem, problem


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a workbook; `width` is the number of digits that its format shows (`0000` is 4)."""

    value: Decimal
    width: int = 0


@dataclass(frozen=True, slots=True)
class Unusable:
    """A cell that a workbook shows an error in, or nothing where it has a formula."""

    problem: Problem


Cell = str | Number | datetime.date | Unusable

#: Characters in one cell of a workbook. It writes a text or a format once, however many cells have it.
LONGEST_TEXT = 1000

# The days of 1 January 2000 and 31 December 2099 as workbooks count them.
_FIRST_DAY, _LAST_DAY = 36526, 73050
_DAY_ZERO = datetime.date(1899, 12, 30)
_DATES = (
    re.compile(r"(?P<d>[0-9]{1,2})([-/.])(?P<m>[0-9]{1,2})\2(?P<y>20[0-9]{2})"),
    re.compile(r"(?P<y>20[0-9]{2})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})"),
    re.compile(r"(?P<y>20[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"),
)
_GROUPED_DUTCH = re.compile(r"[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]{1,2})?")
_GROUPED_ENGLISH = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]{1,2})?")
_PLAIN = re.compile(r"[0-9]+([.,][0-9]{1,2})?")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_CURRENCY = re.compile(r"€|\bEUR\b")


class CellError(Exception):
    """A cell that does not say what its column asks. The problem has no place yet."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def text_of(cell: Cell) -> str:
    """The text of a cell: a number as its format shows it, so that leading zeros stay."""
    if isinstance(cell, Unusable):
        raise CellError(cell.problem)
    if isinstance(cell, datetime.date):
        raise CellError(problem("cell_became_date"))
    text = f"{cell.value:f}".zfill(cell.width) if isinstance(cell, Number) else tidy(cell)
    if not text.isprintable():
        raise CellError(problem("line_text_not_printable"))
    return text


def date_of(cell: Cell) -> datetime.date:
    """The date of a cell: a date, a day number, or text as day-month-year or year-month-day."""
    if isinstance(cell, datetime.date):
        if 2000 <= cell.year <= 2099:
            return cell
        raise CellError(problem("date_unreadable", value=cell.isoformat()))
    if isinstance(cell, Number) and _FIRST_DAY <= cell.value <= _LAST_DAY:
        return _DAY_ZERO + datetime.timedelta(days=int(cell.value))
    text = text_of(cell)
    for pattern in _DATES:
        if found := pattern.fullmatch(text):
            try:
                return datetime.date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                break  # such as 31 February
    raise CellError(problem("date_unreadable", value=text[:40]))


def amount_of(cell: Cell) -> Decimal:
    """The amount of a cell in euros. `1.234,56`, `1,234.56` and `1234.56` are clear; `1.234` is not."""
    if isinstance(cell, Number):
        return _euros(cell.value)
    text = "".join(_CURRENCY.sub("", text_of(cell)).split()).replace("−", "-")
    negative = text.startswith("-") or text.endswith("-")
    digits = text[1:] if text.startswith(("-", "+")) else text.removesuffix("-")
    if _AMBIGUOUS.fullmatch(digits):
        raise CellError(problem("amount_ambiguous"))
    if _PLAIN.fullmatch(digits):
        plain = digits.replace(",", ".")
    elif _GROUPED_DUTCH.fullmatch(digits):
        plain = digits.replace(".", "").replace(",", ".")
    elif _GROUPED_ENGLISH.fullmatch(digits):
        plain = digits.replace(",", "")
    else:
        raise CellError(problem("amount_unreadable"))
    return _euros(Decimal(plain) * (-1 if negative else 1))


def count_of(cell: Cell, low: int, high: int) -> int:
    """The whole number of a cell, from `low` to `high`."""
    text = text_of(cell)
    if text.isascii() and text.isdecimal() and low <= int(text[:9]) <= high and len(text) <= 9:
        return int(text)
    raise CellError(problem("number_out_of_range", value=text[:40], low=low, high=high))


def _euros(value: Decimal) -> Decimal:
    try:
        return amount(value)
    except AmountError as error:
        raise CellError(problem("amount_not_in_cents")) from error
