import datetime
from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from loonbrug.ledger.entry import Entry, Line, PostingLine, line_of
from loonbrug.ledger.money import ZERO, AmountError

OCTOBER = datetime.date(2026, 10, 31)


def test_a_positive_amount_is_debit_and_a_negative_one_credit() -> None:
    assert line_of("4000", Decimal("10")) == Line("4000", Decimal("10.00"), ZERO)
    assert line_of("4000", Decimal("-10")) == Line("4000", ZERO, Decimal("10.00"))


@pytest.mark.parametrize("kind", [Line, PostingLine])
@pytest.mark.parametrize(("debit", "credit"), [("-1", "0"), ("0", "-1"), ("1", "1"), ("0.001", "0")])
def test_a_line_is_on_one_side_and_never_negative(
    kind: type[Line] | type[PostingLine], debit: str, credit: str
) -> None:
    with pytest.raises(AmountError):
        kind("4000", Decimal(debit), Decimal(credit))


def test_a_line_of_zero_is_a_line() -> None:
    assert line_of("4000", ZERO).debit == line_of("4000", ZERO).credit == ZERO


def test_totals_and_residual_of_an_entry() -> None:
    entry = Entry(OCTOBER, (line_of("4000", Decimal("10.10")), line_of("1700", Decimal("-10"))))
    assert entry.totals() == (Decimal("10.10"), Decimal("10.00"))
    assert entry.residual() == Decimal("0.10")


def test_an_entry_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Entry(OCTOBER, ()).date = OCTOBER  # type: ignore[misc]
