"""Every recorded answer becomes exactly one thing."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.afas_client.samples import names, sample

from afas_client import errors, wire
from afas_client.errors import (
    BadAnswer,
    ConnectorMissing,
    IpRefused,
    LayoutLocked,
    Refused,
    TokenRefused,
    Unavailable,
    Unknown,
)
from afas_client.fi_entries import Booked

BOOKED = {
    "post-201-results-fientrypar": Booked("54605", "4", None),
    "post-201-without-results": Booked("48227", "1", "V008001"),
    "post-201-results-fientries": Booked("310", "2", "V008002"),
    "post-201-list": Booked("5789", "1", None),
    "post-200-lower-case": Booked("5790", "1", None),
}
POST_ERRORS = {
    "post-201-empty": Unknown,
    "post-200-empty": Unknown,
    "post-201-empty-results": Unknown,
    "post-201-without-entry-number": Unknown,
    "post-201-placeholder": Unknown,
    "post-201-two-entries": Unknown,
    "post-201-with-error": Unknown,
    "post-200-error-text": Unknown,
    "post-200-page": Unknown,
    "post-202-accepted": Unknown,
    "post-500-vat-mandatory-nl": Refused,
    "post-500-vat-mandatory-en": Refused,
    "post-500-account-unknown": Refused,
    "post-500-unknown-text-functional-number": Refused,
    "post-500-unknown-text-value-number": Refused,
    "post-500-unknown-text-other-number": Unknown,
    "post-500-layout-locked": LayoutLocked,
    "post-500-connector-missing": ConnectorMissing,
    "post-500-unexpected-nl": Unknown,
    "post-500-unexpected-functional-number": Unknown,
    "post-500-too-long-nl": Unknown,
    "post-500-too-long-en": Unknown,
    "post-500-empty": Unknown,
    "post-500-broken-json": Unknown,
    "post-400-invalid-json": Refused,
    "post-400-empty": Unknown,
    "post-401-empty": TokenRefused,
    "post-403-empty": IpRefused,
    "post-404-empty": Unknown,
    "post-413-empty": Unknown,
    "post-429-empty": Unknown,
    "post-302-elsewhere": Unknown,
    "post-502-page": Unknown,
    "post-504-error-text": Unknown,
    "post-503-retry-after": Unavailable,
    "post-503-retry-after-as-printed": Unavailable,
    "post-503-only-a-header": Unknown,
    "post-503-negative": Unknown,
}
DELETE_ERRORS = {
    "delete-200-page": Unknown,
    "delete-200-error-text": Unknown,
    "delete-204-empty": Unknown,
    "delete-404-empty": Unknown,
    "delete-500-reconciled": Refused,
    "delete-500-unexpected": Unknown,
}
GET_ERRORS = {
    "get-200-empty": BadAnswer,
    "get-200-broken-json": BadAnswer,
    "get-200-not-a-number": BadAnswer,
    "get-200-error-text": BadAnswer,
    "get-401-empty": TokenRefused,
    "get-404-empty": BadAnswer,
    "get-500-connector-missing": ConnectorMissing,
    "get-500-field-unknown": Refused,
    "get-500-unexpected": BadAnswer,
    "get-503-retry-after": Unavailable,
}


@pytest.mark.parametrize("name", BOOKED)
def test_a_booking_is_read_from_every_shape_in_circulation(name: str) -> None:
    assert wire.posted_answer(sample(name)) == BOOKED[name]


@pytest.mark.parametrize("name", POST_ERRORS)
def test_an_answer_to_a_new_entry_says_exactly_what_happened(name: str) -> None:
    with pytest.raises(errors.AfasError) as caught:
        wire.posted_answer(sample(name))
    assert type(caught.value) is POST_ERRORS[name]


@pytest.mark.parametrize("name", DELETE_ERRORS)
def test_an_answer_to_a_deletion_says_exactly_what_happened(name: str) -> None:
    with pytest.raises(errors.AfasError) as caught:
        wire.deleted_answer(sample(name))
    assert type(caught.value) is DELETE_ERRORS[name]


@pytest.mark.parametrize("name", GET_ERRORS)
def test_an_answer_to_a_read_is_data_or_one_error(name: str) -> None:
    with pytest.raises(errors.AfasError) as caught:
        wire.read_answer(sample(name))
    assert type(caught.value) is GET_ERRORS[name]


def test_an_empty_answer_to_a_deletion_means_deleted() -> None:
    assert wire.deleted_answer(sample("delete-200-empty")) is None


def test_every_recorded_answer_is_judged_in_a_test() -> None:
    assert names("post") == BOOKED.keys() | POST_ERRORS.keys()
    assert names("delete") == DELETE_ERRORS.keys() | {"delete-200-empty"}
    assert names("get") == GET_ERRORS.keys() | {"get-200-rows"}


def test_amounts_of_a_read_are_decimals_with_their_cents() -> None:
    answer = wire.read_answer(sample("get-200-rows"))
    amount = answer["rows"][0]["AmtDebit"]
    assert amount == Decimal("1234.10")
    assert str(amount) == "1234.10"


def test_an_error_carries_all_that_afas_said() -> None:
    with pytest.raises(Refused) as caught:
        wire.posted_answer(sample("post-500-vat-mandatory-nl"))
    told = caught.value.evidence
    assert told.status == 500
    assert told.external_message == "General message: (AfasFiEntry)VAT is verplicht voor rekening 4000"
    assert told.error_number == -2147180996
    assert told.log_reference == "0123456789abcdef0123456789abcdef"
    assert told.headers["X-AFAS-Proxy-Version"] == "2.1"
    assert caught.value.finding is not None
    assert caught.value.finding.params == {"account": "4000"}


def test_a_text_that_the_catalogue_does_not_know_stays_visible() -> None:
    with pytest.raises(Refused, match="Iets wat niemand eerder zag") as caught:
        wire.posted_answer(sample("post-500-unknown-text-functional-number"))
    assert caught.value.finding is None
    assert caught.value.evidence.external_message == "Iets wat niemand eerder zag"


@pytest.mark.parametrize("name", ["post-503-retry-after", "post-503-retry-after-as-printed"])
def test_both_printed_forms_of_the_maintenance_answer_tell_how_long_to_wait(name: str) -> None:
    with pytest.raises(Unavailable, match="scheduled maintenance") as caught:
        wire.posted_answer(sample(name))
    assert caught.value.evidence.retry_after == 7200


def test_evidence_never_holds_a_token_and_is_cut() -> None:
    digits = "0123456789ABCDEF" * 4
    xml = f"<token><version>1</version><data>{digits}</data></token>"
    escaped = xml.replace("<", "\\u003c")
    body = f'{{"externalMessage":"{escaped}","token":"{escaped}"}}{xml}'.encode() + b" " * 9_000
    headers = {"Set-Cookie": "session=1", "X-Echo": xml}
    with pytest.raises(Unknown) as caught:
        wire.posted_answer(wire.Response(500, headers, body))
    told = caught.value.evidence
    assert digits not in f"{told!r} {caught.value!r} {caught.value}"
    assert "Set-Cookie" not in told.headers
    assert len(told.body) == errors.BODY_LIMIT


def test_requests_and_answers_hide_their_headers_and_body() -> None:
    request = wire.Request("POST", "https://afas.example/x", {"Authorization": "AfasToken abc"}, b"salary")
    shown = repr(request) + repr(wire.Response(200, {"X": "abc"}, b"salary"))
    assert "abc" not in shown
    assert "salary" not in shown


def test_deep_nesting_is_a_bad_answer_and_no_crash() -> None:
    with pytest.raises(BadAnswer):
        wire.read_answer(wire.Response(200, {}, b"[" * 200_000))


@given(status=st.integers(100, 599), body=st.binary(max_size=200))
def test_no_answer_is_ever_taken_for_a_booking_by_accident(status: int, body: bytes) -> None:
    try:
        done = wire.posted_answer(wire.Response(status, {}, body))
    except errors.AfasError:
        return
    assert status in (200, 201)
    assert done.entry_number.encode() in body


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["results", "FiEntryPar", "EnNo", "retry_after", "externalMessage", "errorNumber"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(status=st.sampled_from([200, 201, 400, 401, 403, 500, 503]), answer=JSON_VALUES)
def test_any_json_ends_as_a_booking_or_as_one_of_our_errors(status: int, answer: object) -> None:
    body = json.dumps(answer).encode()
    for judge in (wire.posted_answer, wire.deleted_answer, wire.read_answer):
        with suppress(errors.AfasError):
            judge(wire.Response(status, {}, body))


def refusal_of(**fields: object) -> errors.AfasError:
    body = json.dumps({"externalMessage": "Onbekend", "errorNumber": -2147180996, **fields}).encode()
    with pytest.raises(errors.AfasError) as raised:
        wire.posted_answer(wire.Response(500, {}, body))
    return raised.value


def test_a_text_with_halves_of_characters_can_be_kept_and_shown() -> None:
    told = refusal_of(externalMessage="Periode \ud800 dicht\x00").evidence.external_message
    assert told is not None
    assert told.encode() == "Periode ? dicht\N{REPLACEMENT CHARACTER}".encode()


@pytest.mark.parametrize("number", [10**30, "9" * 400, 2**40])
def test_numbers_beyond_any_column_or_clock_are_not_told(number: object) -> None:
    evidence = refusal_of(errorNumber=number, retry_after=number).evidence
    assert (evidence.error_number, evidence.retry_after) == (None, None)


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 23 Nov 99999999999999999999 09:00:00 GMT",
        "Mon, 23 Nov 2026 09:00:00 -0000",
        "Mon, 23 Nov 2026 09:00:00 +9999999999999999",
        "soon",
        "",
    ],
)
def test_a_clock_that_says_nothing_useful_counts_as_none(date: str) -> None:
    assert wire.answered_at(wire.Response(200, {"Date": date}, b"")) is None
