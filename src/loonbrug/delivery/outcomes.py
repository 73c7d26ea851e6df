"""What an answer means for a delivery: one pure decision for every state and outcome."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from afas_client import errors
from afas_client.fi_entries import Booked
from loonbrug.delivery.states import State


class Outcome(StrEnum):
    """What an attempt came to."""

    BOOKED = "booked"
    DELETED = "deleted"
    REFUSED = "refused"
    NOT_BOOKED = "not_booked"
    NOT_LET_IN = "not_let_in"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a delivery is where it is, when its state alone does not say."""

    NONE = ""
    COMPANY_IS_TEST = "company_is_test"
    DEBTOR_IS_BLOCKED = "debtor_is_blocked"
    NO_LOOK_UP = "no_look_up"
    NO_SIGHT = "no_sight"
    DOUBLE = "double"
    DIFFERENT = "different"
    BOOKED_LATE = "booked_late"
    ALLOCATION_LOST = "allocation_lost"
    NOT_SEEN = "not_seen"
    CONNECTION_PAUSED = "connection_paused"
    RESTORED = "restored"
    TO_DELETE = "to_delete"  # this one and the next three: steps of a reversal
    DELETING = "deleting"
    DELETE_LEFT = "delete_left"
    COUNTER_ENTRY = "counter_entry"
    NOT_AS_SENT = "not_as_sent"  # from here: why a reversal left the entry as it was
    DELETE_REFUSED = "delete_refused"
    NOT_DELETED = "not_deleted"
    STILL_THERE = "still_there"
    COUNTER_ENTRY_FAILED = "counter_entry_failed"


@dataclass(frozen=True, slots=True)
class Policy:
    """How long AFAS may take and how long we go on. What depends on AFAS's limit shrinks with it in a rehearsal."""

    answer_limit: timedelta = timedelta(seconds=900)
    margin: timedelta = timedelta(seconds=60)
    send_window: timedelta = timedelta(seconds=30)
    first_wait: timedelta = timedelta(seconds=15)
    longest_wait: timedelta = timedelta(minutes=30)
    look_first: timedelta = timedelta(seconds=2)
    look_longest: timedelta = timedelta(seconds=60)
    without_sight: timedelta = timedelta(hours=1)
    give_up_after: timedelta = timedelta(hours=24)

    def scaled(self, divisor: int) -> "Policy":
        """The same policy with AFAS's limit and our margins divided (AFAS's sandbox shrinks with it)."""
        return replace(
            self,
            answer_limit=self.answer_limit / divisor,
            margin=self.margin / divisor,
            send_window=self.send_window / divisor,
            first_wait=self.first_wait / divisor,
            longest_wait=self.longest_wait / divisor,
            look_first=self.look_first / divisor,
            look_longest=self.look_longest / divisor,
        )

    @property
    def read_time_out(self) -> timedelta:
        """We wait as long as AFAS works."""
        return self.answer_limit + self.margin

    def doubt_until(self, *, send_before: datetime) -> datetime:
        """Until when AFAS may still book an attempt that could leave until `send_before`."""
        return send_before + self.read_time_out

    def next_look(self, *, now: datetime, sent_before: datetime) -> datetime:
        """Soon and often at first, then at a steady pace."""
        wait = max(self.look_first, (now - sent_before) / 4)
        return now + min(wait, self.look_longest)

    def next_try(self, *, now: datetime, tries: int, retry_after: int | None) -> datetime:
        """Twice as long after every try; never sooner than AFAS asked for."""
        wait = min(self.first_wait * (1 << min(tries, 20)), self.longest_wait)
        return now + max(wait, timedelta(seconds=retry_after or 0))


@dataclass(frozen=True, slots=True)
class Answer:
    """An attempt's outcome, ready to be stored; `message` holds AFAS's own words, or nothing.

    `held_back` says that we did not let it leave because the service stops: it may leave again at once.
    """

    outcome: Outcome
    entry_number: str = ""
    status: int | None = None
    error_number: int | None = None
    message: str = ""
    code: str = ""
    log_reference: str = ""
    retry_after: int | None = None
    once_more: bool = False
    held_back: bool = False


@dataclass(frozen=True, slots=True)
class Attempts:
    """What decide needs to know of the attempts beside the one that answered.

    `not_booked_count` counts since a person sent it again, or its account was let in again.
    """

    is_latest: bool = True
    earlier_settled: bool = True
    earlier_entry_number: str = ""
    not_booked_count: int = 0
    follows_a_refusal: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the delivery goes, when it is looked at again, and whether its connection pauses."""

    state: State
    reason: Reason = Reason.NONE
    due_at: datetime | None = None
    entry_number: str = ""
    pauses_connection: bool = False


def answer_to(result: Booked | errors.AfasError) -> Answer:
    """What the client said, in the words of delivery; whatever is not surely known is unknown."""
    if isinstance(result, Booked):
        return Answer(Outcome.BOOKED, entry_number=result.entry_number, status=201)
    evidence = result.evidence
    return Answer(
        outcome=_outcome_of(result),
        status=evidence.status,
        error_number=evidence.error_number,
        message=evidence.external_message or "",
        code=result.finding.code if result.finding else "",
        log_reference=evidence.log_reference or "",
        retry_after=evidence.retry_after,
        once_more=isinstance(result, errors.NotLetIn) and result.try_once_more,
    )


def _outcome_of(error: errors.AfasError) -> Outcome:
    kinds = {
        errors.Refused: Outcome.REFUSED,
        errors.NotBooked: Outcome.NOT_BOOKED,
        errors.NotLetIn: Outcome.NOT_LET_IN,
    }
    return next((outcome for kind, outcome in kinds.items() if isinstance(error, kind)), Outcome.UNKNOWN)


def why_not_let_in(*, status: int | None, message: str) -> str:
    """Why AFAS does not let us in: its own words, or else the code of a problem that says it."""
    return message or ("address_refused" if status == 403 else "token_refused")


def decide(
    *,
    state: State,
    answer: Answer,
    attempts: Attempts,
    policy: Policy,
    now: datetime,
    first_claimed_at: datetime,
    entry_number: str,
) -> Decision | None:
    """What becomes of a delivery in `state` when an attempt answers; None leaves it as it is.

    `entry_number` is the one the delivery has already, if any.
    """
    if state is State.SENDING and attempts.is_latest:
        return _settle(answer, attempts, policy, now, first_claimed_at)
    if state is State.SENDING:
        return None
    if answer.outcome is Outcome.BOOKED:
        return _booked_late(state, answer, entry_number, now)
    if answer.outcome is Outcome.UNKNOWN and state in {State.BOOKED, State.VERIFIED}:
        # Its worker stood still, and may have sent it only now: is it still there once?
        return Decision(state, due_at=now, entry_number=entry_number)
    late_but_last = state is State.IN_DOUBT and attempts.is_latest and attempts.earlier_settled
    if late_but_last and answer.outcome is not Outcome.UNKNOWN:
        return _settle(answer, attempts, policy, now, first_claimed_at)
    return None


def _settle(
    answer: Answer,
    attempts: Attempts,
    policy: Policy,
    now: datetime,
    first_claimed_at: datetime,
) -> Decision:
    """The running attempt answered; an earlier one that AFAS had booked comes to light here too."""
    earlier = attempts.earlier_entry_number
    if answer.outcome is Outcome.BOOKED:
        double = bool(earlier) and earlier != answer.entry_number
        return Decision(
            State.CONFLICT if double else State.BOOKED,
            reason=Reason.DOUBLE if double else Reason.NONE,
            due_at=now,
            entry_number=answer.entry_number,
        )
    if earlier:
        return Decision(State.BOOKED, due_at=now, entry_number=earlier)
    if answer.outcome is Outcome.REFUSED:
        return Decision(State.REJECTED)
    if answer.outcome is Outcome.UNKNOWN:
        return Decision(State.IN_DOUBT, due_at=now + policy.look_first)
    return _later(answer, attempts, policy, now, first_claimed_at)


def _later(
    answer: Answer, attempts: Attempts, policy: Policy, now: datetime, first_claimed_at: datetime
) -> Decision:
    """Surely not booked: again by itself, until it has been tried long enough."""
    if answer.outcome is Outcome.NOT_LET_IN:
        pauses = not answer.once_more or attempts.follows_a_refusal
        due_at = now if pauses else now + policy.first_wait
        reason = Reason.CONNECTION_PAUSED if pauses else Reason.NONE
        return Decision(State.QUEUED, reason=reason, due_at=due_at, pauses_connection=pauses)
    if answer.held_back:
        return Decision(State.QUEUED, due_at=now)
    due_at = policy.next_try(now=now, tries=attempts.not_booked_count, retry_after=answer.retry_after)
    if due_at - first_claimed_at > policy.give_up_after:
        return Decision(State.GIVEN_UP)
    return Decision(State.QUEUED, due_at=due_at)


def _booked_late(state: State, answer: Answer, entry_number: str, now: datetime) -> Decision | None:
    """AFAS turns out to have booked an attempt that we had another idea of."""
    if state in {State.IN_DOUBT, State.QUEUED, State.REJECTED, State.GIVEN_UP, State.HELD, State.UNDECIDED}:
        return Decision(State.BOOKED, due_at=now, entry_number=answer.entry_number)
    if state is State.CONFLICT or entry_number == answer.entry_number:
        return None
    if state in {State.CANCELLED, State.BOOKED_BY_HAND, State.REVERSED}:
        return Decision(State.CONFLICT, reason=Reason.BOOKED_LATE, entry_number=answer.entry_number)
    return Decision(State.CONFLICT, reason=Reason.DOUBLE, due_at=now, entry_number=entry_number)
