"""What there is to do in an office: counts and the first few of each, and how far its setting up has come."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, IN_AFAS, WAITS_FOR_PERSON, State
from loonbrug.directory.models import Company
from loonbrug.directory.queries import CompanyView, companies
from loonbrug.mappings.models import Mapping
from loonbrug.payroll.models import Journal, JournalEntry, JournalLife
from loonbrug.payroll.nmbrs_models import NmbrsRun

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
    """How many there are, the first few journals of them, and whether there are more journals."""

    count: int
    first: tuple[JournalLink, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class OfficeHome:
    """None for what this person may not see.

    Counts are of journals; of `attention` and `doubt` of deliveries, as in the queues that bear their names.
    """

    to_send: Pile | None
    blocked: Pile | None
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
    of_office = Delivery.objects.filter(office_id=scope.office_id, reverses__isnull=True)
    booked = of_office.filter(state__in=IN_AFAS, changed_at__gte=month_start)
    return OfficeHome(
        to_send=_pile(scope, _unsent(scope).exclude(_blocked())) if sees_journals else None,
        blocked=_pile(scope, _unsent(scope).filter(_blocked())) if sees_journals else None,
        attention=_with_delivery_in(scope, WAITS_FOR_PERSON) if sees_journals else None,
        doubt=_with_delivery_in(scope, {State.IN_DOUBT}) if sees_journals else None,
        booked_this_month=booked.values("journal_id").distinct().count() if sees_journals else None,
        connections=_connections(scope) if sees_accounts else None,
        steps=_steps(scope),
    )


def _unsent(scope: Scope) -> QuerySet[Journal]:
    """Live journals of which nothing is under way, the oldest run first."""
    entries = Delivery.objects.filter(office_id=scope.office_id, reverses__isnull=True)
    under_way = entries.exclude(state__in=ENDED)
    rows = Journal.objects.filter(office_id=scope.office_id, life=JournalLife.LIVE)
    return rows.exclude(id__in=under_way.values("journal_id")).order_by("run__year", "run__period", "id")


def _blocked() -> Q:
    """What keeps a journal from being sent, as far as the database tells without reading its lines."""
    entries = JournalEntry.objects.filter(journal_id=OuterRef("pk"))
    starts_in = "run__company__mapping__valid_from_"
    return (
        Q(run__company__is_test=True)
        | Q(run__company__debtor__is_blocked=True)
        | Q(run__company__mapping=None)
        | ~Q(run__company__mapping__connection__state=ConnectionState.AUTHORISED)
        | Q(run__year__lt=F(f"{starts_in}year"))
        | Q(run__year=F(f"{starts_in}year"), run__period__lt=F(f"{starts_in}period"))
        | Q(Exists(entries.exclude(total_debit=F("total_credit"))))
        | _wants_confirmation()
    )


def _wants_confirmation() -> Q:
    """The same content as an earlier journal of the company, or a second run in its period: a person has to say so.

    Two runs of a period that Nmbrs shows are two.
    """
    live = Journal.objects.filter(life=JournalLife.LIVE, run__company=OuterRef("run__company"))
    earlier = live.filter(pk__lt=OuterRef("pk")).exclude(run=OuterRef("run"))
    of_period = earlier.filter(run__year=OuterRef("run__year"), run__period=OuterRef("run__period"))
    in_nmbrs = NmbrsRun.objects.filter(
        gone_at=None,
        company=OuterRef("run__company"),
        year=OuterRef("run__year"),
        period=OuterRef("run__period"),
        number=OuterRef("run__number"),
    )
    return (
        Q(Exists(earlier.filter(content_hash=OuterRef("content_hash"))))
        | Q(Exists(of_period.filter(~Exists(in_nmbrs))))
        | (Q(Exists(of_period)) & ~Q(Exists(in_nmbrs)))
    )


def _with_delivery_in(scope: Scope, states: Collection[State]) -> Pile:
    rows = Delivery.objects.filter(office_id=scope.office_id, state__in=states)
    wanted = rows.values("journal_id")
    journals = Journal.objects.filter(office_id=scope.office_id, id__in=wanted).order_by("id")
    return replace(_pile(scope, journals), count=rows.count())


def _pile(scope: Scope, journals: QuerySet[Journal]) -> Pile:
    ids = list(journals.values_list("id", flat=True))
    of_company = {company.id: company for company in companies(scope=scope)} if ids else {}
    rows = Journal.objects.filter(office_id=scope.office_id, id__in=ids[:_SHOWN]).select_related("run")
    links = [
        JournalLink(row.pk, of_company[row.run.company_id], row.run.year, row.run.period, row.run.number)
        for row in rows.defer("source_bytes").order_by("run__year", "run__period", "id")
    ]
    return Pile(count=len(ids), first=tuple(links), has_more=len(ids) > len(links))


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
