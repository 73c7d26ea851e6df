from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loonbrug.ledger.money import LARGEST, AmountError, amount


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12.5", "12.50"), ("0", "0.00"), ("-3.40", "-3.40"), (7, "7.00"), (Decimal("1.100"), "1.10")],
)
def test_an_amount_has_two_decimals(value: str | int | Decimal, expected: str) -> None:
    assert str(amount(value)) == expected


def test_minus_zero_is_zero() -> None:
    assert str(amount("-0.00")) == "0.00"


@pytest.mark.parametrize(
    "value",
    [1.5, True, None, "NaN", "Infinity", "1e3", "1,50", "1.234", "", " 1", "1_000", "٣", "9" * 15, "9" * 400],
)
def test_what_is_not_an_amount_in_euros_is_refused(value: object) -> None:
    with pytest.raises(AmountError):
        amount(value)  # type: ignore[arg-type]


@given(st.decimals(-LARGEST, LARGEST, places=2))
def test_every_amount_survives_being_written_and_read(value: Decimal) -> None:
    assert amount(str(amount(value))) == value


def test_the_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(AmountError) as refused:
        amount("4321.987")
    assert "4321" not in str(refused.value)


@pytest.mark.parametrize(
    "value", [Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("0.001"), LARGEST + 1]
)
def test_a_decimal_that_is_no_amount_is_refused(value: Decimal) -> None:
    with pytest.raises(AmountError):
        amount(value)
