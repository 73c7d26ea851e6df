"""Amounts as a Dutch or English bookkeeper writes them, and the id that ties a help text to its field."""

from decimal import Decimal

from django import template
from django.utils.translation import get_language

register = template.Library()

_MARKS = {"nl": (".", ","), "en": (",", ".")}


@register.filter
def amount(value: Decimal | None, zero: str = "") -> str:
    """1234.5 -> 1.234,50 (nl) or 1,234.50 (en). `amount:"blank"` shows nothing for zero, as a ledger does."""
    if value is None or (zero == "blank" and value == 0):
        return ""
    thousands, decimals = _MARKS[get_language() or "nl"]
    whole, cents = f"{abs(value):,.2f}".split(".")
    sign = "\N{MINUS SIGN}" if value < 0 else ""
    return f"{sign}{whole.replace(',', thousands)}{decimals}{cents}"
