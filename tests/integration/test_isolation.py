"""Every address of the product, tried with another office's ids, and by somebody who is not signed in."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.integration.two_offices import OfficeWithAll

from loonbrug.payroll.models import Upload

OPEN_TO_ALL = {"sign-in", "sign-in-link", "healthz", "readyz", "metrics"}
#: An uploaded file is gone once it was imported: whoever asks for one that is not there is sent back to the start.
SENDS_BACK = {"journal-run", "journal-preview", "journal-drop"}
#: Answers only what a form asks of it.
NEEDS_A_QUESTION = {"sign-in-link", "afas-journal-codes"}
#: Is not ready while no engine is at work, as in these tests.
NOT_READY = {"readyz"}
OTHER_WORDS = {"ordinal": 1, "kind": "csv", "token": "x"}


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


ALL = list(patterns(get_resolver()))
WITH_IDS = [
    (pattern, word) for pattern in ALL for word in pattern.pattern.converters if word not in OTHER_WORDS
]


def words_of(pattern: URLPattern, ids: dict[str, int]) -> dict[str, object]:
    known = ids | OTHER_WORDS
    return {word: known[word] for word in pattern.pattern.converters}


def test_there_are_addresses_to_walk() -> None:
    assert len(ALL) > 30
    assert len(WITH_IDS) > 20


@pytest.mark.parametrize(
    ("pattern", "word"), WITH_IDS, ids=[f"{pattern.name}-{word}" for pattern, word in WITH_IDS]
)
def test_another_offices_id_is_not_found(
    pattern: URLPattern, word: str, noord: OfficeWithAll, zuid: OfficeWithAll
) -> None:
    browser = noord.manager.browser()
    words = words_of(pattern, noord.ids) | {word: zuid.ids[word]}
    address = reverse(str(pattern.name), kwargs=words)
    statuses = {browser.get(address).status_code, browser.post(address).status_code}
    refused = {302, 403, 404} if pattern.name in SENDS_BACK else {403, 404}
    assert statuses <= refused | {405}
    assert statuses & refused
    assert Upload.objects.filter(id=zuid.ids["upload_id"]).exists()


@pytest.mark.parametrize("pattern", ALL, ids=[str(pattern.name) for pattern in ALL])
def test_its_own_office_finds_it(pattern: URLPattern, zuid: OfficeWithAll) -> None:
    if pattern.name in NEEDS_A_QUESTION | NOT_READY:
        return
    address = reverse(str(pattern.name), kwargs=words_of(pattern, zuid.ids))
    assert zuid.manager.browser().get(address).status_code in {200, 302, 405}


@pytest.mark.parametrize("pattern", ALL, ids=[str(pattern.name) for pattern in ALL])
def test_who_is_not_signed_in_sees_nothing_but_the_sign_in(pattern: URLPattern, noord: OfficeWithAll) -> None:
    address = reverse(str(pattern.name), kwargs=words_of(pattern, noord.ids))
    answer = Client().get(address)
    if pattern.name in OPEN_TO_ALL:
        assert "anna" not in answer.content.decode()
    else:
        assert answer.status_code == 405 or answer["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("pattern", ALL, ids=[str(pattern.name) for pattern in ALL])
def test_a_number_that_is_too_large_for_any_database_is_not_found(
    pattern: URLPattern, noord: OfficeWithAll
) -> None:
    if not set(pattern.pattern.converters) - set(OTHER_WORDS):
        return
    huge = dict.fromkeys(noord.ids, 10**30)
    address = reverse(str(pattern.name), kwargs=words_of(pattern, huge))
    assert noord.manager.browser().get(address).status_code in {404, 405}
