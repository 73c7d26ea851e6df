import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from loonbrug.ledger.canonical import content_hash
from loonbrug.ledger.difference import LineDifference, difference
from loonbrug.ledger.entry import Entry, Line, line_of
from loonbrug.ledger.money import ZERO

OCTOBER, NOVEMBER = datetime.date(2026, 10, 31), datetime.date(2026, 11, 30)


def line(account: str, signed: str, centre: str = "", description: str = "") -> Line:
    return line_of(account, Decimal(signed), cost_centre=centre, description=description)


def october(*lines: Line) -> tuple[Entry, ...]:
    return (Entry(OCTOBER, lines),)


def shown(found: LineDifference) -> tuple[str, str, str | None, str | None]:
    before, after = (None if each is None else str(each) for each in (found.before, found.after))
    return found.key.account, found.key.cost_centre, before, after


def test_another_amount_is_one_line_with_both() -> None:
    found = difference(
        october(line("4000", "100"), line("2100", "-100")), october(line("4000", "110"), line("2100", "-110"))
    )
    assert list(map(shown, found.lines)) == [
        ("2100", "", "-100.00", "-110.00"),
        ("4000", "", "100.00", "110.00"),
    ]
    assert [each.change for each in found.lines] == [Decimal(-10), Decimal(10)]
    assert found.same_count == 0


def test_what_is_new_and_what_is_gone_have_one_side() -> None:
    found = difference(
        october(line("4000", "100", "A"), line("2100", "-100")),
        october(line("4000", "100", "B"), line("2100", "-100")),
    )
    assert list(map(shown, found.lines)) == [("4000", "A", "100.00", None), ("4000", "B", None, "100.00")]
    assert found.same_count == 1


def test_of_lines_that_stand_there_twice_the_one_that_is_gone_is_told() -> None:
    twice = line("4000", "50")
    found = difference(october(twice, twice), october(twice))
    assert list(map(shown, found.lines)) == [("4000", "", "50.00", None)]
    assert found.same_count == 1


def test_lines_of_another_date_are_other_lines() -> None:
    found = difference(october(line("4000", "1")), (Entry(NOVEMBER, (line("4000", "1"),)),))
    assert [(each.key.date, each.before, each.after) for each in found.lines] == [
        (OCTOBER, Decimal(1), None),
        (NOVEMBER, None, Decimal(1)),
    ]


LINES = st.lists(
    st.builds(
        line_of,
        st.sampled_from(["4000", " 4000", "2100"]),
        st.decimals(-9, 9, places=2),
        cost_centre=st.sampled_from(["", "A"]),
    ),
    max_size=6,
)


@given(LINES, LINES)
def test_the_changes_add_up_to_what_the_contents_differ_by(before: list[Line], after: list[Line]) -> None:
    old, new = october(*before), october(*after)
    found = difference(old, new)
    assert sum((each.change for each in found.lines), ZERO) == new[0].residual() - old[0].residual()
    if content_hash(old) == content_hash(new):
        assert found.lines == ()
