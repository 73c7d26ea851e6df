from decimal import Decimal

import pytest
from django.utils import translation

from loonbrug.web.templatetags.loonbrug import amount


@pytest.mark.parametrize(
    ("value", "dutch", "english"),
    [
        ("0", "0,00", "0.00"),
        ("1234.5", "1.234,50", "1,234.50"),
        ("-1234567.89", "−1.234.567,89", "−1,234,567.89"),
        ("9999999999999.99", "9.999.999.999.999,99", "9,999,999,999,999.99"),
    ],
)
def test_an_amount_is_written_as_the_reader_does(value: str, dutch: str, english: str) -> None:
    with translation.override("nl"):
        assert amount(Decimal(value)) == dutch
    with translation.override("en"):
        assert amount(Decimal(value)) == english


def test_a_ledger_leaves_nothing_where_nothing_is_booked() -> None:
    assert amount(Decimal("0.00"), "blank") == ""
    assert amount(Decimal("0.01"), "blank") == "0,01"
    assert amount(None) == ""
