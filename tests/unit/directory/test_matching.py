import pytest

from loonbrug.directory.matching import Doubt, Match, Ours, match

NEW = Match()


def found(
    ours: Ours | None, *, number: str = "2001", name: str = "Bakkerij", debtor_id: int | None = 1
) -> Match:
    return match(number=number, name=name, debtor_id=debtor_id, ours=ours)


def test_a_number_that_is_not_here_is_new() -> None:
    assert found(None) == NEW


def test_the_same_number_under_the_same_debtor_is_the_same_whatever_its_name() -> None:
    assert found(Ours(7, "Iets anders", 1, is_linked=False)) == Match(id=7)


def test_under_another_debtor_the_same_name_makes_it_the_same() -> None:
    assert found(Ours(7, " BAKKERIJ ", 2, is_linked=False)) == Match(id=7)


def test_under_another_debtor_another_name_is_for_a_person() -> None:
    assert found(Ours(7, "Slagerij", 2, is_linked=False)) == Match(doubt=Doubt.OTHER_DEBTOR)


def test_what_stands_for_another_one_in_nmbrs_is_never_taken() -> None:
    assert found(Ours(7, "Bakkerij", 1, is_linked=True)) == Match(doubt=Doubt.LINKED_ELSEWHERE)


@pytest.mark.parametrize("number", ["", "20 01", "1" * 21])
def test_a_number_that_we_could_not_keep_is_for_a_person(number: str) -> None:
    assert found(None, number=number) == Match(doubt=Doubt.NUMBER_UNUSABLE)
