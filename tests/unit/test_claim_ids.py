"""Claim ids begin with the time, so that the index of attempts grows at its end."""

from loonbrug.project.wiring import new_claim_id


def test_ids_are_different_and_of_version_seven() -> None:
    made = {new_claim_id() for _ in range(1000)}
    assert len(made) == 1000
    assert {each.version for each in made} == {7}


def test_a_later_id_sorts_behind_an_earlier_millisecond() -> None:
    first = new_claim_id()
    while (later := new_claim_id()).int >> 80 == first.int >> 80:
        pass
    assert later > first
