"""What a partner sends the browser with to `/connect/authorize`, and where the browser is sent back to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from nmbrs_sandbox.identity import SCOPES, GrantError
from nmbrs_sandbox.world import EnvironmentKind, Login, LoginKind, Partner, World

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_ON_THIS_MACHINE = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?/[!-~]*", re.ASCII)


class StrangePartnerError(ValueError):
    """The partner or its address is not registered: the browser must not be sent back there."""


class MasterLoginError(ValueError):
    """A master login cannot give consent in an accountant environment."""


@dataclass(frozen=True)
class Authorization:
    """A request for consent that is in order."""

    partner: Partner
    redirect_uri: str
    scopes: list[str]
    state: str
    challenge: str

    def back(self, **answer: str) -> str:
        """The address to send the browser to, with the answer and the partner's own state."""
        mark = "&" if urlsplit(self.redirect_uri).query else "?"
        state = {"state": self.state} if self.state else {}
        return f"{self.redirect_uri}{mark}{urlencode(answer | state)}"

    @property
    def origin(self) -> str:
        """Scheme, host and port of where the browser goes next."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


def read_authorization(world: World, query: Mapping[str, str]) -> tuple[Authorization, GrantError | None]:
    """The request, and what is wrong with it. Raises StrangePartnerError."""
    partner = world.partners.get(query.get("client_id", ""))
    redirect_uri = query.get("redirect_uri", "")
    if partner is None or not _is_registered(partner, redirect_uri):
        raise StrangePartnerError
    asked = Authorization(
        partner,
        redirect_uri,
        query.get("scope", "").split(),
        query.get("state", ""),
        query.get("code_challenge", ""),
    )
    return asked, _fault(asked, query)


def _is_registered(partner: Partner, redirect_uri: str) -> bool:
    if partner.redirect_uris:
        return redirect_uri in partner.redirect_uris
    return _ON_THIS_MACHINE.fullmatch(redirect_uri) is not None


def _fault(asked: Authorization, query: Mapping[str, str]) -> GrantError | None:
    if query.get("response_type") != "code":
        return GrantError("unsupported_response_type")
    if not asked.scopes or not set(asked.scopes) <= set(SCOPES):
        return GrantError("invalid_scope")
    method = query.get("code_challenge_method", "")
    if asked.challenge and (method != "S256" or not _CHALLENGE.fullmatch(asked.challenge)):
        return GrantError("invalid_request", "code_challenge_method S256 with a challenge of 43 characters")
    return None


def check_login(world: World, login: Login) -> None:
    """Whether the login may give consent. Raises MasterLoginError."""
    if world.kind is EnvironmentKind.ACCOUNTANT and login.kind is LoginKind.MASTER:
        raise MasterLoginError
