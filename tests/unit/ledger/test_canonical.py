import datetime
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from loonbrug.ledger.canonical import canonical_bytes, content_hash
from loonbrug.ledger.entry import Entry, Line, line_of, tidy

FIRST = line_of("4000", Decimal(10), cost_centre="100", cost_unit="P01", description="Bruto lonen")
SECOND = line_of("1700", Decimal(-10))
OCTOBER = datetime.date(2026, 10, 31)
ENTRY = Entry(OCTOBER, (FIRST, SECOND))
CORRECTION = Entry(datetime.date(2026, 9, 30), (SECOND,))


def test_the_bytes_can_be_read_by_a_person() -> None:
    assert canonical_bytes([ENTRY]) == (
        b'["loonbrug journal 1",[["2026-10-31",[["1700","","","","0.00","10.00"],'
        b'["4000","100","P01","Bruto lonen","10.00","0.00"]]]]]'
    )


def test_order_of_lines_and_entries_does_not_count() -> None:
    assert content_hash([ENTRY, CORRECTION]) == content_hash([CORRECTION, Entry(OCTOBER, (SECOND, FIRST))])


def test_spaces_composition_and_the_writing_of_amounts_do_not_count() -> None:
    written = line_of(
        " 4000", Decimal("10.0"), cost_centre="100 ", cost_unit="P01", description="Bruto  lonen"
    )
    assert content_hash([Entry(OCTOBER, (written, SECOND))]) == content_hash([ENTRY])
    assert content_hash([Entry(OCTOBER, (replace(FIRST, description="Caf\u00e9"),))]) == content_hash(
        [Entry(OCTOBER, (replace(FIRST, description="Cafe\u0301"),))]
    )


def test_a_line_that_is_there_twice_counts_twice() -> None:
    assert content_hash([Entry(OCTOBER, (FIRST, FIRST, SECOND))]) != content_hash([ENTRY])


def test_any_other_value_is_other_content() -> None:
    others: list[Line] = [
        replace(FIRST, account="4001"),
        replace(FIRST, debit=Decimal("10.01")),
        replace(FIRST, debit=Decimal(0), credit=Decimal(10)),
        replace(FIRST, cost_centre="", cost_unit="100"),
        replace(FIRST, cost_unit=""),
        replace(FIRST, description="Bruto"),
    ]
    hashes = {content_hash([Entry(OCTOBER, (other, SECOND))]) for other in others}
    hashes |= {content_hash([ENTRY]), content_hash([Entry(CORRECTION.date, ENTRY.lines)])}
    hashes.add(content_hash([Entry(OCTOBER, (FIRST,)), Entry(OCTOBER, (SECOND,))]))
    assert len(hashes) == len(others) + 3


@given(st.text(), st.text())
def test_no_text_can_pass_for_another_field(one: str, two: str) -> None:
    pair = Entry(OCTOBER, (Line(one, Decimal(0), Decimal(0), two),))
    swapped = Entry(OCTOBER, (Line(two, Decimal(0), Decimal(0), one),))
    assert (content_hash([pair]) == content_hash([swapped])) is (tidy(one) == tidy(two))
