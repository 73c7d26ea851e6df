"""The way to a token, as the article tells it: a mail goes out only when everything is right."""

import re
from typing import Any

import pytest
from tests.contract.afas_sandbox.conftest import HOST, Profit

KEYS = {"apiKey": "5A4D0B0C1E7F48D2A9C36B8E0F1D2C3B", "apiToken": "C0FFEE00BADC0DE5A11FEED0DECADE01"}


async def ask(profit: Profit, user: str = "12345.admin", **other: str) -> int:
    status, headers, body = await profit.call("POST", "OtpRequest", KEYS | {"userId": user} | other)
    assert body == b""
    assert headers["Content-Type"].startswith("application/xml")
    return status


async def test_a_code_is_mailed_and_makes_a_token_that_lets_in(profit: Profit) -> None:
    profit.headers = {}
    assert await ask(profit, "anja.dekker@kantoor.example") == 200
    mail = profit.mailbox.mails[0]
    code = re.search(r"\b\d{8}\b", mail.get_content())
    assert (mail["To"], "Loonbrug" in mail["Subject"], bool(code)) == (
        "anja.dekker@kantoor.example",
        True,
        True,
    )
    assert code is not None

    shouted = {name.upper(): value for name, value in KEYS.items()}
    status, _, body = await profit.call(
        "POST", "otpvalidation", shouted | {"UserId": "12345.admin", "Otp": code[0]}
    )
    assert status == 200
    assert re.fullmatch(r"<token><version>1</version><data>[0-9A-F]{64}</data></token>\r\n", body["token"])
    status, _, again = await profit.call(
        "POST", "OtpValidation", KEYS | {"userId": "12345.admin", "otp": code[0]}
    )
    assert (status, again) == (204, b"")


@pytest.mark.parametrize(
    "user",
    [
        "12345.zondermail",
        "12345.buitengroep",
        "12345.zondertoken",
        "98765.meewerker",
        "12345.vreemdmail",
        "12345.onbekend",
    ],
)
async def test_a_user_for_whom_something_is_missing_gets_no_mail_and_no_hint(
    profit: Profit, user: str
) -> None:
    assert await ask(profit, user) == 200
    assert profit.mailbox.mails == []


@pytest.mark.parametrize("key", ["apiKey", "apiToken"])
async def test_a_wrong_key_mails_nothing_and_says_nothing(profit: Profit, key: str) -> None:
    assert await ask(profit, **{key: "F" * 32}) == 200
    assert profit.mailbox.mails == []


@pytest.mark.parametrize(
    "change",
    [
        {"mail_server": False},
        {"app_connectors": [{"id": 1, "blocked": True}]},
        {"users": [{"code": "12345.admin", "blocked": True}]},
    ],
)
async def test_a_closed_connector_user_or_mail_server_mails_nothing(
    profit: Profit, change: dict[str, Any]
) -> None:
    environment = {"participant": "12345", "type": "T"} | change
    assert (await profit.control("POST", "/world", {"environments": [environment]}))[0] == 200
    assert await ask(profit) == 200
    assert profit.mailbox.mails == []


async def test_a_wrong_code_is_answered_by_204(profit: Profit) -> None:
    await ask(profit)
    status, _, body = await profit.call(
        "POST", "OtpValidation", KEYS | {"userId": "12345.admin", "otp": "00000000"}
    )
    assert (status, body) == (204, b"")


@pytest.mark.parametrize(
    "change",
    [{"app_connectors": [{"id": 1, "blocked": True}]}, {"users": [{"code": "12345.admin", "blocked": True}]}],
)
async def test_a_right_code_makes_no_token_once_the_connector_or_the_user_is_blocked(
    profit: Profit, change: dict[str, Any]
) -> None:
    await ask(profit)
    code = re.search(r"\b\d{8}\b", profit.mailbox.mails[0].get_content())
    assert code is not None
    await profit.control("POST", "/world", {"environments": [{"participant": "12345", "type": "T"} | change]})
    answer = await profit.call("POST", "OtpValidation", KEYS | {"userId": "12345.admin", "otp": code[0]})
    assert answer[0] == 204


async def test_a_missing_key_is_an_unexpected_error(profit: Profit) -> None:
    status, _, body = await profit.call("POST", "OtpRequest", {"apiKey": KEYS["apiKey"]})
    assert (status, body["errorNumber"]) == (500, -2147180999)


async def test_a_mail_that_cannot_be_delivered_is_in_the_logbook_only(profit: Profit) -> None:
    profit.sandbox.mail_server = type(profit.sandbox.mail_server)("127.0.0.1", 1)  # type: ignore[call-arg, misc]
    assert await ask(profit) == 200
    assert [row.connector for row in profit.sandbox.world.environments[HOST].logbook] == ["OtpRequest"]
