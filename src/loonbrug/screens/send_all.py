"""Sending many journals at once: what is there to send, the batches, and what became of each of their journals."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet

from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, IN_AFAS, State
from loonbrug.directory import queries as directory
from loonbrug.directory.queries import CompanyView
from loonbrug.ledger.problems import Problem
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.models import Batch, BatchJournal, GenerationState, JournalEntry, JournalLife
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.payroll.queries import JournalSummary

Period = tuple[int, int]


class Outcome(StrEnum):
    """What became of a journal of a batch."""

    UNDER_WAY = "under_way"
    BOOKED = "booked"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    PERSON = "person"
    NOT_SENT = "not_sent"
    ENDED = "ended"


#: Outcomes that change by themselves.
UNSETTLED = frozenset({Outcome.UNDER_WAY, Outcome.IN_DOUBT})

#: The first that holds for any entry of a journal is the outcome of the journal: what asks for most comes first.
_FIRST_THAT_HOLDS: tuple[tuple[Outcome, frozenset[State]], ...] = (
    (Outcome.PERSON, frozenset({State.HELD, State.UNDECIDED, State.CONFLICT})),
    (Outcome.REFUSED, frozenset({State.REJECTED, State.GIVEN_UP})),
    (Outcome.IN_DOUBT, frozenset({State.IN_DOUBT})),
    (Outcome.UNDER_WAY, frozenset({State.QUEUED, State.SENDING, State.REVERSING})),
    (Outcome.ENDED, ENDED),
    (Outcome.BOOKED, IN_AFAS),
)


@dataclass(frozen=True, slots=True)
class Open:
    """A live journal of which something is still to be sent."""

    journal: JournalSummary
    company: CompanyView
    was_ended: bool
    """Whether an entry of it was cancelled or reversed before: it is not sent again unless somebody asks."""


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch with what became of its journals, counted. `debtor` is the number and name, or empty."""

    id: int
    at: datetime.datetime
    by: str
    debtor: str
    counts: Mapping[Outcome, int]

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    @property
    def settled_count(self) -> int:
        return sum(count for outcome, count in self.counts.items() if outcome not in UNSETTLED)

    @property
    def booked_count(self) -> int:
        return self.counts[Outcome.BOOKED]

    @property
    def is_settled(self) -> bool:
        return self.settled_count == self.count


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one journal of a batch."""

    journal_id: int
    outcome: Outcome
    is_waiting: bool
    """Whether its turn in the batch has not come yet."""
    entry_numbers: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One journal of a batch, as a list shows it."""

    journal: JournalSummary
    company: CompanyView
    fate: Fate


@dataclass(frozen=True, slots=True)
class _Sent:
    """The delivery that counts for an entry: the latest."""

    state: State
    entry_number: str


def open_periods(*, scope: Scope, debtor_id: int | None = None) -> tuple[tuple[Period, int], ...]:
    """The periods in which there is something to send, the latest first, with how many journals."""
    runs = _open(scope, debtor_id).values_list("journal_id", "journal__run__year", "journal__run__period")
    counts = Counter((year, period) for _, year, period in runs.distinct())
    return tuple(sorted(counts.items(), reverse=True))


def open_journals(
    *, scope: Scope, debtor_id: int | None = None, period: Period | None = None
) -> tuple[Open, ...]:
    """The live journals of which something is still to be sent, the oldest run first. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    entries = _open(scope, debtor_id)
    if period is not None:
        entries = entries.filter(journal__run__year=period[0], journal__run__period=period[1])
    ids = set(entries.values_list("journal_id", flat=True))
    journals = payroll.summaries(scope=scope, journal_ids=ids)
    companies = _companies(scope, journals)
    ended = Delivery.objects.filter(
        office_id=scope.office_id,
        run_id__in=[journal.run_id for journal in journals],
        reverses__isnull=True,
        state__in=sorted(ENDED),
    )
    ended_runs = set(ended.values_list("run_id", flat=True))
    return tuple(
        Open(journal, companies[journal.run.company_id], journal.run_id in ended_runs) for journal in journals
    )


def batches(*, scope: Scope, first: int = 0, count: int = 25) -> tuple[BatchView, ...]:
    """The office's batches, the latest first. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = Batch.objects.filter(office_id=scope.office_id).select_related("debtor").order_by("-id")
    shown = rows[first : first + count]
    fates = _fates(scope, Q(batch__in=[row.pk for row in shown]))
    return tuple(_batch_view(row, fates.get(row.pk, ())) for row in shown)


def batch(*, scope: Scope, batch_id: int) -> tuple[BatchView, tuple[Fate, ...]]:
    """A batch, and what became of each of its journals. Raises NotFoundError, NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = Batch.objects.filter(office_id=scope.office_id, pk=batch_id).select_related("debtor")
    row = rows.first()
    if row is None:
        raise NotFoundError("batch", batch_id)
    fates = _fates(scope, Q(batch=batch_id)).get(batch_id, [])
    return _batch_view(row, fates), tuple(fates)


def batch_rows(*, scope: Scope, fates: Sequence[Fate]) -> tuple[BatchRow, ...]:
    """The journals that these fates are of, with their companies, in this order."""
    found = payroll.summaries(scope=scope, journal_ids=[fate.journal_id for fate in fates])
    journals = {journal.id: journal for journal in found}
    companies = _companies(scope, found)
    return tuple(
        BatchRow(journal, companies[journal.run.company_id], fate)
        for fate in fates
        for journal in (journals[fate.journal_id],)
    )


@dataclass(frozen=True, slots=True)
class BatchWork:
    """What of a batch is still to be done, in the name of the person who approved it."""

    office_id: int
    user_id: int
    by: str
    rows: tuple[tuple[int, int], ...]
    """Pairs of row and journal."""


def batches_with_work() -> tuple[int, ...]:
    """The batches with journals that were not queued yet, of all offices, for the engine."""
    rows = BatchJournal.objects.filter(~Exists(_being_compared()), done_at__isnull=True)
    return tuple(rows.order_by("batch_id").values_list("batch_id", flat=True).distinct())


def batch_work(*, batch_id: int, count: int) -> BatchWork:
    """At most this many journals of a batch that were not queued yet, for the engine."""
    row = Batch.objects.get(pk=batch_id)
    to_do = row.journals.filter(~Exists(_being_compared()), done_at__isnull=True).order_by("pk")
    pairs = tuple(to_do.values_list("pk", "journal_id")[:count])
    return BatchWork(row.office_id, row.user_id, row.by, pairs)


def _being_compared() -> QuerySet[NmbrsRun]:
    """The run of a batch's journal while Nmbrs is asked whether the journal is still the same."""
    return NmbrsRun.objects.filter(
        company_id=OuterRef("journal__run__company_id"),
        year=OuterRef("journal__run__year"),
        period=OuterRef("journal__run__period"),
        number=OuterRef("journal__run__number"),
        generation__state=GenerationState.FETCHING,
    )


def _open(scope: Scope, debtor_id: int | None) -> QuerySet[JournalEntry]:
    """Entries of live journals of which no delivery lives, and whose journal waits in no batch."""
    live = Delivery.objects.filter(
        office_id=scope.office_id,
        run_id=OuterRef("journal__run_id"),
        ordinal=OuterRef("ordinal"),
        reverses__isnull=True,
    ).exclude(state__in=sorted(ENDED))
    waiting = BatchJournal.objects.filter(batch__office_id=scope.office_id, done_at__isnull=True)
    rows = JournalEntry.objects.filter(
        ~Exists(live), journal__office_id=scope.office_id, journal__life=JournalLife.LIVE
    ).exclude(journal_id__in=waiting.values("journal_id"))
    return rows if debtor_id is None else rows.filter(journal__run__company__debtor_id=debtor_id)


def _companies(scope: Scope, journals: Iterable[JournalSummary]) -> dict[int, CompanyView]:
    ids = {journal.run.company_id for journal in journals}
    return directory.companies_by_id(scope=scope, company_ids=ids)


def _batch_view(row: Batch, fates: Iterable[Fate]) -> BatchView:
    counts = Counter(fate.outcome for fate in fates)
    debtor = f"{row.debtor.number} {row.debtor.name}" if row.debtor else ""
    return BatchView(row.pk, row.at, row.by, debtor, {outcome: counts[outcome] for outcome in Outcome})


def _fates(scope: Scope, which: Q) -> dict[int, list[Fate]]:
    """What became of the journals of these batches, by batch, in the order in which they are sent."""
    members = BatchJournal.objects.filter(which, batch__office_id=scope.office_id)
    sent = _deliveries(scope, members)
    found: defaultdict[int, list[Fate]] = defaultdict(list)
    columns = ("batch_id", "journal_id", "done_at", "problems")
    for batch_id, journal_id, done_at, problems in members.order_by("pk").values_list(*columns):
        fate = _fate(journal_id, done_at, problems, sent.get(journal_id, ()))
        found[batch_id].append(fate)
    return found


def _deliveries(scope: Scope, members: QuerySet[BatchJournal]) -> dict[int, Collection[_Sent]]:
    journal_ids = members.values("journal_id")
    rows = Delivery.objects.filter(
        office_id=scope.office_id, journal_id__in=journal_ids, reverses__isnull=True
    )
    latest: defaultdict[int, dict[int, _Sent]] = defaultdict(dict)
    columns = ("journal_id", "ordinal", "state", "entry_number")
    for journal_id, ordinal, state, entry_number in rows.order_by("ordinal", "id").values_list(*columns):
        latest[journal_id][ordinal] = _Sent(State(state), entry_number)
    return {journal_id: by_ordinal.values() for journal_id, by_ordinal in latest.items()}


def _fate(
    journal_id: int, done_at: datetime.datetime | None, problems: Sequence[object], sent: Collection[_Sent]
) -> Fate:
    """A journal that waits its turn, one that was not sent, or one that stands where its deliveries stand."""
    states = {each.state for each in sent}
    if done_at is None:
        return Fate(journal_id, Outcome.UNDER_WAY, True, (), ())
    if problems and states <= ENDED:
        return Fate(journal_id, Outcome.NOT_SENT, False, (), tuple(msgspec.convert(problems, list[Problem])))
    outcome = next(outcome for outcome, any_of in _FIRST_THAT_HOLDS if states & any_of)
    numbers = tuple(each.entry_number for each in sent if each.entry_number)
    return Fate(journal_id, outcome, False, numbers, ())
