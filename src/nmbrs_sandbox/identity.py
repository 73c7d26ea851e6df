"""Consents, and the codes and tokens that come of them."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nmbrs_sandbox.randomness import Randomness
from nmbrs_sandbox.world import Login, NotThereError, Partner

CODE_HOLDS = timedelta(minutes=5)
ACCESS_HOLDS = timedelta(hours=1)
REFRESH_HOLDS = timedelta(days=30)
OFFLINE = "offline_access"
SCOPES = {
    "company.document.read": "Make documents of companies",
    "company.info": "See and change companies",
    "company.info.read": "See companies",
    "company.payrollsettings.read": "See payroll settings, runs, cost centres and cost units",
    "debtor.info.read": "See debtors",
    "document.read": "Fetch documents",
    "user.info.read": "See who gave consent",
    OFFLINE: "Stay connected without you (30 days at a time)",
}
"""The scopes that matter to journals, each with what the reader of the consent page is told."""


class GrantError(Exception):
    """The identity service does not do it; `error` is the word of OAuth."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.description = description


@dataclass
class Consent:
    """What somebody allowed a partner: these debtors, these scopes."""

    id: int
    client_id: str
    email: str
    debtors: list[str]
    scopes: list[str]
    given_at: datetime
    withdrawn: bool = False


@dataclass
class Code:
    """An authorization code: for one partner, one address, one use."""

    consent: Consent
    redirect_uri: str
    challenge: str
    ends_at: datetime
    used: bool = False


@dataclass
class Token:
    """An access token or a refresh token."""

    consent: Consent
    ends_at: datetime
    ended: bool = False
    """Spent, in case of a refresh token; or revoked."""

    def is_good(self, now: datetime) -> bool:
        return not self.ended and not self.consent.withdrawn and now < self.ends_at


@dataclass
class Tokens:
    """What a partner gets for a code or for a refresh token."""

    access: str
    refresh: str | None
    scopes: list[str]


@dataclass
class Identity:
    """All that was allowed and given out. Secrets are the keys."""

    consents: list[Consent] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)
    access_tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, Token] = field(default_factory=dict)

    def allow(
        self,
        partner: Partner,
        login: Login,
        scopes: list[str],
        *,
        redirect_uri: str,
        challenge: str,
        randomness: Randomness,
        now: datetime,
    ) -> str:
        """Write the consent down; the authorization code for it."""
        number = len(self.consents) + 1
        consent = Consent(number, partner.client_id, login.email, list(login.debtors), scopes, now)
        self.consents.append(consent)
        code = randomness.secret()
        self.codes[code] = Code(consent, redirect_uri, challenge, now + CODE_HOLDS)
        return code

    def exchange(
        self,
        partner: Partner,
        code: str,
        *,
        redirect_uri: str,
        verifier: str,
        randomness: Randomness,
        now: datetime,
    ) -> Tokens:
        """The tokens for a code, which is used up. Raises GrantError."""
        given = self.codes.get(code)
        if given is None or given.consent.client_id != partner.client_id:
            raise GrantError("invalid_grant", "The code is not known.")
        if given.used or now >= given.ends_at or given.consent.withdrawn:
            raise GrantError("invalid_grant", "The code is used, or has ended.")
        given.used = True
        if given.redirect_uri != redirect_uri:
            raise GrantError("invalid_grant", "The redirect_uri is not that of the authorization.")
        if given.challenge != (challenge_of(verifier) if verifier else ""):
            raise GrantError("invalid_grant", "The code_verifier does not fit.")
        return self._give(given.consent, randomness, now)

    def renew(self, partner: Partner, refresh_token: str, randomness: Randomness, now: datetime) -> Tokens:
        """New tokens for a refresh token, which is spent by it. Raises GrantError."""
        token = self.refresh_tokens.get(refresh_token)
        if token is None or token.consent.client_id != partner.client_id or not token.is_good(now):
            raise GrantError("invalid_grant", "The refresh token is spent, has ended, or is not known.")
        token.ended = True
        return self._give(token.consent, randomness, now)

    def revoke(self, partner: Partner, text: str) -> None:
        """End a token; with a refresh token the access tokens of its consent end too."""
        refresh = self.refresh_tokens.get(text)
        token = refresh or self.access_tokens.get(text)
        if token is None or token.consent.client_id != partner.client_id:
            return
        token.ended = True
        if refresh:
            for access in self.access_tokens.values():
                access.ended = access.ended or access.consent is token.consent

    def withdraw(self, consent_id: int) -> None:
        """End a consent, with all its tokens. Raises NotThereError."""
        found = next((consent for consent in self.consents if consent.id == consent_id), None)
        if found is None:
            raise NotThereError(f"There is no consent {consent_id}.")
        found.withdrawn = True

    def admitted(self, access_token: str, now: datetime) -> Consent | None:
        """The consent behind an access token that is good now."""
        token = self.access_tokens.get(access_token)
        return token.consent if token is not None and token.is_good(now) else None

    def _give(self, consent: Consent, randomness: Randomness, now: datetime) -> Tokens:
        access, refresh = randomness.secret(), None
        self.access_tokens[access] = Token(consent, now + ACCESS_HOLDS)
        if OFFLINE in consent.scopes:
            refresh = randomness.secret()
            self.refresh_tokens[refresh] = Token(consent, now + REFRESH_HOLDS)
        return Tokens(access, refresh, consent.scopes)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
