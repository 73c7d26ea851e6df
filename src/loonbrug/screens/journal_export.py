"""The dashlet *Journaalposten Export* and the page of one journal: journals joined with their deliveries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.delivery import queries as deliveries
from loonbrug.delivery.queries import DeliveryView
from loonbrug.delivery.reversal import REVERSIBLE
from loonbrug.delivery.states import ENDED, IN_AFAS, WAITS_FOR_PERSON, State
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.models import JournalLife
from loonbrug.payroll.queries import EntrySummary, JournalSummary


class JournalState(StrEnum):
    """The state of a journal, derived from its entries."""

    BLOCKED = "blocked"
    READY = "ready"
    UNDER_WAY = "under_way"
    PARTLY_BOOKED = "partly_booked"
    BOOKED = "booked"
    IN_DOUBT = "in_doubt"
    ATTENTION = "attention"
    CANCELLED = "cancelled"
    REVERSED = "reversed"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


#: States that end by themselves: whoever looks sees them change.
MOVING: frozenset[State] = frozenset({State.QUEUED, State.SENDING, State.IN_DOUBT, State.REVERSING})


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry with its deliveries and its counter-entries, the latest first."""

    entry: EntrySummary
    deliveries: tuple[DeliveryView, ...]
    counter_entries: tuple[DeliveryView, ...] = ()

    @property
    def delivery(self) -> DeliveryView | None:
        """The delivery that counts: the latest."""
        return self.deliveries[0] if self.deliveries else None

    @property
    def counter_entry(self) -> DeliveryView | None:
        """The latest counter-entry of the delivery that counts."""
        found = self.delivery.id if self.delivery else None
        return next((each for each in self.counter_entries if each.reverses_id == found), None)

    @property
    def late(self) -> tuple[DeliveryView, ...]:
        """What AFAS booked after it had ended, beside the delivery that counts: a person takes it back."""
        return tuple(each for each in self.deliveries[1:] if each.is_ended and each.state not in ENDED)

    @property
    def state(self) -> State | None:
        """Where the entry stands; what keeps a person waiting is said by the counter-entry under way."""
        if self.delivery is None:
            return None
        counter = self.counter_entry
        if self.delivery.state is State.REVERSING and counter and counter.state in WAITS_FOR_PERSON:
            return counter.state
        return self.delivery.state

    @property
    def is_open(self) -> bool:
        """Whether the entry may be sent: it never was, or that came to an end without a booking."""
        return self.state is None or self.state in ENDED


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One journal with its entries and where they stand."""

    journal: JournalSummary
    entries: tuple[EntryRow, ...]

    @property
    def is_sent(self) -> bool:
        """Whether anything of it is on its way to AFAS or there: then it stays as it is."""
        return not all(row.is_open for row in self.entries)

    @property
    def is_open(self) -> bool:
        """Whether there is anything left to send; nothing is while the journal is being reversed."""
        is_live = self.journal.life is JournalLife.LIVE
        return is_live and any(row.is_open for row in self.entries) and not self.is_being_reversed

    @property
    def is_being_reversed(self) -> bool:
        return any(row.delivery and row.delivery.state is State.REVERSING for row in self.entries)

    @property
    def is_reversible(self) -> bool:
        """Whether AFAS has anything of it that may be asked back."""
        counting = [row.delivery for row in self.entries if row.delivery]
        return any(each.state in REVERSIBLE and not each.is_ended for each in counting)

    @property
    def is_moving(self) -> bool:
        return any(row.state in MOVING for row in self.entries)

    @property
    def booked_count(self) -> int:
        return sum(row.state in IN_AFAS for row in self.entries)

    @property
    def attention_count(self) -> int:
        return sum(bool(row.late) or row.state in WAITS_FOR_PERSON for row in self.entries)

    @property
    def entry_numbers(self) -> tuple[str, ...]:
        """The numbers under which AFAS has it now, in the order of the entries."""
        numbers = (
            row.delivery.entry_number
            for row in self.entries
            if row.delivery and row.delivery.state not in ENDED
        )
        return tuple(number for number in numbers if number)

    def state(self, problem_count: int) -> JournalState:
        """Where it stands; `problem_count` says how much keeps it from being sent."""
        if self.journal.life is not JournalLife.LIVE:
            return JournalState(self.journal.life)
        if any(row.late for row in self.entries):
            return JournalState.ATTENTION
        return derived_state([row.state for row in self.entries], problem_count)


def derived_state(states: Sequence[State | None], problem_count: int) -> JournalState:
    """The state of a journal from those of its entries; None is an entry that was never sent."""
    found = set(states)
    if found <= IN_AFAS and found:
        return JournalState.BOOKED
    for state, any_of in _FIRST_THAT_HOLDS:
        if found & any_of:
            return state
    return JournalState.BLOCKED if problem_count else JournalState.READY


_FIRST_THAT_HOLDS: tuple[tuple[JournalState, frozenset[State]], ...] = (
    (JournalState.PARTLY_BOOKED, IN_AFAS),
    (JournalState.ATTENTION, WAITS_FOR_PERSON),
    (JournalState.IN_DOUBT, frozenset({State.IN_DOUBT})),
    (JournalState.UNDER_WAY, MOVING),
    (JournalState.CANCELLED, frozenset({State.CANCELLED})),
    (JournalState.REVERSED, frozenset({State.REVERSED})),
)


def journal_rows(
    *, scope: Scope, company_id: int, year: int | None = None, period: int | None = None
) -> tuple[JournalRow, ...]:
    """The live journals of a company, newest run first. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    journals = payroll.live_journals(scope=scope, company_id=company_id, year=year, period=period)
    return _rows(scope, journals)


def journal_row(*, scope: Scope, journal_id: int) -> JournalRow:
    """One journal, whatever its life. Raises NotFoundError and NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    return _rows(scope, [payroll.summary(scope=scope, journal_id=journal_id)])[0]


def rows_of_journals(*, scope: Scope, journal_ids: Collection[int]) -> tuple[JournalRow, ...]:
    """Those of these journals that are this office's, the oldest run first. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    return _rows(scope, payroll.summaries(scope=scope, journal_ids=journal_ids))


def sent_journals(*, scope: Scope, journals: Sequence[JournalSummary]) -> frozenset[int]:
    """Which of these journals must stay: something of their run is on its way to AFAS or there."""
    runs = deliveries.runs_being_sent(scope=scope, run_ids=[journal.run_id for journal in journals])
    return frozenset(journal.id for journal in journals if journal.run_id in runs)


def _rows(scope: Scope, journals: Sequence[JournalSummary]) -> tuple[JournalRow, ...]:
    found = deliveries.of_journals(scope=scope, journal_ids=[journal.id for journal in journals])
    return tuple(JournalRow(journal, _entry_rows(journal, found)) for journal in journals)


def _entry_rows(journal: JournalSummary, found: Mapping[int, Sequence[DeliveryView]]) -> tuple[EntryRow, ...]:
    newest_first = sorted(found.get(journal.id, ()), key=lambda view: view.id, reverse=True)
    return tuple(
        EntryRow(
            entry,
            tuple(view for view in newest_first if _is_of(view, entry) and view.reverses_id is None),
            tuple(view for view in newest_first if _is_of(view, entry) and view.reverses_id is not None),
        )
        for entry in journal.entries
    )


def _is_of(view: DeliveryView, entry: EntrySummary) -> bool:
    return view.ordinal == entry.ordinal
