import datetime
from decimal import Decimal

from loonbrug.ledger.checks import check, check_entry, check_posting
from loonbrug.ledger.description import DescriptionTemplate
from loonbrug.ledger.entry import Entry, Line, Posting, PostingLine, line_of
from loonbrug.ledger.money import ZERO
from loonbrug.ledger.problems import Place, Problem
from loonbrug.ledger.run_name import RunName
from loonbrug.ledger.translation import Rules

RUN = RunName("Bakkerij Van Dam", 2026, 10, 1)
OCTOBER = datetime.date(2026, 10, 31)


def entry(*lines: Line) -> Entry:
    return Entry(OCTOBER, lines)


def balanced(**text: str) -> Entry:
    return entry(
        line_of(**{"account": "4000", "signed": Decimal(1), **text}),  # type: ignore[arg-type]
        line_of("1700", Decimal(-1)),
    )


def said(problems: list[Problem]) -> list[tuple[str, Place]]:
    return [(found.code, found.place) for found in problems]


def test_a_good_entry_has_no_problems() -> None:
    assert check_entry(balanced()) == []


def test_an_unbalanced_entry_is_said_with_the_difference() -> None:
    [found] = check_entry(entry(line_of("4000", Decimal("10.05")), line_of("1700", Decimal(-10))), number=2)
    assert (found.code, dict(found.params), found.place) == (
        "entry_not_balanced",
        {"difference": "0.05"},
        Place(entry=2),
    )


def test_an_entry_without_lines_is_said() -> None:
    assert said(check_entry(entry(), number=1)) == [("entry_without_lines", Place(1))]


def test_an_entry_of_zeros_is_said() -> None:
    assert said(check_entry(entry(line_of("4000", ZERO)))) == [("entry_all_zero", Place())]


def test_a_line_without_account_is_said_with_its_place() -> None:
    assert said(check_entry(balanced(account="  "), number=1)) == [
        ("account_missing", Place(1, 1, "account"))
    ]


def test_texts_that_afas_cannot_hold_are_said_with_their_field() -> None:
    for field, limit in (("account", 16), ("cost_centre", 16), ("cost_unit", 16), ("description", 255)):
        assert check_entry(balanced(**{field: "x" * limit})) == []
        assert said(check_entry(balanced(**{field: "x" * (limit + 1)}))) == [
            ("line_text_too_long", Place(None, 1, field))
        ]
        assert said(check_entry(balanced(**{field: "a\x00b"}))) == [
            ("line_text_not_printable", Place(None, 1, field))
        ]


def test_all_checks_run() -> None:
    wrong = entry(line_of("", Decimal(1), cost_centre="x" * 17), line_of("1" * 17, Decimal(1)))
    assert [found.code for found in check_entry(wrong)] == [
        "entry_not_balanced",
        "account_missing",
        "line_text_too_long",
        "line_text_too_long",
    ]


def many(count: int) -> Posting:
    half = tuple(PostingLine(str(at), Decimal(1), ZERO) for at in range(count // 2))
    other = tuple(PostingLine(str(at), ZERO, Decimal(1)) for at in range(count // 2))
    return Posting(OCTOBER, 2026, 10, half + other)


def test_a_posting_of_a_thousand_lines_is_allowed_and_one_more_pair_is_not() -> None:
    assert check_posting(many(1000)) == []
    [found] = check_posting(many(1002))
    assert (found.code, dict(found.params)) == ("posting_too_long", {"count": "1002", "limit": "1000"})


def test_a_posting_in_which_nothing_is_left_is_said() -> None:
    _, problems = check(entry(line_of("4000", Decimal(5)), line_of("4000", Decimal(-5))), Rules(), run=RUN)
    assert [found.code for found in problems] == ["lines_cancelled_out", "posting_empty"]


def test_a_description_that_the_template_makes_too_long_is_said() -> None:
    _, problems = check(
        balanced(description="x" * 250),
        Rules(description_template=DescriptionTemplate("Loon {omschrijving}{jaar}")),
        run=RUN,
    )
    assert [found.code for found in problems] == ["posting_description_too_long"]


def test_entry_and_posting_together_say_each_problem_once() -> None:
    posting, problems = check(entry(line_of("4000", Decimal(5))), Rules(), run=RUN, number=1)
    assert posting.lines[0].account == "4000"
    assert [found.code for found in problems] == ["entry_not_balanced"]
