"""Amounts, days and moments as the reader of a language writes them."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from afas_sandbox.connectors import AMSTERDAM
from afas_sandbox.pages.words import Language

_DUTCH = str.maketrans(",.", ".,")


def filters(language: Language) -> dict[str, Callable[..., Any]]:
    """The templates' filters `amount`, `day` and `moment`."""
    day_format = "%d-%m-%Y" if language == "nl" else "%Y-%m-%d"

    def amount(value: Decimal) -> str:
        """Euros with two decimals, or more where the books hold more; nothing for zero."""
        decimals = max(2, -int(value.normalize().as_tuple().exponent))
        text = f"{value:,.{decimals}f}" if value else ""
        return text.translate(_DUTCH) if language == "nl" else text

    def day(value: date) -> str:
        return value.strftime(day_format)

    def moment(value: datetime) -> str:
        """On Amsterdam's clock, as AFAS itself shows moments."""
        return value.astimezone(AMSTERDAM).strftime(f"{day_format} %H:%M:%S")

    return {"amount": amount, "day": day, "moment": moment}
