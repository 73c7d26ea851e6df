"""What is asked of AFAS's books: of which deliveries, by what, and who witnesses that we see anything.

In doubt is looked up and never resent blindly; what is booked is read back. Nothing here talks to AFAS.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from loonbrug.connections.capabilities import Feature, capabilities, connector_for
from loonbrug.delivery.claiming import token_of
from loonbrug.delivery.models import Delivery, NumberKeeping
from loonbrug.delivery.payload import counter_voucher_number
from loonbrug.delivery.states import State

#: The states that a look ends when it finds the entry once, as it was sent.
DOUBTED = (State.IN_DOUBT, State.UNDECIDED, State.CONFLICT)
#: The states in which a look in the books can change something, beside the look after a DELETE.
LOOKED_AT = (*DOUBTED, State.BOOKED, State.VERIFIED, State.BOOKED_BY_HAND)


class Kind(StrEnum):
    """Why AFAS is asked: to end a doubt, to verify a booking, to learn whether it keeps our numbers, to delete, or to
    see what a person typed in by hand.
    """

    DOUBT = "doubt"
    READ_BACK = "read_back"
    NUMBER_CHECK = "number_check"
    REVERSAL = "reversal"
    BY_HAND = "by_hand"


#: Questions by AFAS's own number of the entry and by ours: a second copy shows itself by ours only.
BY_BOTH_NUMBERS = frozenset({Kind.NUMBER_CHECK, Kind.REVERSAL})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One delivery to find in the books.

    `counter_number` is the voucher number of its next counter-entry: in the books only where one was booked in a time
    that a restored database does not know.
    """

    delivery_id: int
    voucher_number: str
    journal_code: str
    entry_number: str
    counter_number: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask AFAS in one call, and the entry of ours by which we know that we see anything.

    It has a call of its own where it is about a call that AFAS may still be working on.
    """

    kind: Kind
    office_id: int
    connection_id: int
    connector: str
    token: str
    administration: int
    wanted: tuple[Wanted, ...]
    witness: str = ""
    has_own_call: bool = False


def connector_of(delivery: Delivery) -> str:
    """The connector by which this delivery can be looked up; empty where there is no means to look."""
    return connectors_of([delivery])[delivery.pk]


def connectors_of(deliveries: Collection[Delivery]) -> dict[int, str]:
    """The connector by which each of these can be looked up; empty where there is no means to look."""
    lanes = NumberKeeping.objects.filter(
        environment_id__in={delivery.environment_id for delivery in deliveries}, is_kept=False
    )
    lost = list(lanes.values("office_id", "environment_id", "administration", "journal_code"))
    return {
        each.pk: "" if lane_of(each) in lost else shown_by(each.connection.get_connectors)
        for each in deliveries
    }


def shown_by(get_connectors: Collection[str]) -> str:
    """Which of these shows booked lines, whether or not they carry our numbers; empty if none does."""
    return connector_for(Feature.LOOK_UP, capabilities(get_connectors=get_connectors, update_connectors=()))


def next_counter_number(delivery: Delivery) -> str:
    """The voucher number of the counter-entry that would be made of this delivery now."""
    made = delivery.counter_entries.count()
    return counter_voucher_number(voucher_number=delivery.voucher_number, generation=made)


def lane_of(delivery: Delivery) -> dict[str, int | str]:
    """What a delivery shares with all others of its office in the same administration and journal."""
    return {
        "office_id": delivery.office_id,
        "environment_id": delivery.environment_id,
        "administration": delivery.administration,
        "journal_code": delivery.journal_code,
    }


def question_about(kind: Kind, delivery: Delivery) -> Question:
    """A question about one delivery, with another entry of ours as witness that we see anything there."""
    witnesses = Delivery.objects.filter(
        **lane_of(delivery), year=delivery.year, state__in=[State.BOOKED, State.VERIFIED]
    )
    witness = witnesses.exclude(pk=delivery.pk).order_by("-changed_at").first()
    return replace(
        question_of(kind, delivery, connector_of(delivery)),
        witness=witness.voucher_number if witness else "",
    )


def question_of(kind: Kind, delivery: Delivery, connector: str) -> Question:
    """A question about one delivery."""
    wanted = Wanted(delivery.pk, delivery.voucher_number, delivery.journal_code, delivery.entry_number)
    if kind is Kind.REVERSAL:
        wanted = replace(wanted, counter_number=next_counter_number(delivery))
    return Question(
        kind=kind,
        office_id=delivery.office_id,
        connection_id=delivery.connection_id,
        connector=connector,
        token=token_of(delivery.connection),
        administration=delivery.administration,
        wanted=(wanted,),
    )
