"""Signing in: the classic token, the activation code that yields one, and the host of an environment.

Vendor facts are those of AFAS's pages "Authentication" (classic token), "OtpRequest" and "OtpValidation", and
"Concepts" (hosts). AFAS ends classic tokens in 2027.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from afas_client import errors, wire

BASE_URL = "https://{participant_number}.{segment}.afas.online/ProfitRestServices"
"""Where AFAS listens (AFAS "Concepts")."""


class EnvironmentType(StrEnum):
    """The three kinds of environment; each has its own host."""

    PRODUCTION = "production"
    TEST = "test"
    ACCEPT = "accept"


_SEGMENTS = {
    EnvironmentType.PRODUCTION: "rest",
    EnvironmentType.TEST: "resttest",
    EnvironmentType.ACCEPT: "restaccept",
}
_TOKEN = re.compile(r"<token><version>\d+</version><data>[0-9A-Fa-f]+</data></token>")


def is_participant_number(text: str) -> bool:
    """Whether this can be a participant number: five digits, 10000 to 99999 (AFAS "Quickstart")."""
    return re.fullmatch(r"[1-9][0-9]{4}", text) is not None


def base_url(template: str, participant_number: str, environment_type: EnvironmentType) -> str:
    """The base URL of an environment; never take it from a user code, which may keep another prefix.

    Raises ValueError for what cannot be a participant number.
    """
    if not is_participant_number(participant_number):
        raise ValueError("a participant number has five digits, 10000 to 99999")
    segment = _SEGMENTS[environment_type]
    return template.format(participant_number=participant_number, segment=segment).rstrip("/")


@dataclass(frozen=True, slots=True)
class ClassicToken:
    """A classic token: XML around hexadecimal digits. Keep `xml` encrypted; it stays out of the repr.

    Raises ValueError for anything else; what was given is not in the error.
    """

    xml: str = field(repr=False)

    def __post_init__(self) -> None:
        if _TOKEN.fullmatch(self.xml) is None:
            raise ValueError("this is no classic token of AFAS")

    @property
    def authorization(self) -> str:
        """The value of the Authorization header: base64 of the whole XML (AFAS "Authentication")."""
        return "AfasToken " + base64.b64encode(self.xml.encode("ascii")).decode("ascii")


def activation_request_body(*, api_key: str, environment_key: str, user_id: str) -> bytes:
    """The message that asks AFAS to mail an activation code. AFAS calls the environment key `apiToken`."""
    return msgspec.json.encode({"apiKey": api_key, "apiToken": environment_key, "userId": user_id})


def activation_validation_body(
    *, api_key: str, environment_key: str, user_id: str, activation_code: str
) -> bytes:
    """The message that trades an activation code for a token."""
    return msgspec.json.encode(
        {"apiKey": api_key, "apiToken": environment_key, "userId": user_id, "otp": activation_code}
    )


def activation_requested(response: wire.Response) -> None:
    """Nothing, where AFAS took the request. It says so for wrong keys as well: success proves nothing.

    Raises as `wire.read_answer` does.
    """
    if response.status not in (200, 201, 204):
        wire.read_answer(response)
        raise errors.BadAnswer(f"AFAS answered {response.status}", evidence=wire.evidence_of(response))


def activation_validated(response: wire.Response) -> ClassicToken:
    """The token. AFAS answers a wrong code with 204, and no body; an empty 200 is read the same way.

    Raises ActivationCodeRefused, BadAnswer, or what `wire.read_answer` raises. No part of a success is kept
    as evidence, because it may hold the token.
    """
    evidence = errors.Evidence(status=response.status)
    if response.status in (200, 201, 204) and not response.body.strip():
        what = "AFAS gave no token for this activation code"
        raise errors.ActivationCodeRefused(what, evidence=evidence)
    if response.status not in (200, 201):
        wire.read_answer(response)
    try:
        answer = wire.decoded(response.body)
        xml = answer.get("token") if isinstance(answer, dict) else None
        return ClassicToken(xml.strip() if isinstance(xml, str) else "")
    except ValueError:
        raise errors.BadAnswer("AFAS answered without a token", evidence=evidence) from None
