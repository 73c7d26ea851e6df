"""Nmbrs connections as frozen values. Tokens are not part of them."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils import timezone

from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.connections.models import NmbrsConnection, NmbrsState
from loonbrug.connections.secrets import decrypt

#: A refresh token lives this long.
CHAIN_LIFE = datetime.timedelta(days=30)
#: A chain that outlived its first token by this much is renewed by every refresh.
_SURELY_LATER = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NmbrsConnectionView:
    """One consent, and how what comes through it is doing."""

    id: int
    office_id: int
    state: NmbrsState
    reason: str
    stopped_at: datetime.datetime | None
    ends_at: datetime.datetime
    consented_at: datetime.datetime
    consented_by: str
    renews_id: int | None
    asked_at: datetime.datetime
    lists_due_at: datetime.datetime
    lists_read_at: datetime.datetime | None
    waits_until: datetime.datetime | None
    failure: str
    failed_at: datetime.datetime | None
    failure_count: int

    def days_left(self, now: datetime.datetime) -> int:
        """Days, by the calendar of Amsterdam, until somebody has to give consent again; negative when over."""
        return (timezone.localdate(self.ends_at) - timezone.localdate(now)).days


@dataclass(frozen=True, slots=True)
class Pair:
    """The access token in hand; `serial` says which pair it came with."""

    access_token: str
    ends_at: datetime.datetime
    serial: int
    state: NmbrsState


def connections(*, scope: Scope) -> tuple[NmbrsConnectionView, ...]:
    """The office's connections with Nmbrs: those that stopped, then by who has to consent soonest.

    Wants read on Nmbrs settings.
    """
    scope.require(Part.NMBRS_SETTINGS, Level.READ)
    renewed = chains_are_renewed()
    rows = NmbrsConnection.objects.filter(office_id=scope.office_id)
    views = [view_of(row, renewed=renewed) for row in rows]
    return tuple(sorted(views, key=lambda each: (each.state is NmbrsState.CONNECTED, each.ends_at, each.id)))


def connection(*, scope: Scope, connection_id: int) -> NmbrsConnectionView:
    """One connection. Wants read on Nmbrs settings. Raises NotFoundError."""
    scope.require(Part.NMBRS_SETTINGS, Level.READ)
    return connection_of(office_id=scope.office_id, connection_id=connection_id)


def connection_of(*, office_id: int, connection_id: int) -> NmbrsConnectionView:
    """One connection of an office, for other rooms' own rights. Raises NotFoundError."""
    row = NmbrsConnection.objects.filter(office_id=office_id, id=connection_id).first()
    if row is None:
        raise NotFoundError("Nmbrs connection", connection_id)
    return view_of(row)


def among_office(*, office_id: int, connection_ids: Collection[int]) -> frozenset[int]:
    """Those of these connections that are this office's."""
    rows = NmbrsConnection.objects.filter(office_id=office_id, id__in=connection_ids)
    return frozenset(rows.values_list("id", flat=True))


def connection_in_hand(*, connection_id: int) -> NmbrsConnectionView | None:
    """The connection, whichever office's; nothing when it was removed meanwhile. For the engine's work."""
    row = NmbrsConnection.objects.filter(id=connection_id).first()
    return None if row is None else view_of(row)


def pair(*, connection_id: int) -> Pair | None:
    """The pair in hand; nothing when the connection was removed. Raises SecretUnreadableError."""
    row = NmbrsConnection.objects.filter(id=connection_id).first()
    if row is None:
        return None
    return Pair(decrypt(row.access_ciphertext), row.access_ends_at, row.pair_serial, NmbrsState(row.state))


def ready_connections(*, now: datetime.datetime) -> frozenset[int]:
    """Those through which Nmbrs may be asked now."""
    rows = NmbrsConnection.objects.filter(_ready(now))
    return frozenset(rows.values_list("id", flat=True))


def connections_with_lists_due(*, now: datetime.datetime) -> list[int]:
    """Those whose debtors and companies are to be read now, the longest waiting first."""
    rows = NmbrsConnection.objects.filter(_ready(now), lists_due_at__lte=now).order_by("lists_due_at")
    return list(rows.values_list("id", flat=True))


def chains_are_renewed() -> bool:
    """Whether Nmbrs gives every new refresh token a life of its own.

    Nmbrs says that a refresh token lives 30 days, not whether a refreshed one lives 30 days from then or ends with
    the first. The shorter is assumed until some chain has lived longer.
    """
    later = NmbrsConnection.objects.filter(pair_at__gt=F("consented_at") + CHAIN_LIFE + _SURELY_LATER)
    return later.exists()


def view_of(row: NmbrsConnection, *, renewed: bool | None = None) -> NmbrsConnectionView:
    """The frozen value of a row; `renewed` as `chains_are_renewed` says, asked if it is not given."""
    is_renewed = chains_are_renewed() if renewed is None else renewed
    return NmbrsConnectionView(
        id=row.pk,
        office_id=row.office_id,
        state=NmbrsState(row.state),
        reason=row.reason,
        stopped_at=row.stopped_at,
        ends_at=(row.pair_at if is_renewed else row.consented_at) + CHAIN_LIFE,
        consented_at=row.consented_at,
        consented_by=row.consented_by,
        renews_id=row.renews_id,
        asked_at=row.asked_at,
        lists_due_at=row.lists_due_at,
        lists_read_at=row.lists_read_at,
        waits_until=row.waits_until,
        failure=row.failure,
        failed_at=row.failed_at,
        failure_count=row.failure_count,
    )


def _ready(now: datetime.datetime) -> Q:
    may = Q(waits_until=None) | Q(waits_until__lte=now)
    return Q(state=NmbrsState.CONNECTED) & may
