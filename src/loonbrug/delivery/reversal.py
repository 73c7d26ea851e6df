"""Taking a booked entry out of AFAS again: what the books show, and what that makes of a delivery. Pure.

Deleting is looked at twice. Before every DELETE the books must show one entry under that number, ours, with our
totals; after it they must no longer show it. A DELETE leaves once for each time that a person asks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from afas_client.transactions import Transaction
from loonbrug.delivery.outcomes import Answer, Decision, Outcome, Policy, Reason
from loonbrug.delivery.sighting import Expected, Sighting, seen
from loonbrug.delivery.states import State

#: A journal may be reversed from these; while an entry is in one of the others below, none of it may.
REVERSIBLE: frozenset[State] = frozenset({State.BOOKED, State.VERIFIED, State.CONFLICT})
#: Why deleting left it: the books say whether AFAS holds it once, and the reason stays on the screen.
LEFT_BY_DELETING: frozenset[Reason] = frozenset(
    {Reason.DELETE_REFUSED, Reason.NOT_DELETED, Reason.STILL_THERE}
)
UNSETTLED: frozenset[State] = frozenset(
    {State.QUEUED, State.SENDING, State.IN_DOUBT, State.UNDECIDED, State.REVERSING}
)


@dataclass(frozen=True, slots=True)
class Sought:
    """The entry that is to go: where it is, the number AFAS gave it, and what should be in it.

    `is_undone` says that a counter-entry in AFAS is the opposite of one copy, which therefore stays; so is one that we
    do not know of, under `counter_number`.
    """

    administration: int
    journal_code: str
    voucher_number: str
    entry_number: str
    expected: Expected
    counter_number: str = ""
    is_undone: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What the books hold of us: every entry under our voucher number, and whether the one sought may go.

    `is_clear` says that the number sought is one entry over all years, wholly ours, with our totals per account;
    `is_undone` that what is left is what a counter-entry of ours is the opposite of.
    """

    ours: tuple[str, ...]
    is_clear: bool
    is_taken: bool
    is_undone: bool = False

    def next_number(self, sought: str) -> str:
        """The entry to delete now: the one sought, or another that lies under our voucher number."""
        return sought if sought in self.ours else self.ours[0]


def standing(lines: Sequence[Transaction], sought: Sought) -> Standing:
    """Judge the lines under our voucher number or under the entry number sought, whatever their year."""
    here = [
        line
        for line in lines
        if (line.administration, line.journal_code) == (sought.administration, sought.journal_code)
    ]
    ours = {line.entry_number for line in here if line.voucher_number == sought.voucher_number}
    numbered = [line for line in here if line.entry_number == sought.entry_number]
    is_one = len({(line.year, line.voucher_number) for line in numbered}) == 1
    is_same = seen(numbered, sought.expected).sighting is Sighting.EQUAL
    is_undone = sought.is_undone or any(line.voucher_number == sought.counter_number for line in here)
    return Standing(
        ours=tuple(sorted(ours)),
        is_clear=sought.entry_number in ours and is_one and is_same,
        is_taken=bool(numbered) and sought.entry_number not in ours,
        is_undone=is_undone and len(ours) == 1,
    )


def before_delete(found: Standing, *, entry_number: str, has_sight: bool, now: datetime) -> Decision | None:
    """What the look before a DELETE leads to; None lets the DELETE leave."""
    if found.is_undone:
        return Decision(State.REVERSED)
    if found.is_clear:
        return None
    if found.ours and found.next_number(entry_number) != entry_number:
        return _next_copy(found, entry_number, now)
    if found.ours or found.is_taken:
        return Decision(State.BOOKED, reason=Reason.NOT_AS_SENT)
    if has_sight:
        return Decision(State.REVERSED)
    return Decision(State.BOOKED, reason=Reason.NOT_SEEN)


def after_delete(
    found: Standing,
    *,
    entry_number: str,
    has_sight: bool,
    sent_before: datetime,
    policy: Policy,
    now: datetime,
) -> Decision:
    """What a look after a DELETE leads to: gone, another copy, or still there until AFAS's limit has passed.

    Gone counts with sight only: not being allowed to look any more is not being gone.
    """
    if entry_number not in found.ours:
        if found.ours and not found.is_undone:
            return _next_copy(found, entry_number, now)
        if found.is_undone or has_sight:
            return Decision(State.REVERSED)
    until = policy.doubt_until(send_before=sent_before)
    if now < until:
        due_at = min(policy.next_look(now=now, sent_before=sent_before), until)
        return Decision(State.REVERSING, reason=Reason.DELETE_LEFT, due_at=due_at)
    reason = Reason.STILL_THERE if entry_number in found.ours else Reason.NOT_SEEN
    return Decision(State.BOOKED, reason=reason, due_at=now)


def _next_copy(found: Standing, entry_number: str, now: datetime) -> Decision:
    """AFAS holds us more than once: the next copy goes the same way, with a look of its own before it."""
    number = found.next_number(entry_number)
    return Decision(State.REVERSING, reason=Reason.TO_DELETE, due_at=now, entry_number=number)


def after_answer(
    state: State, reason: Reason, answer: Answer, *, policy: Policy, now: datetime
) -> Decision | None:
    """What becomes of a delivery when AFAS answers a DELETE; None leaves it as it is.

    Only a look ends a reversal well. An answer that comes after the reversal has ended is looked into again. Where a
    counter-entry has taken the place of the DELETE, that alone decides.
    """
    may_be_gone = answer.outcome in {Outcome.DELETED, Outcome.UNKNOWN}
    if state in {State.BOOKED, State.VERIFIED} and may_be_gone:
        return Decision(state, reason=Reason.STILL_THERE, due_at=now)
    if state is not State.REVERSING or reason is Reason.COUNTER_ENTRY:
        return None
    if may_be_gone:
        wait = policy.look_first if answer.outcome is Outcome.UNKNOWN else timedelta(0)
        return Decision(State.REVERSING, reason=Reason.DELETE_LEFT, due_at=now + wait)
    if answer.held_back:
        return Decision(State.REVERSING, reason=Reason.TO_DELETE, due_at=now)
    was_refused = answer.outcome is Outcome.REFUSED
    return Decision(
        State.BOOKED,
        reason=Reason.DELETE_REFUSED if was_refused else Reason.NOT_DELETED,
        due_at=now,
        pauses_connection=answer.outcome is Outcome.NOT_LET_IN and not answer.once_more,
    )


_BY_COUNTER_ENTRY: dict[State, tuple[State, Reason]] = {
    State.QUEUED: (State.REVERSING, Reason.COUNTER_ENTRY),
    State.BOOKED: (State.REVERSED, Reason.NONE),
    State.BOOKED_BY_HAND: (State.REVERSED, Reason.NONE),
    State.REJECTED: (State.BOOKED, Reason.COUNTER_ENTRY_FAILED),
    State.GIVEN_UP: (State.BOOKED, Reason.COUNTER_ENTRY_FAILED),
    State.CANCELLED: (State.BOOKED, Reason.COUNTER_ENTRY_FAILED),
}


def may_be_undone(state: State, reason: Reason) -> bool:
    """Whether an earlier counter-entry of this delivery may still go to AFAS, or stay there."""
    return _stands(state, reason) or (state, reason) == (State.REVERSING, Reason.COUNTER_ENTRY)


def _stands(state: State, reason: Reason) -> bool:
    """Whether AFAS holds it once and nothing undoes it: also what had ended, where taking it back has failed."""
    failed = (state, reason) == (State.CONFLICT, Reason.COUNTER_ENTRY_FAILED)
    return failed or state in {State.BOOKED, State.VERIFIED}


def following(state: State, reason: Reason, counter_entry: State) -> tuple[Decision, ...]:
    """The steps of a delivery in `state` that follow from a step of its counter-entry; none where it stays.

    A refused counter-entry that is sent again, or that turns out booked after all, starts the reversal anew.
    """
    after, why = _BY_COUNTER_ENTRY.get(counter_entry, (state, Reason.NONE))
    step = Decision(after, reason=why)
    if state is State.REVERSING and after is not state:
        return (step,)
    if _stands(state, reason) and after is State.REVERSING:
        return (step,)
    if _stands(state, reason) and after is State.REVERSED:
        return Decision(State.REVERSING, reason=Reason.COUNTER_ENTRY), step
    return ()
