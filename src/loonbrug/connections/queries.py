"""AFAS accounts as frozen values, always within one office."""

import datetime
from dataclasses import dataclass

from afas_client.auth import EnvironmentType
from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.connections.capabilities import Capability, Feature, capabilities, connector_for
from loonbrug.connections.models import Connection, ConnectionState, NmbrsConnection
from loonbrug.connections.secrets import opens

#: Existing classic tokens expire on this day (AFAS "Authentication", September 2026).
CLASSIC_TOKENS_EXPIRE = datetime.date(2027, 5, 1)
#: The last day on which an app connector with a classic token works (same page).
CLASSIC_TOKENS_END = datetime.date(2027, 8, 31)


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """One AFAS account. Tokens and keys are not part of it."""

    id: int
    office_id: int
    participant_number: str
    environment_type: EnvironmentType
    environment_id: int
    afas_user: str
    state: ConnectionState
    code_requested_at: datetime.datetime | None
    authorised_at: datetime.datetime | None
    broken_at: datetime.datetime | None
    broken_reason: str
    get_connectors: tuple[str, ...]
    update_connectors: tuple[str, ...]
    environment_code: str
    token_expiry: str
    capabilities_checked_at: datetime.datetime | None
    administrations_connector: str

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """Every feature, with the connector that gives it here."""
        return capabilities(
            get_connectors=self.get_connectors,
            update_connectors=self.update_connectors,
            administrations_connector=self.administrations_connector,
        )

    @property
    def missing(self) -> tuple[Capability, ...]:
        """The features for which no connector is there; empty before AFAS was asked."""
        if self.capabilities_checked_at is None:
            return ()
        return tuple(capability for capability in self.capabilities if not capability.is_there)

    @property
    def can_book(self) -> bool:
        """Whether entries can be sent: authorised, and FiEntries in the app connector."""
        return self.state is ConnectionState.AUTHORISED and bool(self.connector_for(Feature.BOOKING))

    def connector_for(self, feature: Feature) -> str:
        """The connector that gives this feature here; empty if there is none."""
        return connector_for(feature, self.capabilities)

    @property
    def token_ends_on(self) -> datetime.date:
        """The day from which the token surely no longer works.

        AFAS tells an expiry in a format that is not documented: a date in ISO order is believed, anything
        else falls back on the day on which classic tokens expire.
        """
        try:
            return min(datetime.date.fromisoformat(self.token_expiry[:10]), CLASSIC_TOKENS_END)
        except ValueError:
            return CLASSIC_TOKENS_EXPIRE

    def days_left(self, today: datetime.date) -> int:
        """Days until the token ends; negative when it has ended."""
        return (self.token_ends_on - today).days


def all_connections(*, scope: Scope) -> tuple[ConnectionView, ...]:
    """The office's AFAS accounts, by participant number, type and user. Wants read on AFAS settings."""
    scope.require(Part.AFAS_SETTINGS, Level.READ)
    return connection_choices(scope=scope)


def connection(*, scope: Scope, connection_id: int) -> ConnectionView:
    """One AFAS account. Wants read on AFAS settings. Raises NotFoundError."""
    scope.require(Part.AFAS_SETTINGS, Level.READ)
    return connection_of(office_id=scope.office_id, connection_id=connection_id)


def connection_choices(*, scope: Scope) -> tuple[ConnectionView, ...]:
    """The office's AFAS accounts to choose from when mapping, whatever the right on settings."""
    rows = Connection.objects.filter(office_id=scope.office_id).select_related("environment")
    rows = rows.order_by("environment__participant_number", "environment__type", "afas_user")
    return tuple(map(view_of, rows))


def connection_of(*, office_id: int, connection_id: int) -> ConnectionView:
    """One AFAS account of an office, for other rooms' own rights. Raises NotFoundError."""
    rows = Connection.objects.filter(office_id=office_id, id=connection_id).select_related("environment")
    row = rows.first()
    if row is None:
        raise NotFoundError("connection", connection_id)
    return view_of(row)


def keys_open_tokens() -> bool:
    """Whether the keys beside this process belong to this database: they open a token, or there is none yet."""
    rows = Connection.objects.filter(token_ciphertext__isnull=False)
    tokens = [*rows.values_list("token_ciphertext", flat=True)]
    tokens += NmbrsConnection.objects.values_list("refresh_ciphertext", flat=True)
    return not tokens or any(opens(token) for token in tokens if token is not None)


def view_of(row: Connection) -> ConnectionView:
    """The frozen value of a row."""
    return ConnectionView(
        id=row.pk,
        office_id=row.office_id,
        participant_number=row.environment.participant_number,
        environment_type=EnvironmentType(row.environment.type),
        environment_id=row.environment_id,
        afas_user=row.afas_user,
        state=ConnectionState(row.state),
        code_requested_at=row.code_requested_at,
        authorised_at=row.authorised_at,
        broken_at=row.broken_at,
        broken_reason=row.broken_reason,
        get_connectors=tuple(row.get_connectors),
        update_connectors=tuple(row.update_connectors),
        environment_code=row.environment_code,
        token_expiry=row.token_expiry,
        capabilities_checked_at=row.capabilities_checked_at,
        administrations_connector=row.administrations_connector,
    )
