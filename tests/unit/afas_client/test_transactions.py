"""Booked lines as AFAS shows them."""

import pytest

from afas_client.errors import BadAnswer
from afas_client.transactions import transactions

ROW = {
    "UnitId": 1,
    "JournalId": "90",
    "Year": 2026,
    "EntryNo": 5,
    "VoucherNo": "V",
    "AccountNo": "4000",
    "AmtDebit": "1.00",
    "AmtCredit": None,
}


def test_a_row_is_a_line() -> None:
    (line,) = transactions([ROW])
    assert (line.entry_number, str(line.debit), str(line.credit)) == ("5", "1.00", "0")


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "9e999999", "1e15", "veel"])
def test_an_amount_that_no_books_can_hold_is_a_bad_answer(amount: str) -> None:
    with pytest.raises(BadAnswer):
        transactions([ROW | {"AmtDebit": amount}])
