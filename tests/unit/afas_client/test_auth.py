"""Signing in: hosts, tokens that never show, and activation codes."""

from __future__ import annotations

import base64
import json

import pytest

from afas_client import auth, errors
from afas_client.auth import BASE_URL, ClassicToken, EnvironmentType
from afas_client.wire import Response

DIGITS = "0123456789ABCDEF" * 4
XML = f"<token><version>1</version><data>{DIGITS}</data></token>"


@pytest.mark.parametrize(
    ("environment_type", "host"),
    [
        (EnvironmentType.PRODUCTION, "12345.rest.afas.online"),
        (EnvironmentType.TEST, "12345.resttest.afas.online"),
        (EnvironmentType.ACCEPT, "12345.restaccept.afas.online"),
    ],
)
def test_each_kind_of_environment_has_its_own_host(environment_type: EnvironmentType, host: str) -> None:
    assert auth.base_url(BASE_URL, "12345", environment_type) == f"https://{host}/ProfitRestServices"


@pytest.mark.parametrize("wrong", ["", "1234", "123456", "01234", "O12345", "12345\n", "１２３４５", "a.b/c"])
def test_only_a_participant_number_becomes_part_of_a_host(wrong: str) -> None:
    with pytest.raises(ValueError, match="five digits"):
        auth.base_url(BASE_URL, wrong, EnvironmentType.PRODUCTION)


def test_a_template_leads_everything_elsewhere() -> None:
    template = "http://127.0.0.1:8700/{participant_number}/{segment}/ProfitRestServices/"
    assert (
        auth.base_url(template, "99999", EnvironmentType.TEST)
        == "http://127.0.0.1:8700/99999/resttest/ProfitRestServices"
    )


def test_the_header_holds_the_whole_xml_in_base64() -> None:
    kind, _, encoded = ClassicToken(XML).authorization.partition(" ")
    assert kind == "AfasToken"
    assert base64.b64decode(encoded).decode() == XML


def test_a_token_shows_nowhere() -> None:
    assert DIGITS not in repr(ClassicToken(XML))
    with pytest.raises(ValueError, match="no classic token") as caught:
        ClassicToken(XML + "x")
    assert DIGITS not in repr(caught.value)


def test_the_environment_key_travels_as_api_token() -> None:
    body = auth.activation_validation_body(
        api_key="A", environment_key="E", user_id="12345.user", activation_code="34264813"
    )
    assert json.loads(body) == {"apiKey": "A", "apiToken": "E", "userId": "12345.user", "otp": "34264813"}


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_success_means_that_a_code_was_asked_for(status: int) -> None:
    assert auth.activation_requested(Response(status, {}, b"")) is None


@pytest.mark.parametrize(
    ("status", "error"), [(401, errors.TokenRefused), (500, errors.BadAnswer), (302, errors.BadAnswer)]
)
def test_a_refused_request_for_a_code_is_an_error(status: int, error: type[errors.AfasError]) -> None:
    with pytest.raises(error):
        auth.activation_requested(Response(status, {}, b""))


def test_the_line_break_behind_a_token_is_taken_off() -> None:
    body = json.dumps({"token": XML + "\r\n"}).encode()
    assert auth.activation_validated(Response(200, {}, body)) == ClassicToken(XML)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_wrong_code_is_answered_with_nothing(status: int) -> None:
    with pytest.raises(errors.ActivationCodeRefused) as caught:
        auth.activation_validated(Response(status, {}, b""))
    assert caught.value.evidence.status == status


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"token":5}', b"<html>", XML.encode(), b'{"token":"' + XML[:-1].encode() + b'"}']
)
def test_a_success_without_a_token_is_a_bad_answer_that_shows_nothing(body: bytes) -> None:
    with pytest.raises(errors.BadAnswer) as caught:
        auth.activation_validated(Response(200, {"X": "y"}, body))
    assert caught.value.evidence == errors.Evidence(status=200)
    assert caught.value.__cause__ is None
