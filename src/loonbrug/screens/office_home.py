"""What there is to do in an office: counts and the first few of each, and how far its setting up has come."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, IN_AFAS, WAITS_FOR_PERSON, State
from loonbrug.directory.models import Company
from loonbrug.directory.queries import CompanyView, companies
from loonbrug.mappings.models import Mapping
from loonbrug.payroll.models import Journal, JournalLife

_DOUBT = frozenset({State.IN_DOUBT, State.UNDECIDED})
_SHOWN = 6


class SetUpStep(StrEnum):
    """The way from an empty office to the first booked journal, in order."""

    COMPANIES = "companies"
    ACCOUNT = "account"
    AUTHORISED = "authorised"
    MAPPING = "mapping"
    JOURNAL = "journal"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class JournalLink:
    """A journal to go to."""

    journal_id: int
    company: CompanyView
    year: int
    period: int
    run_number: int


@dataclass(frozen=True, slots=True)
class ConnectionMark:
    """An AFAS account and the state of its connection mark."""

    connection_id: int
    afas_user: str
    participant_number: str
    environment_type: str
    state: ConnectionState


@dataclass(frozen=True, slots=True)
class Pile:
    """How many there are, and the first few."""

    count: int
    first: tuple[JournalLink, ...]


@dataclass(frozen=True, slots=True)
class OfficeHome:
    """None for what this person may not see. Counts are of journals."""

    to_send: Pile | None
    attention: Pile | None
    doubt: Pile | None
    booked_this_month: int | None
    connections: tuple[ConnectionMark, ...] | None
    steps: tuple[tuple[SetUpStep, bool], ...]

    @property
    def is_set_up(self) -> bool:
        return all(done for _, done in self.steps)


def office_home(*, scope: Scope, month_start: datetime.datetime) -> OfficeHome:
    """The first page of the office; `month_start` is where the month begins for its readers."""
    sees_journals = scope.allows(Part.JOURNAL_EXPORT, Level.READ)
    sees_accounts = scope.allows(Part.AFAS_SETTINGS, Level.READ)
    of_office = Delivery.objects.filter(office_id=scope.office_id)
    booked = of_office.filter(state__in=IN_AFAS, changed_at__gte=month_start)
    return OfficeHome(
        to_send=_to_send(scope) if sees_journals else None,
        attention=_with_delivery_in(scope, WAITS_FOR_PERSON - _DOUBT) if sees_journals else None,
        doubt=_with_delivery_in(scope, _DOUBT) if sees_journals else None,
        booked_this_month=booked.values("journal_id").distinct().count() if sees_journals else None,
        connections=_connections(scope) if sees_accounts else None,
        steps=_steps(scope),
    )


def _to_send(scope: Scope) -> Pile:
    """Live journals of which nothing is under way; those that may not be sent at all are left out."""
    entries = Delivery.objects.filter(office_id=scope.office_id, reverses__isnull=True)
    under_way = entries.exclude(state__in=ENDED)
    rows = Journal.objects.filter(
        office_id=scope.office_id,
        life=JournalLife.LIVE,
        run__company__is_test=False,
        run__company__debtor__is_blocked=False,
    ).exclude(id__in=under_way.values("journal_id"))
    return _pile(scope, rows.order_by("run__year", "run__period", "id").values_list("id", flat=True))


def _with_delivery_in(scope: Scope, states: Collection[State]) -> Pile:
    rows = Delivery.objects.filter(office_id=scope.office_id, state__in=states)
    return _pile(scope, rows.order_by("journal_id").values_list("journal_id", flat=True).distinct())


def _pile(scope: Scope, journal_ids: Iterable[int]) -> Pile:
    ids = list(journal_ids)
    of_company = {company.id: company for company in companies(scope=scope)} if ids else {}
    rows = Journal.objects.filter(office_id=scope.office_id, id__in=ids[:_SHOWN]).select_related("run")
    links = [
        JournalLink(row.pk, of_company[row.run.company_id], row.run.year, row.run.period, row.run.number)
        for row in rows.defer("source_bytes").order_by("run__year", "run__period", "id")
    ]
    return Pile(count=len(ids), first=tuple(links))


def _connections(scope: Scope) -> tuple[ConnectionMark, ...]:
    rows = Connection.objects.filter(office_id=scope.office_id).select_related("environment")
    return tuple(
        ConnectionMark(
            connection_id=row.pk,
            afas_user=row.afas_user,
            participant_number=row.environment.participant_number,
            environment_type=row.environment.type,
            state=ConnectionState(row.state),
        )
        for row in rows.order_by("afas_user", "id")
    )


def _steps(scope: Scope) -> tuple[tuple[SetUpStep, bool], ...]:
    office = {"office_id": scope.office_id}
    accounts = Connection.objects.filter(**office)
    return (
        (SetUpStep.COMPANIES, Company.objects.filter(**office).exists()),
        (SetUpStep.ACCOUNT, accounts.exists()),
        (SetUpStep.AUTHORISED, accounts.filter(authorised_at__isnull=False).exists()),
        (SetUpStep.MAPPING, Mapping.objects.filter(**office).exists()),
        (SetUpStep.JOURNAL, Journal.objects.filter(**office).exists()),
        (SetUpStep.SENT, Delivery.objects.filter(**office).exists()),
    )
