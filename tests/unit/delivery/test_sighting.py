"""What the books tell, and when absence is proven: rule by rule."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from afas_client.transactions import Transaction
from loonbrug.delivery.outcomes import Policy
from loonbrug.delivery.payload import expected_of, payload_of
from loonbrug.delivery.sighting import LookUp, Sighting, proven_absent, seen
from loonbrug.ledger.entry import Posting, PostingLine

NOTHING = Decimal(0)
POSTING = Posting(
    date(2026, 10, 31),
    2026,
    10,
    (
        PostingLine("4000", Decimal("700.00"), NOTHING, ((1, "100"),)),
        PostingLine("4000", Decimal("300.00"), NOTHING, ((1, "200"),)),
        PostingLine("2100", NOTHING, Decimal("1000.00")),
    ),
)
EXPECTED = expected_of(payload_of(POSTING, administration=1, journal_code="90", voucher_number="V1"))
SENT_BEFORE = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
POLICY = Policy()
FIRST = LookUp(
    at=SENT_BEFORE + timedelta(seconds=31),
    question="?VoucherNo=V1",
    token="t1",
    has_sight=False,
    afas_clock=SENT_BEFORE + timedelta(seconds=31),
    boot="b1",
    boot_seconds=Decimal("5000.5"),
)


def line(
    account: str, debit: str = "0", credit: str = "0", *, code: str = "", entry: str = "5789"
) -> Transaction:
    codes = (code, "", "", "", "")
    return Transaction(1, "90", 2026, entry, "V1", account, Decimal(debit), Decimal(credit), codes)


AS_SENT = [
    line("4000", "700", code="100"), line("4000", "300.00", code="200"), line("2100", credit="1000"),
]  # fmt: skip


def later(seconds: float, **changed: object) -> LookUp:
    """A look that many seconds after the first, by every clock, with sight."""
    moved = replace(
        FIRST,
        at=FIRST.at + timedelta(seconds=seconds),
        has_sight=True,
        afas_clock=SENT_BEFORE + timedelta(seconds=31 + seconds),
        boot_seconds=FIRST.boot_seconds + Decimal(str(seconds)),
    )
    return replace(moved, **changed)  # type: ignore[arg-type]


def absent(*look_ups: LookUp) -> bool:
    return proven_absent(look_ups, policy=POLICY, countable_from=SENT_BEFORE + timedelta(seconds=30))


def test_nothing_found_is_absent() -> None:
    assert seen([], EXPECTED).sighting is Sighting.ABSENT


def test_one_entry_with_the_same_totals_is_ours() -> None:
    found = seen(AS_SENT, EXPECTED)
    assert (found.sighting, found.entry_number, found.same_allocation) == (Sighting.EQUAL, "5789", True)


def test_afas_may_split_or_join_lines_as_long_as_totals_are_equal() -> None:
    split = [*AS_SENT[:2], line("2100", credit="400"), line("2100", credit="600")]
    assert seen(split, EXPECTED).sighting is Sighting.EQUAL


def test_other_amounts_or_accounts_are_different() -> None:
    assert seen(AS_SENT[:2], EXPECTED).sighting is Sighting.DIFFERENT
    assert seen([*AS_SENT[:2], line("2100", credit="999.99")], EXPECTED).sighting is Sighting.DIFFERENT
    assert seen([*AS_SENT[:2], line("2101", credit="1000")], EXPECTED).sighting is Sighting.DIFFERENT


def test_two_entry_numbers_under_one_voucher_number_are_double() -> None:
    twice = [*AS_SENT, *(replace(each, entry_number="5790") for each in AS_SENT)]
    assert seen(twice, EXPECTED).sighting is Sighting.DOUBLE


def test_a_lost_cost_centre_leaves_the_accounts_equal_and_the_allocation_not() -> None:
    found = seen([line("4000", "1000"), AS_SENT[2]], EXPECTED)
    assert (found.sighting, found.same_allocation) == (Sighting.EQUAL, False)


def test_only_the_axes_that_we_sent_are_compared() -> None:
    more = [replace(each, codes=(each.codes[0], "X", "", "", "")) for each in AS_SENT]
    assert seen(more, EXPECTED).same_allocation


def test_absence_needs_two_looks_the_limit_and_a_margin_apart() -> None:
    assert not absent(FIRST)
    assert not absent(FIRST, later(959.9))
    assert absent(FIRST, later(960))


def test_a_look_before_everything_has_surely_left_does_not_count() -> None:
    too_soon = replace(FIRST, at=SENT_BEFORE + timedelta(seconds=29))
    assert not absent(too_soon, later(960))


def test_absence_needs_sight_in_the_last_round() -> None:
    assert not absent(replace(FIRST, has_sight=True), later(960, has_sight=False))


def test_another_question_or_another_token_proves_nothing() -> None:
    assert not absent(FIRST, later(960, question="?VoucherNo=V2"))
    assert not absent(FIRST, later(960, token="t2"))


def test_the_smaller_of_both_clocks_counts() -> None:
    assert not absent(FIRST, later(960, afas_clock=SENT_BEFORE + timedelta(seconds=40)))
    assert not absent(FIRST, later(960, boot_seconds=FIRST.boot_seconds + 1))


def test_one_clock_is_enough_and_none_starts_anew() -> None:
    assert absent(FIRST, later(960, afas_clock=None))
    assert absent(FIRST, later(960, boot="b2", boot_seconds=Decimal(3)))
    assert not absent(FIRST, later(960, afas_clock=None, boot="b2"))


@given(seconds=st.floats(0, 959), jump=st.integers(-(10**6), 10**6))
def test_no_jump_of_the_wall_clock_proves_absence_early(seconds: float, jump: int) -> None:
    jumped = later(seconds)
    assert not absent(FIRST, replace(jumped, at=jumped.at + timedelta(seconds=jump)))
