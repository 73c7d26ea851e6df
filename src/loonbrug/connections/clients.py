"""A client for an AFAS account. The host comes from participant number and type; no user can type it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from afas_client.auth import ClassicToken, EnvironmentType, base_url
from afas_client.client import AfasClient
from afas_client.transport import Transport
from loonbrug.access.rights import NotFoundError
from loonbrug.connections.models import Connection
from loonbrug.connections.secrets import SecretUnreadableError, decrypt


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
    (found,) = sign_ins([(office_id, connection_id)])
    if isinstance(found, Exception):
        raise found
    return found


def sign_ins(accounts: Sequence[tuple[int, int]]) -> list[SignIn | Exception]:
    """For each office and AFAS account of it the way in, or why there is none: the errors of `sign_in`."""
    ids = {connection_id for _, connection_id in accounts}
    rows = Connection.objects.select_related("environment").in_bulk(ids)
    return [
        _sign_in(rows.get(connection_id), office_id, connection_id) for office_id, connection_id in accounts
    ]


def _sign_in(row: Connection | None, office_id: int, connection_id: int) -> SignIn | Exception:
    if row is None or row.office_id != office_id:
        return NotFoundError("connection", connection_id)
    if row.token_ciphertext is None:
        return NotAuthorisedError()
    try:
        return SignIn(_address(row), ClassicToken(decrypt(row.token_ciphertext)))
    except SecretUnreadableError as unreadable:
        return unreadable


def _address(row: Connection) -> str:
    environment = row.environment
    return base_url(settings.AFAS_URL, environment.participant_number, EnvironmentType(environment.type))


def _row(office_id: int, connection_id: int) -> Connection:
    rows = Connection.objects.filter(office_id=office_id, id=connection_id).select_related("environment")
    row = rows.first()
    if row is None:
        raise NotFoundError("connection", connection_id)
    return row
