"""The world keeps itself consistent, and is the same after it was written out and read in."""

from datetime import date
from itertools import pairwise

import pytest
from tests.unit.afas_sandbox.books_to_book_in import NOW, allocated, balanced, book, environment

from afas_sandbox.access import AlreadyThereError, StillInUseError, User
from afas_sandbox.books import four_week_periods
from afas_sandbox.messages import catalogue, language_of
from afas_sandbox.randomness import SeededRandomness, SystemRandomness
from afas_sandbox.seeding import DocumentError, apply, document_of, seed
from afas_sandbox.world import World


def test_a_written_world_is_read_back_as_it_was() -> None:
    world = seed("demo")
    book(world.environments["12345.resttest"], balanced("4000", below=allocated("100")))
    written = document_of(world)
    read = World()
    apply(read, written)
    assert document_of(read) == written


def test_a_document_that_names_something_unknown_is_refused_by_its_place() -> None:
    with pytest.raises(DocumentError, match="Account has no colour"):
        apply(environment(), {"accounts": [{"number": "4000", "colour": "red"}]})
    with pytest.raises(DocumentError, match=r"Environment\.mail_server"):
        apply(environment(), {"mail_server": "perhaps"})


def test_a_new_app_connector_is_blocked_and_has_two_keys_of_its_own() -> None:
    connector = environment().add_app_connector("Nieuw", "ADM", SeededRandomness("keys"))
    assert connector.blocked
    assert len({connector.api_key, connector.environment_key}) == 2
    assert {len(connector.api_key), len(connector.environment_key)} == {32}


def test_a_new_code_ends_the_older_one_and_a_used_one_is_gone() -> None:
    connector, randomness = environment().app_connectors[1], SeededRandomness("codes")
    first = connector.ask_code("12345.admin", randomness, NOW).code
    second = connector.ask_code("12345.admin", randomness, NOW).code
    assert connector.exchange_code("12345.admin", first, randomness, NOW) is None
    assert connector.exchange_code("12345.beperkt", second, randomness, NOW) is None
    assert connector.exchange_code("12345.admin", second, randomness, NOW) is not None
    assert connector.exchange_code("12345.admin", second, randomness, NOW) is None


def test_a_removed_user_takes_tokens_along() -> None:
    of = environment()
    token = of.app_connectors[1].add_token("12345.admin", "x", SeededRandomness("x"), NOW)
    of.remove_user("12345.admin")
    assert of.find_token(token.data) is None
    assert "12345.admin" not in of.app_connectors[1].users


def test_what_is_in_use_stays() -> None:
    of = environment()
    with pytest.raises(StillInUseError):
        of.remove_group("ADM")
    with pytest.raises(StillInUseError):
        of.remove_axis_code(1, "100")
    of.remove_group("LEES")
    assert "LEES" not in of.groups
    assert of.users["12345.buitengroep"].groups == set()


def test_nothing_is_added_twice_and_an_address_of_two_users_is_nobodys() -> None:
    of = environment()
    with pytest.raises(AlreadyThereError):
        of.add_user(User("12345.admin", "Again"))
    of.add_user(User("12345.twee", "Twee", email="ANJA.DEKKER@kantoor.example"))
    assert of.find_user("anja.dekker@kantoor.example") is None
    found = of.find_user("12345.ADMIN")
    assert found is not None
    assert found.code == "12345.admin"


@pytest.mark.parametrize("year", range(2020, 2031))
def test_four_week_periods_cover_a_year_without_a_gap(year: int) -> None:
    periods = four_week_periods(year)
    assert (periods[0].first, periods[-1].last) == (date(year, 1, 1), date(year, 12, 31))
    assert all((after.first - before.last).days == 1 for before, after in pairwise(periods))


def test_every_message_has_both_texts_and_says_where_they_come_from() -> None:
    sources = {"published", "quoted", "pattern", "ours"}
    for message in catalogue().values():
        assert message.wording.nl
        assert message.wording.en
        assert {message.source.nl, message.source.en} <= sources


@pytest.mark.parametrize(
    ("header", "language"), [(None, "nl"), ("en-us", "en"), ("NL-BE", "nl"), ("fr-fr", "nl"), ("", "nl")]
)
def test_the_answer_speaks_the_language_asked_for_if_it_can(header: str | None, language: str) -> None:
    assert language_of(header, "nl") == language


@pytest.mark.parametrize("source", [SystemRandomness(), SeededRandomness("any")])
def test_randomness_has_the_length_asked_for(source: SystemRandomness | SeededRandomness) -> None:
    assert len(source.hexadecimal(33)) == 33
    assert int(source.hexadecimal(64), 16) >= 0
    assert all(len(source.digits(8)) == 8 and source.digits(8).isdecimal() for _ in range(50))
