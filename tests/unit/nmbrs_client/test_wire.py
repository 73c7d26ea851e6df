"""Answers become data or one error; no error says more than it may."""

from __future__ import annotations

import json
from contextlib import suppress
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.nmbrs_client.scripted import answered, document, page, problem

from nmbrs_client import errors, wire
from nmbrs_client.errors import Form, NmbrsError
from nmbrs_client.wire import Response

HTML = {"Content-Type": "text/html"}


def error(response: Response, *secrets: str) -> NmbrsError:
    with pytest.raises(NmbrsError) as raised:
        wire.checked(response, secrets)
    return raised.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40033, errors.Invalid),
        (40101, errors.TokenRefused),
        (40102, errors.TokenRefused),
        (40303, errors.DataRefused),
        (40304, errors.EnvironmentDisabled),
        (40305, errors.DataRefused),
        (40306, errors.SeveralDebtors),
        (40401, errors.NotFound),
        (40404, errors.CompanyNotFound),
        (42908, errors.TooManyCalls),
        (42909, errors.QuotaExceeded),
        (50001, errors.ServerFailed),
        (50201, errors.ServerFailed),
        (50301, errors.Unavailable),
    ],
)
def test_every_number_of_nmbrs_has_its_error(code: int, kind: type[NmbrsError]) -> None:
    told = error(problem(code))
    assert type(told) is kind
    assert (told.evidence.status, told.evidence.code) == (code // 100, code)
    assert (told.evidence.title, told.evidence.detail) == (f"Title_{code}", f"detail of {code}")
    assert str(code) in str(told)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (answered(400, {"title": "?"}), errors.Invalid),
        (answered(401, {"message": "invalid subscription key"}), errors.SubscriptionKeyRefused),
        (answered(403, {}), errors.AccessRefused),
        (answered(404, None), errors.NotFound),
        (answered(429, None), errors.TooManyCalls),
        (answered(500, None), errors.ServerFailed),
        (answered(504, None), errors.ServerFailed),
        (answered(503, None), errors.Unavailable),
        (Response(503, HTML, b"<html>"), errors.Unavailable),
        (Response(502, HTML, b"<html>"), errors.ServerFailed),
        (Response(429, HTML, b"<html>"), errors.TooManyCalls),
        (answered(404, {"code": 99999, "title": "New"}), errors.NotFound),
        (answered(404, {"code": "40404", "title": "As text"}), errors.CompanyNotFound),
        (answered(500, {"code": 40102, "title": "The number is believed"}), errors.TokenRefused),
        (answered(200, {"code": 40303, "title": "Said with a success"}), errors.DataRefused),
    ],
)
def test_without_a_known_number_the_status_decides(response: Response, kind: type[NmbrsError]) -> None:
    assert type(error(response)) is kind


@pytest.mark.parametrize(
    ("response", "form"),
    [
        (Response(404, HTML, b"not found"), Form.HTML),
        (Response(403, {}, b"<HTML>blocked"), Form.HTML),
        (Response(401, {}, b" \n<!doctype html>"), Form.HTML),
        (Response(302, HTML, b"<html>"), Form.REDIRECT),
        (Response(304, {}, b""), Form.REDIRECT),
        (Response(204, {}, b""), Form.EMPTY),
        (Response(418, {}, b"tea"), Form.UNKNOWN),
    ],
)
def test_what_comes_from_something_in_between_proves_nothing(response: Response, form: Form) -> None:
    told = error(response)
    assert isinstance(told, errors.BadAnswer)
    assert told.form is form


def test_wrong_parameters_are_named_with_their_reasons() -> None:
    body = {"code": 40033, "title": "x", "invalid-params": [{"name": "year", "reason": "no year"}, 5, None]}
    assert error(answered(400, body)).evidence.invalid_params == (("year", "no year"), ("", ""), ("", ""))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "9" * 40}, 366 * 24 * 3600),
        (
            {"Retry-After": "Sun, 25 Oct 2026 01:00:30 GMT", "Date": "Sun, 25 Oct 2026 00:59:00 GMT"},
            90,
        ),
        ({"Retry-After": "Sun, 25 Oct 2026 01:00:00 GMT", "Date": "Sun, 25 Oct 2026 01:00:05 GMT"}, 0),
        ({"Retry-After": "Sun, 25 Oct 2026 01:00:30 GMT"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "١٧"}, None),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_when_to_try_again_is_read_as_seconds_or_as_a_moment(
    headers: dict[str, str], seconds: int | None
) -> None:
    assert wire.retry_after(Response(429, headers, b"")) == seconds


def test_each_error_says_when_to_try_again_also_when_nmbrs_does_not() -> None:
    seconds = [error(problem(code)) for code in (42908, 42909, 50301, 50001)]
    assert [each.again_in for each in seconds if isinstance(each, errors.TryLater)] == [60, 3600, 300, 60]
    at_once = error(problem(42908, Retry_After="0"))
    assert isinstance(at_once, errors.TryLater)
    assert at_once.again_in == 0


def test_a_list_and_a_running_task_are_successes() -> None:
    for response in (page(), answered(202, "busy"), answered(200, {"taskId": "1"})):
        assert wire.checked(response) is response


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"", Form.EMPTY),
        (b"<html>", Form.HTML),
        (b'{"data": [', Form.NOT_JSON),
        (b"\xff\xfe", Form.NOT_JSON),
        (b"[" * 100_000, Form.NOT_JSON),
        (b'{"data": [{"name": "\\ud800"}]}', Form.NOT_JSON),
        (b"null", Form.OTHER_FIELDS),
        (b"[]", Form.OTHER_FIELDS),
        (b"{}", Form.OTHER_FIELDS),
        (b'{"data": {}}', Form.OTHER_FIELDS),
        (b'{"data": [1]}', Form.OTHER_FIELDS),
    ],
)
def test_what_is_no_page_is_named_and_not_quoted(body: bytes, form: Form) -> None:
    with pytest.raises(errors.BadAnswer) as bad:
        wire.page_of(Response(200, {}, body))
    assert bad.value.form is form
    assert bad.value.__suppress_context__ or bad.value.__context__ is None


@pytest.mark.parametrize(
    ("pagination", "more"),
    [
        ({"pageNumber": 1, "totalPages": 2, "nextPage": None}, True),
        ({"pageNumber": 2, "totalPages": 2, "nextPage": None}, False),
        ({"pageNumber": 2, "totalPages": 2, "nextPage": "https://x"}, True),
        ({"pageNumber": "1", "totalPages": "2"}, True),
        ({"pageNumber": 1, "totalPages": 0}, False),
        ({"nextPage": None}, False),
        ({"nextPage": "https://x"}, True),
        ({"totalPages": 2}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_more_is_what_either_field_says(pagination: object, more: bool | None) -> None:
    assert wire.page_of(answered(200, {"data": [], "pagination": pagination})).more is more


def test_a_document_beyond_the_largest_is_refused() -> None:
    with pytest.raises(errors.BadAnswer) as bad:
        wire.document_of(document(b"x" * (wire.LARGEST_ANSWER + 1)))
    assert bad.value.form is Form.TOO_LARGE


@pytest.mark.parametrize(
    ("given", "text"), [("a\x00b ", "a\ufffdb"), (7, "7"), (True, ""), (None, ""), ([], ""), (1.5, "")]
)
def test_texts_are_fit_to_be_kept(given: object, text: str) -> None:
    assert wire.text_of(given) == text


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (5, 5),
        ("05", 5),
        ("-5", -5),
        (2**31 + 1, None),
        ("1e3", None),
        ("٣", None),
        ("--1", None),
        (True, None),
    ],
)
def test_whole_numbers_are_read_and_nothing_is_guessed(given: object, number: int | None) -> None:
    assert wire.whole_of(given) == number


SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=40)
HOLDS = st.sampled_from(
    [
        lambda secret: {"title": secret, "detail": f"token {secret} refused", "code": 40102},
        lambda secret: {"error": "invalid_grant", "error_description": quote(secret, safe="")},
        lambda secret: {"message": quote_plus(secret), "other": secret},
        lambda secret: {"code": 40033, "invalid-params": [{"name": secret, "reason": escape(secret)}]},
        lambda secret: [secret],
        lambda secret: secret,
    ]
)
STATUS = st.sampled_from([200, 202, 302, 400, 401, 403, 404, 418, 429, 500, 502, 503])


@given(SECRET, HOLDS, STATUS)
def test_no_error_ever_shows_a_secret_that_nmbrs_echoes(secret: str, holds: object, status: int) -> None:
    assert callable(holds)
    _shows_not(secret, Response(status, {}, json.dumps(holds(secret)).encode()))


@given(SECRET, st.integers(0, 5_000), STATUS, st.sampled_from([str, quote, escape]))
def test_no_page_of_html_shows_a_secret_wherever_it_stands(
    secret: str, before: int, status: int, written: object
) -> None:
    assert callable(written)
    _shows_not(secret, Response(status, HTML, f"<p>{'x' * before}{written(secret)}</p>".encode()))


def _shows_not(secret: str, response: Response) -> None:
    shown = repr(response)
    try:
        wire.checked(response, [secret])
        wire.page_of(response)
    except NmbrsError as told:
        shown += str(told) + repr(told) + repr(told.evidence)
    assert secret not in shown
    assert quote(secret, safe="") not in shown


@given(
    st.integers(100, 599),
    st.dictionaries(st.text(max_size=12), st.text(max_size=30)),
    st.binary(max_size=300),
)
def test_any_answer_is_a_success_or_a_named_error(status: int, headers: dict[str, str], body: bytes) -> None:
    _read_or_named(Response(status, headers, body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names := st.sampled_from(
        ["data", "pagination", "pageNumber", "totalPages", "nextPage", "code", "title", "detail", "error",
         "invalid-params", "taskId", "name", "reason"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(STATUS, JSON)
def test_any_json_is_a_success_or_a_named_error(status: int, body: object) -> None:
    _read_or_named(Response(status, {}, json.dumps(body).encode()))


def _read_or_named(response: Response) -> None:
    for read in (wire.page_of, wire.task_of, wire.document_of):
        with suppress(NmbrsError):
            read(wire.checked(response))


def every_error(kind: type[NmbrsError] = NmbrsError) -> list[type[NmbrsError]]:
    return [kind, *(below for each in kind.__subclasses__() for below in every_error(each))]


def test_every_error_has_a_name_of_its_own_and_stands_in_the_tree() -> None:
    kinds = every_error()
    assert len({kind.key for kind in kinds}) == len(kinds) > 20
    assert errors.__doc__ is not None
    assert [kind.__name__ for kind in kinds if kind.__name__ not in errors.__doc__] == []
