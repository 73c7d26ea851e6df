"""Amounts in euros: Decimal with exactly two decimals."""

import re
from decimal import Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
#: The largest amount of one line; a journal of payroll that holds more was read wrongly.
LARGEST = Decimal("999999999999.99")

_WRITTEN = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,2})?")


class AmountError(ValueError):
    """Not an amount in euros. The message names the reason, never the value: it may be a salary."""


def amount(value: str | int | Decimal) -> Decimal:
    """The amount in euros with two decimals.

    Text is written with a point and at most two decimals, without thousands separators. Raises AmountError
    for floats, booleans, infinity, NaN, more than two decimals, and amounts beyond LARGEST.
    """
    if isinstance(value, str):
        if not _WRITTEN.fullmatch(value):
            raise AmountError("not written as a decimal with at most two digits after a point")
        exact = Decimal(value)
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise AmountError("an amount is text, a whole number or a Decimal")
    else:
        exact = Decimal(value)
    if not exact.is_finite():
        raise AmountError("not a finite number")
    if abs(exact) > LARGEST:
        raise AmountError("larger than any line of a payroll journal")
    cents = exact.quantize(CENT)
    if cents != exact:
        raise AmountError("more than two decimals")
    return cents + ZERO  # adding zero turns -0.00 into 0.00
