"""What did not happen: runs that are missing or not booked, failed steps, what Nmbrs contradicts, what will stop.

Everybody sees what their template lets them see.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections.models import ConnectionState, NmbrsState
from loonbrug.connections.nmbrs_queries import connections
from loonbrug.connections.queries import all_connections
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, IN_AFAS, WAITS_FOR_PERSON, State
from loonbrug.directory import queries as directory
from loonbrug.directory.nmbrs_queries import nmbrs_debtors, period_types
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.problems import Problem, Who
from loonbrug.payroll.models import Journal, JournalLife, PayrollRun
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.planning.missing import LOOKED_BACK, Period, missing_periods, periods_until
from loonbrug.planning.models import Track
from loonbrug.planning.plan import AMSTERDAM
from loonbrug.screens.contradicted import contradicted
from loonbrug.screens.nmbrs import SOON_DAYS

#: A locked run that is not booked after so many days is asked about.
LATE = datetime.timedelta(days=3)
#: What was locked longer ago is history.
HISTORY = datetime.timedelta(days=100)
#: What waits for AFAS longer than this asks for attention.
SLOW = datetime.timedelta(minutes=15)
#: So many days before the token of an AFAS account ends somebody is told.
TOKEN_DAYS = 30
#: So many of a kind are told on the first page, in the mail of the day and on a page of their own.
ON_FIRST_PAGE, IN_MAIL, ON_PAGE = 5, 25, 1000


class Kind(StrEnum):
    """What did not happen, or will not."""

    MISSING = "missing"
    NOT_BOOKED = "not_booked"
    FAILED = "failed"
    CONTRADICTED = "contradicted"
    NMBRS_STOPS = "nmbrs_stops"
    AFAS_STOPS = "afas_stops"
    AFAS_WAITS = "afas_waits"


class Stage(StrEnum):
    """How far something came, or why it stands still."""

    NO_RUN = "no_run"
    NO_MAPPING = "no_mapping"
    NOT_GENERATED = "not_generated"
    NOT_SENT = "not_sent"
    STOPPED = "stopped"
    UNDER_WAY = "under_way"
    CHANGED_AFTER_GENERATING = "changed_after_generating"
    CHANGED_AFTER_BOOKING = "changed_after_booking"
    RUN_GONE = "run_gone"
    RUN_GONE_AFTER_BOOKING = "run_gone_after_booking"
    FILE_WITHOUT_RUN = "file_without_run"
    ENDS = "ends"
    CONSENT_NEEDED = "consent_needed"
    BROKEN = "broken"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that did not happen. `subject_id` is a company, a journal or a connection, as `page` says.

    A step that failed comes with the first of its problems.
    """

    stage: Stage
    name: str
    who: Who
    page: str
    subject_id: int
    period: Period | None = None
    run_number: int | None = None
    since: datetime.datetime | None = None
    days: int | None = None
    count: int = 0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The first findings of a kind, and how many there are.

    `part` is what somebody must be able to change who is to act on them.
    """

    kind: Kind
    part: Part
    count: int
    findings: tuple[Finding, ...]


def radar(*, scope: Scope, now: datetime.datetime, each_count: int = ON_FIRST_PAGE) -> tuple[Group, ...]:
    """What this person may see of what did not happen, so many of each kind; kinds without any are left out."""
    found = (
        (Kind.FAILED, Part.JOURNAL_EXPORT, _failed(scope)),
        (Kind.CONTRADICTED, Part.JOURNAL_EXPORT, _contradicted(scope)),
        (Kind.MISSING, Part.JOURNAL_EXPORT, _missing(scope, now)),
        (Kind.NOT_BOOKED, Part.JOURNAL_EXPORT, _not_booked(scope, now)),
        (Kind.NMBRS_STOPS, Part.NMBRS_SETTINGS, _nmbrs(scope, now)),
        (Kind.AFAS_STOPS, Part.AFAS_SETTINGS, _afas(scope, now)),
        (Kind.AFAS_WAITS, Part.AFAS_SETTINGS, _waiting(scope, now)),
    )
    seen = ((kind, part, tuple(each)) for kind, part, each in found if scope.allows(part, Level.READ))
    return tuple(Group(kind, part, len(all_), all_[:each_count]) for kind, part, all_ in seen if all_)


def sees_radar(*, scope: Scope) -> bool:
    """Whether this person may see anything of it at all."""
    parts = (Part.JOURNAL_EXPORT, Part.NMBRS_SETTINGS, Part.AFAS_SETTINGS)
    return any(scope.allows(part, Level.READ) for part in parts)


def to_act_on(*, scope: Scope, now: datetime.datetime) -> tuple[Group, ...]:
    """The radar, narrowed to what this person can do something about."""
    found = radar(scope=scope, now=now, each_count=IN_MAIL)
    return tuple(group for group in found if scope.allows(group.part, Level.WRITE))


def _missing(scope: Scope, now: datetime.datetime) -> Iterator[Finding]:
    today = now.astimezone(AMSTERDAM).date()
    companies = [
        each for each in directory.companies(scope=scope) if not each.is_test and not each.debtor_is_blocked
    ]
    kinds = period_types(company_ids=[each.id for each in companies])
    made_on = _made_on(scope, today)
    for company in companies:
        rule = _RULES.get(kinds.get(company.id, ""))
        if rule is None:
            continue
        for period in missing_periods(made_on[company.id], rule, today=today):
            yield Finding(
                Stage.NO_RUN, f"{company.number} {company.name}", Who.PAYROLL, "company", company.id, period
            )


#: How payroll counts periods, by Nmbrs's name for it; companies that count otherwise are not judged.
_RULES = {"": PeriodRule.MONTH, "month": PeriodRule.MONTH, "4-weeks": PeriodRule.FOUR_WEEKS}


def _made_on(scope: Scope, today: datetime.date) -> defaultdict[int, dict[Period, datetime.date | None]]:
    """When the first run of each of the last periods was made, by company; from Nmbrs and from files."""
    oldest = min(periods_until(today, rule)[LOOKED_BACK][0] for rule in PeriodRule)
    runs = NmbrsRun.objects.filter(office_id=scope.office_id, gone_at=None, year__gte=oldest)
    of_nmbrs = runs.values_list("company_id", "year", "period").annotate(first=Min("made_at"))
    journals = Journal.objects.filter(office_id=scope.office_id, life=JournalLife.LIVE, run__year__gte=oldest)
    of_files = journals.values_list("run__company_id", "run__year", "run__period").annotate(
        first=Min("imported_at")
    )
    found: defaultdict[int, dict[Period, datetime.date | None]] = defaultdict(dict)
    for company_id, year, period, at in (*of_files, *of_nmbrs):
        made = at.astimezone(AMSTERDAM).date() if at else None
        found[company_id][year, period] = made or found[company_id].get((year, period))
    return found


def _not_booked(scope: Scope, now: datetime.datetime) -> Iterator[Finding]:
    """Locked runs that are not in AFAS, but for those that a person withdrew or cancelled, the oldest first."""
    runs = NmbrsRun.objects.filter(
        Q(company__mapping=None) | _from_start(),
        office_id=scope.office_id,
        is_locked=True,
        gone_at=None,
        company__is_test=False,
        company__debtor__is_blocked=False,
    ).annotate(locked_at=F("locked_seen_at"))
    late = runs.filter(locked_at__lte=now - LATE, locked_at__gt=now - HISTORY)
    late = late.exclude(Exists(_runs_with(Q(Exists(_deliveries(Q(state__in=IN_AFAS)))))))
    late = late.exclude(Exists(_runs_with(_decided())))
    rows = late.select_related("company__mapping").order_by("locked_at", "pk")
    stages = _stages(scope, rows)
    for row in rows:
        journal_id, stage = stages.get((row.company_id, row.year, row.period, row.number), (None, None))
        if not hasattr(row.company, "mapping"):
            stage = Stage.NO_MAPPING
        yield Finding(
            stage or Stage.NOT_GENERATED,
            f"{row.company.number} {row.company.name}",
            Who.OFFICE_ADMIN if stage is Stage.NO_MAPPING else Who.PAYROLL,
            "journal" if journal_id else "company",
            journal_id or row.company_id,
            (row.year, row.period),
            row.number,
            row.locked_at,
            (now.astimezone(AMSTERDAM).date() - row.locked_at.astimezone(AMSTERDAM).date()).days,
        )


def _from_start() -> Q:
    year, period = "company__mapping__valid_from_year", "company__mapping__valid_from_period"
    return Q(year__gt=F(year)) | Q(year=F(year), period__gte=F(period))


def _runs_with(condition: Q) -> QuerySet[PayrollRun]:
    """The payroll run with the identity of a run in Nmbrs, if this holds for it."""
    identity = {name: OuterRef(name) for name in ("company_id", "year", "period", "number")}
    return PayrollRun.objects.filter(condition, **identity)


def _deliveries(condition: Q) -> QuerySet[Delivery]:
    return Delivery.objects.filter(condition, run_id=OuterRef("pk"), reverses__isnull=True)


def _decided() -> Q:
    """A person withdrew or cancelled it, and nothing has taken its place since."""
    live = Journal.objects.filter(run_id=OuterRef("pk"), life=JournalLife.LIVE)
    withdrawn = Journal.objects.filter(run_id=OuterRef("pk"), life=JournalLife.WITHDRAWN)
    ended = _deliveries(Q(state__in=ENDED))
    alive = _deliveries(~Q(state__in=ENDED))
    return Q(Exists(withdrawn), ~Exists(live)) | Q(Exists(ended), ~Exists(alive))


def _stages(scope: Scope, rows: QuerySet[NmbrsRun]) -> dict[tuple[int, int, int, int], tuple[int, Stage]]:
    """The live journal of each of these runs, and how far it came."""
    journals = Journal.objects.filter(
        office_id=scope.office_id,
        life=JournalLife.LIVE,
        run__company_id__in=rows.order_by().values("company_id"),
    )
    states: defaultdict[int, set[State]] = defaultdict(set)
    sent = Delivery.objects.filter(
        office_id=scope.office_id, journal_id__in=journals.values("pk"), reverses__isnull=True
    )
    for journal_id, state in sent.values_list("journal_id", "state"):
        states[journal_id].add(State(state))
    columns = ("pk", "run__company_id", "run__year", "run__period", "run__number")
    return {
        (company_id, year, period, number): (journal_id, _stage(states[journal_id]))
        for journal_id, company_id, year, period, number in journals.values_list(*columns)
    }


def _stage(states: set[State]) -> Stage:
    if not states:
        return Stage.NOT_SENT
    return Stage.STOPPED if states & WAITS_FOR_PERSON else Stage.UNDER_WAY


def _failed(scope: Scope) -> Iterator[Finding]:
    rows = Track.objects.filter(run__office_id=scope.office_id, failed_at__isnull=False, due_at__isnull=False)
    for row in rows.select_related("run__company").order_by("failed_at", "pk"):
        company, run = row.run.company, row.run
        first = msgspec.convert(row.problems[0], Problem)
        yield Finding(
            Stage.STOPPED,
            f"{company.number} {company.name}",
            first.who,
            "workflow",
            company.pk,
            (run.year, run.period),
            run.number,
            row.failed_at,
            problem=first,
        )


def _contradicted(scope: Scope) -> Iterator[Finding]:
    """Whatever a person still has to decide about; until then nothing of that period is sent by itself."""
    lines = contradicted(scope=scope)
    companies = directory.companies_by_id(scope=scope, company_ids={line.run.company_id for line in lines})
    for line in lines:
        if line.row is None or line.change is None:
            continue
        company, run = companies[line.run.company_id], line.run
        yield Finding(
            Stage(line.change),
            f"{company.number} {company.name}",
            Who.PAYROLL,
            "journal",
            line.row.journal.id,
            (run.year, run.period),
            run.number,
        )


def _nmbrs(scope: Scope, now: datetime.datetime) -> Iterator[Finding]:
    names: defaultdict[int, list[str]] = defaultdict(list)
    for debtor in nmbrs_debtors(scope=scope):
        if debtor.gone_at is None:
            names[debtor.connection_id].append(debtor.name)
    for each in connections(scope=scope):
        has_stopped = each.state is NmbrsState.CONSENT_NEEDED
        days_left = each.days_left(now)
        if has_stopped or days_left <= SOON_DAYS:
            yield Finding(
                Stage.CONSENT_NEEDED if has_stopped else Stage.ENDS,
                ", ".join(names[each.id]),
                Who.DEBTOR,
                "nmbrs-connection",
                each.id,
                since=each.stopped_at,
                days=None if has_stopped else days_left,
            )


def _afas(scope: Scope, now: datetime.datetime) -> Iterator[Finding]:
    today = now.astimezone(AMSTERDAM).date()
    for each in all_connections(scope=scope):
        is_broken = each.state is ConnectionState.BROKEN
        ends_soon = each.state is ConnectionState.AUTHORISED and each.days_left(today) <= TOKEN_DAYS
        if is_broken or ends_soon:
            yield Finding(
                Stage.BROKEN if is_broken else Stage.ENDS,
                f"{each.participant_number} {each.afas_user}",
                Who.AFAS_ADMIN,
                "afas-account",
                each.id,
                since=each.broken_at if is_broken else None,
                days=None if is_broken else each.days_left(today),
            )


def _waiting(scope: Scope, now: datetime.datetime) -> Iterator[Finding]:
    """Environments where entries wait longer than AFAS usually takes, though it lets us in."""
    rows = Delivery.objects.filter(
        office_id=scope.office_id,
        state=State.QUEUED,
        queued_at__lte=now - SLOW,
        connection__state=ConnectionState.AUTHORISED,
    )
    columns = ("connection_id", "connection__afas_user", "environment__participant_number")
    counted = rows.order_by().values_list(*columns).annotate(count=Count("id"), since=Min("queued_at"))
    for connection_id, user, number, count, since in counted:
        yield Finding(
            Stage.WAITS,
            f"{number} {user}",
            Who.AFAS_ADMIN,
            "afas-account",
            connection_id,
            since=since,
            count=count,
        )
