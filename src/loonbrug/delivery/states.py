"""The states of a delivery and the only ways between them. Pure; the database trigger is made from it.

"Needs a person" is three states, because what a person may decide differs: `HELD` (nothing was sent),
`UNDECIDED` (AFAS may have booked it) and `CONFLICT` (AFAS holds it twice, or differently).
"""

from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    BOOKED = "booked"
    VERIFIED = "verified"
    REJECTED = "rejected"
    GIVEN_UP = "given_up"
    IN_DOUBT = "in_doubt"
    HELD = "held"
    UNDECIDED = "undecided"
    CONFLICT = "conflict"
    CANCELLED = "cancelled"
    BOOKED_BY_HAND = "booked_by_hand"
    REVERSING = "reversing"
    REVERSED = "reversed"


S = State

TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    {
        (S.QUEUED, S.SENDING),  # claimed
        (S.QUEUED, S.HELD),  # company became test, debtor blocked
        (S.QUEUED, S.IN_DOUBT),  # the database was restored or copied
        (S.QUEUED, S.CANCELLED),
        (S.SENDING, S.BOOKED),
        (S.SENDING, S.REJECTED),
        (S.SENDING, S.QUEUED),  # surely not booked, or not let in
        (S.SENDING, S.GIVEN_UP),
        (S.SENDING, S.IN_DOUBT),
        (S.SENDING, S.CONFLICT),  # an earlier attempt turned out booked too
        (S.IN_DOUBT, S.BOOKED),  # found once and equal, or answered late
        (S.IN_DOUBT, S.QUEUED),  # proven absent
        (S.IN_DOUBT, S.REJECTED),  # answered late, all earlier attempts settled
        (S.IN_DOUBT, S.GIVEN_UP),
        (S.IN_DOUBT, S.UNDECIDED),
        (S.IN_DOUBT, S.CONFLICT),
        (S.REJECTED, S.QUEUED),
        (S.REJECTED, S.CANCELLED),
        (S.GIVEN_UP, S.QUEUED),
        (S.GIVEN_UP, S.CANCELLED),
        (S.HELD, S.QUEUED),
        (S.HELD, S.CANCELLED),
        (S.UNDECIDED, S.QUEUED),
        (S.UNDECIDED, S.CANCELLED),
        (S.UNDECIDED, S.BOOKED),
        (S.UNDECIDED, S.BOOKED_BY_HAND),
        (S.UNDECIDED, S.CONFLICT),
        (S.CONFLICT, S.BOOKED),
        (S.CONFLICT, S.REVERSING),
        (S.QUEUED, S.BOOKED),  # from here to CONFLICT: an attempt that AFAS had booked answered late
        (S.REJECTED, S.BOOKED),
        (S.GIVEN_UP, S.BOOKED),
        (S.HELD, S.BOOKED),
        (S.CANCELLED, S.CONFLICT),
        (S.BOOKED_BY_HAND, S.CONFLICT),
        (S.BOOKED, S.VERIFIED),
        (S.BOOKED, S.CONFLICT),
        (S.BOOKED, S.REVERSING),
        (S.VERIFIED, S.CONFLICT),
        (S.VERIFIED, S.REVERSING),
        (S.REVERSING, S.REVERSED),
        (S.REVERSING, S.BOOKED),
        (S.REVERSING, S.CONFLICT),
        (S.REVERSED, S.CONFLICT),
    }
)

#: An entry may be sent anew only when its earlier delivery ended in one of these.
ENDED: frozenset[State] = frozenset({S.CANCELLED, S.REVERSED})

#: What had ended may be in these again: AFAS booked it late, or is asked to take that booking back.
MAY_HAVE_ENDED: frozenset[State] = frozenset({State.CONFLICT, State.REVERSING})

#: AFAS surely holds the entry.
IN_AFAS: frozenset[State] = frozenset({S.BOOKED, S.VERIFIED, S.BOOKED_BY_HAND})

#: A person has to decide or mend something.
WAITS_FOR_PERSON: frozenset[State] = frozenset({S.REJECTED, S.GIVEN_UP, S.HELD, S.UNDECIDED, S.CONFLICT})


def allowed(before: State, after: State) -> bool:
    """Whether a delivery may go from one state to the other (staying is always allowed)."""
    return before == after or (before, after) in TRANSITIONS
