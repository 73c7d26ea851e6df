"""What the templates of journals show, put together from rows, checks and words."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.urls import reverse

from afas_client.catalogue import find
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.delivery.outcomes import Reason
from loonbrug.delivery.queries import AttemptView, DecisionView, DeliveryView
from loonbrug.delivery.states import ENDED, IN_AFAS, State
from loonbrug.ledger.entry import Entry, Posting
from loonbrug.ledger.problems import Problem, Severity
from loonbrug.mappings.queries import MappingView, is_as_used
from loonbrug.payroll.queries import PlannedImport
from loonbrug.screens.journal_export import MOVING, EntryRow, JournalRow
from loonbrug.web import waiting
from loonbrug.web.journals import words
from loonbrug.web.journals.words import Advice, StateWord
from loonbrug.workflows.check import CheckResult, check_journal

#: States that AFAS's last answer explains, whatever it said; elsewhere only a known text does.
_REFUSED = frozenset({State.REJECTED, State.GIVEN_UP})
_MAY_BE_RETRIED = _REFUSED | {State.HELD}
_MAY_GO_ANEW = _MAY_BE_RETRIED | {State.QUEUED}


@dataclass(frozen=True, slots=True)
class Summary:
    """The head of a journal: where it stands and what may be done with it now."""

    row: JournalRow
    state: StateWord
    blocking_count: int
    can_reverse: bool

    @property
    def can_send(self) -> bool:
        return self.row.is_open and not self.blocking_count

    @property
    def can_withdraw(self) -> bool:
        return self.row.is_open and not self.row.is_sent


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One row of the table of attempts."""

    attempt: AttemptView
    outcome: str
    answer: str


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One decision as it is shown."""

    decision: DecisionView
    word: str


@dataclass(frozen=True, slots=True)
class EntrySection:
    """One entry of a journal, or its counter-entry: where it stands, what AFAS said, what a person may do."""

    row: EntryRow
    is_counter: bool
    state: StateWord
    delivery: DeliveryView | None
    reason: str
    awaited: str
    advice: Advice | None
    attempts: tuple[AttemptLine, ...]
    decisions: tuple[DecisionLine, ...]
    is_moving: bool
    is_waiting: bool
    can_retry: bool
    can_decide: bool
    can_settle: bool
    is_mapping_changed: bool
    compared: str = ""

    @property
    def key(self) -> str:
        """What tells it from the other sections of the page."""
        which = "-counter" if self.is_counter else f"-late-{self.late_id}" if self.late_id else ""
        return f"{self.row.entry.ordinal}{which}"

    @property
    def late_id(self) -> int | None:
        """The delivery, when it is one that AFAS booked after it had ended, beside the one that counts."""
        found = self.delivery
        return found.id if found is not None and found in self.row.late else None


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The lines of an entry as payroll wrote them, with totals in euros."""

    entry: Entry
    debit: Decimal
    credit: Decimal
    difference: Decimal


@dataclass(frozen=True, slots=True)
class PostingTable:
    """The lines of an entry as they are sent, with totals in euros."""

    posting: Posting
    debit: Decimal
    credit: Decimal
    difference: Decimal


@dataclass(frozen=True, slots=True)
class Conflict:
    """A problem that a person can confirm, with the journal that it is about."""

    advice: Advice
    code: str
    other_journal_id: str

    @property
    def is_change(self) -> bool:
        """Whether it is about what Nmbrs gives by now for the same run: that is looked at line by line."""
        return self.code == "journal_changed_in_nmbrs"


@dataclass(frozen=True, slots=True)
class Planned:
    """One journal of a file, with what importing it does."""

    plan: PlannedImport
    fate: StateWord
    tables: tuple[SourceTable, ...]
    conflicts: tuple[Advice, ...]
    problems: tuple[Advice, ...]


def planned(plan: PlannedImport, checked: CheckResult, *, scope: Scope) -> Planned:
    """One journal of a file, as the preview shows it, with what will be wrong once it is imported."""
    return Planned(
        plan=plan,
        fate=words.fate(plan.fate),
        tables=source_tables(plan.draft.entries),
        conflicts=tuple(map(words.advice, plan.conflicts)),
        problems=problems(checked, company_id=plan.draft.run.company_id, scope=scope),
    )


def summary(row: JournalRow, *, scope: Scope) -> Summary:
    """The head of a journal; what keeps it from being sent is only asked while there is something to send."""
    checked = check_journal(scope=scope, journal_id=row.journal.id) if row.is_open else None
    return summary_of(row, checked, scope=scope)


def summary_of(row: JournalRow, checked: CheckResult | None, *, scope: Scope) -> Summary:
    """The head of a journal of which is known what keeps it from being sent."""
    blocking = checked.blocking if checked else ()
    can_reverse = row.is_reversible and may_reverse(scope)
    return Summary(row, words.journal_state(row, len(blocking)), len(blocking), can_reverse)


def entry_section(row: EntryRow, *, mapping: MappingView | None, now: datetime.datetime) -> EntrySection:
    """One entry at this moment; `mapping` is the company's as it is now."""
    if row.delivery is None:
        return EntrySection(
            row,
            False,
            words.delivery_state(None),
            None,
            "",
            "",
            None,
            (),
            (),
            False,
            False,
            False,
            False,
            False,
            False,
        )
    return _section(row, row.delivery, row.deliveries, mapping, now)


def counter_entry_section(row: EntryRow, *, scope: Scope, now: datetime.datetime) -> EntrySection | None:
    """The counter-entry of one entry at this moment, if it has one; who may not reverse decides nothing about it."""
    view = row.counter_entry
    if view is None:
        return None
    section = _section(row, view, (view,), None, now)
    return section if may_reverse(scope) else replace(section, is_waiting=False, can_retry=False)


def late_sections(row: EntryRow, *, now: datetime.datetime) -> tuple[EntrySection, ...]:
    """What AFAS booked of this entry after it had ended, beside the delivery that counts."""
    found = (_section(row, view, (view,), None, now) for view in row.late)
    return tuple(replace(section, is_moving=False) for section in found)


def _section(
    row: EntryRow,
    view: DeliveryView,
    deliveries: Sequence[DeliveryView],
    mapping: MappingView | None,
    now: datetime.datetime,
) -> EntrySection:
    return EntrySection(
        row=row,
        is_counter=view.reverses_id is not None,
        state=words.delivery_state(view),
        delivery=view,
        reason=words.reason(view.reason),
        awaited=waiting.awaited(view.awaited, now=now) if view.awaited else "",
        advice=_advice(view),
        attempts=tuple(map(_attempt_line, view.attempts)),
        decisions=tuple(
            DecisionLine(decision, words.decision(decision.kind))
            for each in deliveries
            for decision in each.decisions
        ),
        is_moving=view.state in MOVING,
        is_waiting=view.state is State.QUEUED,
        can_retry=view.state in _MAY_BE_RETRIED,
        can_decide=may_decide(view, now=now),
        can_settle=view.state is State.CONFLICT,
        is_mapping_changed=view.state in _MAY_GO_ANEW
        and mapping is not None
        and not is_as_used(mapping, view.mapping),
        compared=words.compared(view),
    )


def _attempt_line(attempt: AttemptView) -> AttemptLine:
    return AttemptLine(attempt, words.outcome(attempt), words.attempt_answer(attempt))


def may_decide(view: DeliveryView, *, now: datetime.datetime) -> bool:
    """Whether a person may say now what AFAS shows: once AFAS's limit has passed."""
    if view.state is State.IN_DOUBT:
        return view.doubt_until is not None and view.doubt_until <= now
    return view.state is State.UNDECIDED


def source_tables(entries: Sequence[Entry]) -> tuple[SourceTable, ...]:
    """The entries as payroll wrote them."""
    return tuple(SourceTable(entry, *entry.totals(), entry.residual()) for entry in entries)


def posting_tables(postings: Sequence[Posting]) -> tuple[PostingTable, ...]:
    """The entries as they are sent."""
    return tuple(PostingTable(posting, *posting.totals(), posting.residual()) for posting in postings)


def problems(checked: CheckResult, *, company_id: int, scope: Scope) -> tuple[Advice, ...]:
    """What is wrong or worth knowing, errors first; what is to be confirmed is left to `conflicts`."""
    others = [found for found in checked.problems if found.severity is not Severity.CONFIRM]
    can_map = scope.allows(Part.MAPPINGS, Level.WRITE)
    return tuple(
        replace(words.advice(found), address=_mapping_address(found, checked, company_id) if can_map else "")
        for found in sorted(others, key=lambda found: found.severity is not Severity.ERROR)
    )


def _mapping_address(found: Problem, checked: CheckResult, company_id: int) -> str:
    """Where the mapping is made or changed that this problem is about."""
    if found.code == "no_mapping":
        return f"{reverse('afas-mapping-new')}?company={company_id}"
    if found.code == "before_start_period" and checked.mapping is not None:
        return reverse("afas-mapping", args=[checked.mapping.id])
    return ""


def conflicts(found: Sequence[Problem]) -> tuple[Conflict, ...]:
    """What a person has to confirm before the journal may be sent."""
    return tuple(
        Conflict(words.advice(each), each.code, dict(each.params)["other"])
        for each in found
        if each.severity is Severity.CONFIRM
    )


def can_write(scope: Scope) -> bool:
    """Whether this person may send, import and decide."""
    return scope.allows(Part.JOURNAL_EXPORT, Level.WRITE)


def may_reverse(scope: Scope) -> bool:
    """Whether this person may take a booked journal out of AFAS."""
    return can_write(scope) and scope.allows(Part.REVERSAL, Level.WRITE)


def may_act_on(scope: Scope, view: DeliveryView) -> bool:
    """Whether this person may decide about this delivery: a counter-entry is part of a reversal."""
    return can_write(scope) if view.reverses_id is None else may_reverse(scope)


def _advice(view: DeliveryView) -> Advice | None:
    """What AFAS said last, as long as it explains where the entry stands."""
    answered = [attempt for attempt in view.attempts if attempt.status is not None]
    is_refused = view.state in _REFUSED or view.reason == Reason.DELETE_REFUSED
    if not answered or (view.state in IN_AFAS | ENDED and not is_refused):
        return None
    if not is_refused and find(answered[-1].message) is None:
        return None
    return words.refusal(answered[-1])
