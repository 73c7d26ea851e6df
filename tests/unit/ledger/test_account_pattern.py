import pytest
from hypothesis import given
from hypothesis import strategies as st

from loonbrug.ledger.account_pattern import AccountPattern, AccountPatternError


@pytest.mark.parametrize(
    ("pattern", "account", "matches"),
    [
        ("[0-3][0-9][0-9][0-9]", "1700", True),
        ("[0-3][0-9][0-9][0-9]", "4000", False),
        ("[0-3][0-9][0-9][0-9]", "17000", False),
        ("[0-3][0-9][0-9][0-9]", "170", False),
        ("4[05]00", "4500", True),
        ("4[05]00", "4100", False),
        ("[A-C][-0]", "B-", True),
        ("[0-9-]", "-", True),
        ("K.1", "KX1", False),
    ],
)
def test_a_pattern_holds_whole_accounts(pattern: str, account: str, matches: bool) -> None:
    assert AccountPattern(pattern).matches(account) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "[",
        "[]",
        "[0-9",
        "0]",
        "[9-0]",
        "[a-Z]",
        "(a+)+",
        ".*",
        "[^0-3]",
        "\\d",
        "4?",
        "[[0-9]]",
        "1" * 17,
    ],
)
def test_anything_else_is_refused(pattern: str) -> None:
    with pytest.raises(AccountPatternError):
        AccountPattern(pattern)


@given(st.text(alphabet="[]0-9ab^*?", max_size=40), st.text(alphabet="0-9ab", max_size=20))
def test_no_text_breaks_the_reading_of_a_pattern(text: str, account: str) -> None:
    try:
        pattern = AccountPattern(text)
    except AccountPatternError:
        return
    assert pattern.matches(account) in (True, False)
