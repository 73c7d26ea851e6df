"""Who calls: the classic token in the `Authorization` header."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime

from afas_sandbox.access import AppConnector, Token, User
from afas_sandbox.messages import Refusal
from afas_sandbox.world import Environment

_TOKEN = re.compile(
    r"<token><version>1</version><data>([0-9A-Fa-f]{64})</data></token>", re.ASCII
)  # no secret: a shape


class NotLetInError(Exception):
    """No token, a wrong one, one that has ended, or one whose user or app connector is closed: 401."""


@dataclass(frozen=True)
class Caller:
    connector: AppConnector
    token: Token
    user: User

    @property
    def is_admitted(self) -> bool:
        """Whether the app connector is open and the user in its group: what AFAS asks to exchange data."""
        return not self.connector.blocked and self.connector.group in self.user.groups


def caller(environment: Environment, authorization: str | None, now: datetime) -> Caller:
    """Who the header speaks for. Raises NotLetInError; Refusal for a token that is not in Base64."""
    scheme, _, encoded = (authorization or "").strip().partition(" ")
    if scheme.lower() != "afastoken":
        raise NotLetInError
    found = environment.find_token(_token_data(encoded.strip()))
    if found is None:
        raise NotLetInError
    connector, token = found
    user = environment.users.get(token.user_code)
    if user is None or user.blocked or token.is_expired(now):
        raise NotLetInError
    return Caller(connector, token, user)


def _token_data(encoded: str) -> str:
    if encoded.startswith("<token>"):
        # A token in plain text was let through until the end of 2025.
        raise Refusal("unexpected")
    try:
        text = base64.b64decode(encoded, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise NotLetInError from None
    match = _TOKEN.fullmatch(text.strip())
    if match is None:
        raise NotLetInError
    return match[1].upper()
