"""A client for an AFAS account. The host comes from participant number and type; no user can type it."""

from dataclasses import dataclass

from django.conf import settings

from afas_client.auth import ClassicToken, EnvironmentType, base_url
from afas_client.client import AfasClient
from afas_client.transport import Transport
from loonbrug.access.rights import NotFoundError
from loonbrug.connections.models import Connection
from loonbrug.connections.secrets import decrypt


class NotAuthorisedError(Exception):
    """The AFAS account has no token: authorise it first."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Where an AFAS account signs in, and with which token."""

    base_url: str
    token: ClassicToken | None

    def client(self, transport: Transport) -> AfasClient:
        return AfasClient(transport, self.base_url, self.token)


def sign_in_without_token(*, office_id: int, connection_id: int) -> SignIn:
    """For asking a code and trading it. Raises NotFoundError."""
    return SignIn(_address(_row(office_id, connection_id)), None)


def sign_in(*, office_id: int, connection_id: int) -> SignIn:
    """With the account's token. Raises NotAuthorisedError, SecretUnreadableError, NotFoundError."""
    row = _row(office_id, connection_id)
    if row.token_ciphertext is None:
        raise NotAuthorisedError
    return SignIn(_address(row), ClassicToken(decrypt(row.token_ciphertext)))


def open_client(*, office_id: int, connection_id: int, transport: Transport) -> AfasClient:
    """A client that may act. Raises NotAuthorisedError, SecretUnreadableError, NotFoundError."""
    return sign_in(office_id=office_id, connection_id=connection_id).client(transport)


def _address(row: Connection) -> str:
    environment = row.environment
    return base_url(settings.AFAS_URL, environment.participant_number, EnvironmentType(environment.type))


def _row(office_id: int, connection_id: int) -> Connection:
    rows = Connection.objects.filter(office_id=office_id, id=connection_id).select_related("environment")
    row = rows.first()
    if row is None:
        raise NotFoundError("connection", connection_id)
    return row
