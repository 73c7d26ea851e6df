"""Who may come in: users, app connectors and tokens, as the Authorisation Tool keeps them."""

from dataclasses import dataclass, field
from datetime import datetime

from afas_sandbox.randomness import Randomness

KEY_LENGTH = 32
TOKEN_LENGTH = 64
CODE_LENGTH = 8


class AlreadyThereError(ValueError):
    """Something of that code exists already; nothing was changed."""


class StillInUseError(ValueError):
    """It cannot be removed while something refers to it; nothing was changed."""


@dataclass
class User:
    """A user in the Authorisation Tool (Algemeen / Beheer / Autorisatie tool)."""

    code: str
    """`12345.admin`; a collaboration user keeps the prefix of its own subscription."""
    name: str
    email: str = ""
    email_in_subscription: bool = True
    """Whether the e-mail address belongs to the subscription number."""
    collaboration: bool = False
    """A collaboration user (meewerkgebruiker)."""
    blocked: bool = False
    groups: set[str] = field(default_factory=set)
    last_administration: int | None = None
    """The administration this user last logged on to: where a message without `UnId` lands."""
    administrations: set[int] | None = None
    """Administrations that the filter authorisation leaves; None for all of them."""

    def may_see(self, administration_id: int) -> bool:
        return self.administrations is None or administration_id in self.administrations


@dataclass
class UserGroup:
    """A group of users; an app connector belongs to one."""

    code: str
    name: str


@dataclass
class Token:
    """A classic token: one environment, one app connector, one user."""

    data: str
    """The 64 hexadecimal digits between `<data>` and `</data>`."""
    user_code: str
    description: str
    created_at: datetime
    expires_at: datetime | None = None
    expired: bool = False

    def is_expired(self, now: datetime) -> bool:
        return self.expired or (self.expires_at is not None and now >= self.expires_at)

    @property
    def xml(self) -> str:
        return f"<token><version>1</version><data>{self.data}</data></token>"


@dataclass
class ActivationCode:
    """A mailed code that waits to be changed for a token."""

    code: str
    user_code: str
    asked_at: datetime


@dataclass
class AppConnector:
    """An app connector (Algemeen / Beheer / App connector). A new one is blocked."""

    id: int
    description: str
    group: str
    api_key: str
    environment_key: str
    blocked: bool = True
    get_connectors: set[str] = field(default_factory=set)
    update_connectors: set[str] = field(default_factory=set)
    other_connectors: set[str] = field(default_factory=set)
    """Tab Connectoren, for instance AppConnectorVersion."""
    users: set[str] = field(default_factory=set)
    """The users listed on tab Gebruikerstokens."""
    tokens: list[Token] = field(default_factory=list)
    activation_codes: list[ActivationCode] = field(default_factory=list)

    def has_keys(self, api_key: str, environment_key: str) -> bool:
        return (self.api_key, self.environment_key) == (api_key.upper(), environment_key.upper())

    def ask_code(self, user_code: str, randomness: Randomness, now: datetime) -> ActivationCode:
        """A new activation code for the user; an older one of the same user ends."""
        self.activation_codes = [code for code in self.activation_codes if code.user_code != user_code]
        asked = ActivationCode(randomness.digits(CODE_LENGTH), user_code, now)
        self.activation_codes.append(asked)
        return asked

    def exchange_code(self, user_code: str, code: str, randomness: Randomness, now: datetime) -> Token | None:
        """The token for a right code, which is used up by it; None for a wrong one."""
        for asked in self.activation_codes:
            if (asked.user_code, asked.code) == (user_code, code):
                self.activation_codes.remove(asked)
                return self.add_token(user_code, self.description, randomness, now)
        return None

    def add_token(self, user_code: str, description: str, randomness: Randomness, now: datetime) -> Token:
        token = Token(randomness.hexadecimal(TOKEN_LENGTH), user_code, description, now)
        self.tokens.append(token)
        self.users.add(user_code)
        return token

    def remove_user(self, user_code: str) -> None:
        """Take a user off tab Gebruikerstokens, with the tokens and codes of that user."""
        self.users.discard(user_code)
        self.tokens = [token for token in self.tokens if token.user_code != user_code]
        self.activation_codes = [code for code in self.activation_codes if code.user_code != user_code]
