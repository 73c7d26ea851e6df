import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loonbrug.ledger.account_pattern import AccountPattern
from loonbrug.ledger.dating import BookingDate, Dating
from loonbrug.ledger.description import DescriptionTemplate
from loonbrug.ledger.entry import Entry, Line, line_of
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.run_name import RunName
from loonbrug.ledger.translation import Rules, RulesError, translate

RUN = RunName("Bakkerij Van Dam", 2026, 10, 1)
RUN = RunName("Bakkerij Van Dam", 2026, 10, 1)
OCTOBER = datetime.date(2026, 10, 31)
BAS = AccountPattern("[0-3][0-9][0-9][0-9]")
PNL = AccountPattern("[4-9][0-9][0-9][0-9]")


def entry(*lines: Line) -> Entry:
    return Entry(OCTOBER, lines)


def line(account: str, signed: str, centre: str = "", unit: str = "", description: str = "") -> Line:
    return line_of(account, Decimal(signed), cost_centre=centre, cost_unit=unit, description=description)


def booked(*lines: Line, **rules: Any) -> list[tuple[str, Decimal, tuple[tuple[int, str], ...], str]]:
    posting, _ = translate(entry(*lines), Rules(**rules), run=RUN)
    return [
        (made.account, made.debit - made.credit, made.allocations, made.description) for made in posting.lines
    ]


def codes(*lines: Line, **rules: Any) -> list[tuple[str, str, dict[str, str]]]:
    _, problems = translate(entry(*lines), Rules(**rules), run=RUN)
    return [(found.code, found.place.field, dict(found.params)) for found in problems]


def test_lines_of_one_account_and_code_become_one_line() -> None:
    assert booked(
        line("4000", "100", "100"),
        line("1700", "-70.10"),
        line("4000", "-20.05", "100"),
        line("4000", "5", "200"),
        cost_centre_axis=1,
    ) == [
        ("4000", Decimal("79.95"), ((1, "100"),), ""),
        ("1700", Decimal("-70.10"), (), ""),
        ("4000", Decimal("5.00"), ((1, "200"),), ""),
    ]


def test_a_surplus_of_credit_changes_sides() -> None:
    assert booked(line("4000", "10"), line("4000", "-30")) == [("4000", Decimal("-20.00"), (), "")]


def test_spaces_around_codes_are_trimmed_before_condensing() -> None:
    assert booked(line(" 4000", "10", "100 "), line("4000 ", "1", " 100"), cost_centre_axis=2) == [
        ("4000", Decimal("11.00"), ((2, "100"),), "")
    ]


def test_zero_lines_are_dropped_and_said() -> None:
    zero = (line("4000", "1"), line("4010", "0"))
    assert [made[0] for made in booked(*zero)] == ["4000"]
    assert codes(*zero) == [("zero_lines_dropped", "", {"count": "1"})]


def test_lines_that_cancel_out_are_dropped_and_said() -> None:
    lines = (line("4000", "5"), line("4000", "-5"), line("1700", "1"))
    assert [made[0] for made in booked(*lines)] == ["1700"]
    assert codes(*lines) == [("lines_cancelled_out", "", {"count": "2"})]


def test_a_description_stays_when_all_condensed_lines_share_it() -> None:
    same = (line("4000", "1", description="Bruto  lonen"), line("4000", "2", description="Bruto lonen "))
    assert booked(*same)[0][3] == "Bruto lonen"
    assert booked(*same, line("4000", "3", description="Overuren"))[0][3] == ""


def test_a_description_template_is_filled_in_for_the_run_and_never_twice() -> None:
    template = DescriptionTemplate("Loon {jaar}-{periode} run {run} {bedrijf}: {omschrijving}")
    assert booked(line("4000", "1", description="{year}"), description_template=template)[0][3] == (
        "Loon 2026-10 run 1 Bakkerij Van Dam: {year}"
    )


def test_the_books_follow_the_date_that_the_mapping_chooses() -> None:
    rules = Rules(
        dating=Dating(BookingDate.DAY, day=5, payroll_periods=PeriodRule.FOUR_WEEKS),
        period_rule=PeriodRule.FOUR_WEEKS,
    )
    posting, _ = translate(entry(line("4000", "1")), rules, run=RunName("", 2026, 11, 1))
    assert (posting.date, posting.year, posting.period) == (datetime.date(2026, 11, 5), 2026, 12)


def test_balance_accounts_carry_no_codes() -> None:
    both = {"balance_pattern": BAS, "profit_loss_pattern": PNL, "cost_centre_axis": 1, "cost_unit_axis": 2}
    assert booked(line("1700", "-1", "100", "P01"), line("4000", "1", "100", "P01"), **both) == [
        ("1700", Decimal("-1.00"), (), ""),
        ("4000", Decimal("1.00"), ((1, "100"), (2, "P01")), ""),
    ]


def test_allocations_are_in_the_order_of_the_axes() -> None:
    assert booked(line("4000", "1", "100", "P01"), cost_centre_axis=3, cost_unit_axis=1)[0][2] == (
        (1, "P01"),
        (3, "100"),
    )


def test_default_codes_serve_allocated_lines_without_one() -> None:
    rules = {"balance_pattern": BAS, "cost_centre_axis": 1, "default_cost_centre": "999"}
    assert booked(line("4000", "1"), line("4000", "1", "100"), line("1700", "-2"), **rules) == [
        ("4000", Decimal("1.00"), ((1, "999"),), ""),
        ("4000", Decimal("1.00"), ((1, "100"),), ""),
        ("1700", Decimal("-2.00"), (), ""),
    ]


def test_codes_that_no_axis_takes_are_said_per_account() -> None:
    lines = (line("4000", "1", "100"), line("4000", "1", "200", "P01"), line("1700", "-2"))
    assert codes(*lines) == [
        ("codes_not_sent", "cost_centre", {"accounts": "4000", "count": "2"}),
        ("codes_not_sent", "cost_unit", {"accounts": "4000", "count": "1"}),
    ]


def test_lines_without_a_code_are_said_on_accounts_that_the_mapping_calls_allocated() -> None:
    lines = (line("4000", "1"), line("4000", "1", "200"), line("1700", "-2"))
    rules = {"cost_centre_axis": 1, "profit_loss_pattern": PNL}
    assert codes(*lines, **rules) == [
        ("lines_without_code", "cost_centre", {"accounts": "4000", "count": "1"})
    ]
    assert codes(*lines, **rules, default_cost_centre="999") == []
    assert codes(*lines, cost_centre_axis=1) == []


def test_an_account_in_neither_pattern_is_said_and_not_allocated() -> None:
    rules = {"cost_centre_axis": 1, "balance_pattern": BAS, "profit_loss_pattern": PNL}
    assert codes(line("40000", "1", "100"), **rules) == [
        ("accounts_in_neither_pattern", "", {"accounts": "40000"})
    ]
    assert booked(line("40000", "1", "100"), **rules)[0][2] == ()


def test_year_and_period_come_from_the_date() -> None:
    fourweekly, _ = translate(entry(line("4000", "1")), Rules(period_rule=PeriodRule.FOUR_WEEKS), run=RUN)
    monthly, _ = translate(entry(line("4000", "1")), Rules(), run=RUN)
    assert (fourweekly.year, fourweekly.period) == (2026, 11)
    assert (monthly.year, monthly.period) == (2026, 10)
    assert monthly.date == OCTOBER


@pytest.mark.parametrize(
    "rules",
    [
        {"cost_centre_axis": 0},
        {"cost_unit_axis": 6},
        {"cost_centre_axis": 1, "cost_unit_axis": 1},
        {"default_cost_centre": "100"},
        {"default_cost_unit": "P01", "cost_centre_axis": 1},
    ],
)
def test_rules_that_contradict_themselves_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(RulesError):
        Rules(**rules)


LINES = st.builds(
    line_of,
    st.sampled_from(["1700", "2100", "4000", " 4000 "]),
    st.decimals(-1000, 1000, places=2),
    cost_centre=st.sampled_from(["", "100", "200"]),
    cost_unit=st.sampled_from(["", "P01"]),
)


@given(st.lists(LINES, max_size=30), st.sampled_from([None, BAS]), st.sampled_from([None, 1]))
def test_translation_keeps_the_residual_and_the_net_of_every_account(
    lines: list[Line], bas: AccountPattern | None, axis: int | None
) -> None:
    posting, _ = translate(entry(*lines), Rules(balance_pattern=bas, cost_centre_axis=axis), run=RUN)
    assert posting.residual() == entry(*lines).residual()
    for account in ("1700", "2100", "4000"):
        before = sum(made.debit - made.credit for made in lines if made.account.strip() == account)
        after = sum(made.debit - made.credit for made in posting.lines if made.account == account)
        assert after == before
    keys = [(made.account, made.allocations) for made in posting.lines]
    assert len(set(keys)) == len(keys)
    assert all(made.debit or made.credit for made in posting.lines)
