"""`/OtpRequest` and `/OtpValidation`: the way to a classic token by a mailed activation code.

The answer is 2xx whatever happens: that a mail went out can only be seen in the mailbox.
"""

import asyncio
from typing import Any

from starlette.responses import Response

from afas_sandbox import mail
from afas_sandbox.access import AppConnector, User
from afas_sandbox.answers import empty_answer, json_answer
from afas_sandbox.messages import Refusal, catalogue
from afas_sandbox.sandbox import Sandbox
from afas_sandbox.world import Environment


async def request_code(sandbox: Sandbox, environment: Environment, body: Any) -> Response:
    """Mail a code when every condition holds; 200 in any case. Raises Refusal for a missing key."""
    given = _keys(body, "apikey", "apitoken", "userid")
    connector, user = _find(environment, given)
    if connector and user and sandbox.mail_server and mail.may_be_mailed(environment, connector, user):
        code = connector.ask_code(user.code, sandbox.randomness, sandbox.now())
        letter = mail.activation_mail(connector, user, code, environment.language)
        try:
            await asyncio.to_thread(mail.send, sandbox.mail_server, letter)
        except OSError:
            _log_undelivered(sandbox, environment, user)
    return empty_answer(200)


def validate_code(sandbox: Sandbox, environment: Environment, body: Any) -> Response:
    """The token for a right code; 204 for a wrong one. Raises Refusal for a missing key."""
    given = _keys(body, "apikey", "apitoken", "userid", "otp")
    connector, user = _find(environment, given)
    if connector is None or user is None or connector.blocked or user.blocked:
        return empty_answer(204)
    token = connector.exchange_code(user.code, given["otp"], sandbox.randomness, sandbox.now())
    if token is None:
        return empty_answer(204)
    return json_answer(200, {"token": f"{token.xml}\r\n"})


def _keys(body: Any, *names: str) -> dict[str, str]:
    """The keys of the body, whatever their case."""
    if not isinstance(body, dict):
        raise Refusal("unexpected")
    given = {str(name).lower(): value for name, value in body.items()}
    if any(not isinstance(given.get(name), str) or not given[name] for name in names):
        raise Refusal("unexpected")
    return {name: given[name].strip() for name in names}


def _find(environment: Environment, given: dict[str, str]) -> tuple[AppConnector | None, User | None]:
    connector = environment.find_app_connector(given["apikey"], given["apitoken"])
    return connector, environment.find_user(given["userid"])


def _log_undelivered(sandbox: Sandbox, environment: Environment, user: User) -> None:
    environment.log_error(
        at=sandbox.now(),
        connector="OtpRequest",
        user_code=user.code,
        error_number=catalogue()["unexpected"].error_number,
        message="The mail server did not take the activation mail.",
        randomness=sandbox.randomness,
    )
