"""What is booked, what is refused and by which of AFAS's messages."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.afas_sandbox.books_to_book_in import (
    NOW,
    admin,
    allocated,
    balanced,
    book,
    environment,
    line,
    message,
    open_amount,
    refusal,
)

from afas_sandbox import fi_entries
from afas_sandbox.books import AxisUse
from afas_sandbox.messages import Refusal


def test_entries_are_numbered_one_after_the_other_in_each_administration() -> None:
    books = environment()
    numbers = [book(books, balanced("1700", header={"UnId": unit})).entry_number for unit in (1, 1, 2)]
    assert numbers == [1, 2, 1]


def test_the_voucher_date_decides_the_period_whatever_the_header_says() -> None:
    books = environment()
    book(books, balanced("1700", BpDa="2026-09-15", header={"Year": 2025, "Peri": 3}))
    assert (books.administrations[1].entries[1].year, books.administrations[1].entries[1].period) == (2026, 9)


def test_four_week_periods_are_found_by_the_voucher_date() -> None:
    books = environment()
    book(books, balanced("1700", BpDa="2026-10-31", header={"UnId": 4}))
    assert books.administrations[4].entries[1].period == 11


def test_strict_mode_refuses_a_header_of_another_period() -> None:
    books = environment()
    books.strict_period = True
    assert refusal(books, balanced("1700", header={"Peri": 9})) == "period_differs"
    assert refusal(books, balanced("1700")) == "booked"


def test_without_a_unit_it_lands_where_the_user_last_logged_on() -> None:
    books = environment()
    admin(books).last_administration = 3
    assert book(books, balanced("1700", header={"UnId": None})).administration == 3
    admin(books).last_administration = None
    assert refusal(books, balanced("1700", header={"UnId": ""})) == "no_unit"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (balanced("1700", header={"UnId": 99}), "no_unit"),
        (balanced("1700", header={"JoCo": "77"}), "value_unknown"),
        (balanced("1700", header={"JoCo": "99"}), "journal_blocked"),
        (balanced("9999"), "account_unknown"),
        (balanced("50001"), "account_unknown"),
        (balanced("1700", VaAs="3"), "account_unknown"),
        (balanced("2999"), "account_blocked"),
        (balanced("1700", BpDa="2031-01-01"), "date_outside"),
        (balanced("1700", header={"UnId": 3}, BpDa="2026-01-31"), "period_blocked"),
        (balanced("1700", EnNo=12), "entry_number_given"),
        (balanced("1700", VaId="1"), "vat_not_allowed"),
        (balanced("4070", header={"UnId": 2}), "vat_mandatory"),
        (balanced("4070", header={"UnId": 2}, VaId="99"), "vat_mandatory"),
        (balanced("4000"), "code_missing"),
        (balanced("4000", below=allocated("410")), "value_unknown"),
        (balanced("4000", below=allocated("100", AmDe="9.99")), "allocation_amount"),
        (balanced("4000", below=allocated("100", AmDe="0", AmCr="0")), "no_amount"),
        (balanced("4320"), "project_mandatory"),
        (balanced("1700", amount="0"), "no_amount"),
        (balanced("1700", InId="1", InI2="2"), "invoice_numbers_both"),
        (balanced("1700", BankAccount="NL02ABNA0123456789"), "bank_account_not_allowed"),
        (balanced("1700", CuId="QQQ"), "value_unknown"),
        (message(line("1700", debit="10", credit="10"), line("2100", credit="0")), "two_amounts"),
        (message(line("1700", debit="10.00"), line("2100", credit="9.99")), "not_balanced"),
        (message(), "no_lines"),
        (message(*[line("1700", debit=1), line("2100", credit=1)] * 501), "too_many_lines"),
    ],
)
def test_a_wrong_message_is_refused_and_the_books_stay(body: dict[str, Any], key: str) -> None:
    assert refusal(environment(), body) == key


def test_a_thousand_lines_are_booked() -> None:
    body = message(*[line("1700", debit=1), line("2100", credit=1)] * 500)
    assert refusal(environment(), body) == "booked"


def test_zero_lines_are_booked_where_the_environment_allows_them() -> None:
    books = environment()
    books.allow_zero_amount = True
    assert refusal(books, balanced("1700", amount="0")) == "booked"


def test_unticking_btw_toestaan_mends_the_vat_refusal() -> None:
    books = environment()
    body = balanced("4070", header={"UnId": 2})
    assert refusal(books, body) == "vat_mandatory"
    books.accounts["4070"].vat_allowed_in.discard(2)
    assert refusal(books, body) == "booked"


def test_vat_is_noted_with_its_amount() -> None:
    books = environment()
    book(books, balanced("8000", amount="100.00", VaId="1"))
    noted = books.administrations[1].entries[1].lines[0]
    assert (noted.vat_code, noted.vat_amount) == ("1", Decimal("21.00"))


def test_a_code_on_an_axis_that_the_account_does_not_take_is_dropped_in_silence() -> None:
    books = environment()
    book(books, balanced("4090", below=allocated("no such code", "P01")))
    assert books.administrations[1].entries[1].lines[0].codes == ("", "", "", "", "")


def test_axes_beyond_those_of_the_administration_are_not_looked_at() -> None:
    books = environment()
    books.administrations[1].axis_count = 1
    book(books, balanced("4020", below=allocated("100", "no such code")))
    assert books.administrations[1].entries[1].lines[0].codes == ("100", "", "", "", "")


def test_codes_and_assignments_are_made_when_the_message_says_so() -> None:
    books = environment()
    body = balanced("4000", below=allocated("410"), header={"AdDc": "1"})
    assert refusal(books, body) == "code_not_assigned"
    body["FiEntryPar"]["Element"]["Fields"]["AdDa"] = True
    assert refusal(books, body) == "booked"
    assert (1, "410") in books.axis_codes
    assert ("4000", 1, "410") in books.administrations[1].assignments


def test_a_blocked_code_is_refused() -> None:
    books = environment()
    books.axis_codes[1, "100"].blocked = True
    assert refusal(books, balanced("4000", below=allocated("100"))) == "code_blocked"


def creditor(*, debit: object = None, credit: object = None, **more: Any) -> dict[str, Any]:
    return line("50001", debit=debit, credit=credit, VaAs="3", **more)


def test_an_invoice_is_made_once_and_paid_off_by_the_bank() -> None:
    books = environment()
    invoice = message(creditor(credit="100", InId="F1"), line("1700", debit="100"), JoCo="10")
    payment = message(creditor(debit="100", InId="F1"), line("1100", credit="100"), JoCo="50")
    assert refusal(books, payment) == "invoice_unknown"
    assert book(books, invoice).invoice == "F1"
    assert open_amount(books, "F1") == 100
    assert refusal(books, invoice) == "invoice_used_by_creditor"
    book(books, payment)
    assert open_amount(books, "F1") == 0


def test_invoice_numbers_are_made_when_the_message_says_so() -> None:
    books = environment()
    body = message(creditor(credit="1"), line("1700", debit="1"), JoCo="10", AuNu="1")
    assert [book(books, body).invoice for _ in range(2)] == ["2026000001", "2026000002"]


def test_a_general_journal_makes_open_items_and_settles_them() -> None:
    books = environment()
    book(books, message(creditor(credit="5", InId="N1"), line("4090", debit="5")))
    book(books, message(creditor(debit="2", InId="N1"), line("4090", credit="2")))
    assert open_amount(books, "N1") == 3


def where(books: Any) -> fi_entries.Place:
    return fi_entries.place(books, admin(books), 1, "90")


def test_an_entry_is_deleted_with_the_open_items_that_it_made() -> None:
    books = environment()
    number = book(books, message(creditor(credit="5", InId="N1"), line("4090", debit="5"))).entry_number
    fi_entries.delete(books, where(books), NOW, number=number)
    assert (books.administrations[1].entries, books.administrations[1].invoices) == ({}, {})


def deletion_refused(books: Any, number: int) -> str:
    with pytest.raises(Refusal) as refused:
        fi_entries.delete(books, where(books), NOW, number=number)
    return refused.value.message.key


def test_a_reconciled_entry_an_unknown_one_and_a_blocked_period_are_not_deleted() -> None:
    books = environment()
    first = book(books, message(creditor(credit="5", InId="N1"), line("4090", debit="5"))).entry_number
    book(books, message(creditor(debit="5", InId="N1"), line("4090", credit="5")))
    third = book(books, balanced("1700")).entry_number
    assert deletion_refused(books, first) == "entry_reconciled"
    assert deletion_refused(books, 99) == "entry_unknown"
    books.blocked_periods.add((1, 2026, 10))
    assert deletion_refused(books, third) == "date_blocked"
    books.administrations[1].journals["90"].locked_by = "12345.ander"
    assert deletion_refused(books, third) == "layout_locked"


def test_an_entry_number_is_never_given_twice() -> None:
    books = environment()
    number = book(books, balanced("1700")).entry_number
    fi_entries.delete(books, where(books), NOW, number=number)
    assert book(books, balanced("1700")).entry_number == number + 1


def test_a_code_of_the_other_direction_counts_as_no_vat_code() -> None:
    books = environment()
    sale = message(line("10001", debit="100", VaAs="2"), line("8000", credit="100", VaId="5"), JoCo="20")
    assert refusal(books, sale) == "vat_mandatory"
    assert refusal(books, message(line("8000", debit="1", VaId="5"), line("2100", credit="1"))) == "booked"


def test_an_invoice_number_of_another_relation_is_in_use_in_a_general_journal_too() -> None:
    books = environment()
    book(books, message(creditor(credit="5", InId="N1"), line("4090", debit="5")))
    other = message(line("50002", debit="5", VaAs="3", InId="N1"), line("4090", credit="5"))
    assert refusal(books, other) == "invoice_used_by_creditor"


def test_a_code_on_an_automatic_axis_is_dropped_and_none_is_demanded() -> None:
    books = environment()
    books.accounts["4090"].axes = (AxisUse.AUTOMATIC,) * 5
    book(books, balanced("4090", below=allocated("100")))
    assert books.administrations[1].entries[1].lines[0].codes == ("", "", "", "", "")
    assert refusal(books, balanced("4090")) == "booked"


def test_an_axis_that_the_environment_does_not_have_is_not_looked_at() -> None:
    books = environment()
    books.accounts["4090"].axes = (*[AxisUse.NONE] * 4, AxisUse.MANUAL)
    assert refusal(books, balanced("4090")) == "booked"


@pytest.mark.parametrize(("debit", "credit"), [("10.00", "9.99"), ("9.99", "10.00")])
def test_an_entry_out_of_balance_on_either_side_is_refused(debit: str, credit: str) -> None:
    body = message(line("1700", debit=debit), line("2100", credit=credit))
    assert refusal(environment(), body) == "not_balanced"


def test_booking_and_deleting_both_mark_their_day_as_changed() -> None:
    books = environment()
    number = book(books, balanced("1700", EnDa="2026-10-05")).entry_number
    later = NOW + timedelta(hours=1)
    assert set(books.administrations[1].changed_days.values()) == {NOW}
    fi_entries.delete(books, where(books), later, number=number)
    assert set(books.administrations[1].changed_days.values()) == {later}
