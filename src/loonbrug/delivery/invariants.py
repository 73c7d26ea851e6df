"""What must always hold of deliveries, asked of the database itself; each function returns what breaks it.

The code and the database's own constraints keep all of this. These questions are there for the day on which one
of them is lost: a hand in the database, a restored table, a mistake of ours.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Count, Exists, F, Max, Min, OuterRef, QuerySet

from loonbrug.connections.models import ConnectionState
from loonbrug.delivery.installation import unreleased_offices
from loonbrug.delivery.models import Attempt, Delivery
from loonbrug.delivery.outcomes import Policy
from loonbrug.delivery.states import State

#: Due for this long with nothing claimed in its environment meanwhile: nobody is working on it.
STUCK_AFTER = timedelta(hours=1)

Breaching = tuple[int, int]  # office id, delivery id


@dataclass(frozen=True, slots=True)
class View:
    """From where the questions are asked: when, with which limits, and how far back (None: everything).

    Payloads are large: a round looks at the newest deliveries and at all that are under way; the command looks
    at all.
    """

    now: datetime
    policy: Policy
    newest_count: int | None = None

    def deliveries(self) -> QuerySet[Delivery]:
        """The deliveries to look at."""
        if self.newest_count is None:
            return Delivery.objects.all()
        newest = Delivery.objects.aggregate(id=Max("id"))["id"] or 0
        return Delivery.objects.filter(id__gt=newest - self.newest_count)


def debit_equals_credit(view: View) -> Iterable[Breaching]:
    """A payload whose sides differ."""
    return _ids(view.deliveries().exclude(total_debit=F("total_credit")))


def booked_has_a_number(view: View) -> Iterable[Breaching]:
    """Booked, and AFAS's number of it is not known."""
    return _ids(view.deliveries().filter(state__in=[State.BOOKED, State.VERIFIED], entry_number=""))


def sending_within_the_limit(view: View) -> Iterable[Breaching]:
    """Being sent though AFAS cannot be working on it any more, so that no drain is watching it."""
    over = view.now - view.policy.answer_limit - 2 * view.policy.margin
    rows = Delivery.objects.filter(state=State.SENDING).annotate(last=Max("attempts__send_before"))
    return _ids(rows.filter(last__lt=over)) + _ids(rows.filter(last=None))


def one_live_delivery_per_entry(view: View) -> Iterable[Breaching]:
    """An entry that is on its way, or in AFAS, by two deliveries."""
    live = view.deliveries().filter(reverses__isnull=True, is_ended=False)
    return _more_than_one(live, "office_id", "run_id", "ordinal")


def voucher_number_once(view: View) -> Iterable[Breaching]:
    """A voucher number that two deliveries to one administration share."""
    return _more_than_one(view.deliveries(), "environment_id", "administration", "voucher_number")


def not_stuck(view: View) -> Iterable[Breaching]:
    """Due long ago, let in by AFAS, and nothing has left for its environment since."""
    long_ago = view.now - STUCK_AFTER
    claimed_since = Attempt.objects.filter(
        delivery__environment_id=OuterRef("environment_id"), claimed_at__gt=long_ago
    )
    under_way = Delivery.objects.filter(environment_id=OuterRef("environment_id"), state=State.SENDING)
    waiting = Delivery.objects.filter(due_at__lt=long_ago, connection__state=ConnectionState.AUTHORISED)
    waiting = waiting.exclude(office_id__in=unreleased_offices())
    return _ids(waiting.exclude(Exists(under_way)).exclude(Exists(claimed_since)))


def payload_as_approved(view: View) -> Iterable[Breaching]:
    """A payload that is not the one whose hash was taken when it was approved."""
    rows = view.deliveries().values_list("office_id", "id", "frozen__content", "payload_hash")
    return [
        (office_id, delivery_id)
        for office_id, delivery_id, payload, expected in rows.iterator(chunk_size=200)
        if sha256(payload or b"").hexdigest() != expected
    ]


def sent_as_approved(view: View) -> Iterable[Breaching]:
    """An attempt that sent something else than its delivery holds."""
    other = Attempt.objects.filter(delivery_id=OuterRef("id")).exclude(payload_hash=OuterRef("payload_hash"))
    return _ids(view.deliveries().filter(Exists(other)))


INVARIANTS: Mapping[str, Callable[[View], Iterable[Breaching]]] = {
    "breach_debit_credit": debit_equals_credit,
    "breach_booked_without_number": booked_has_a_number,
    "breach_sending_too_long": sending_within_the_limit,
    "breach_two_live_deliveries": one_live_delivery_per_entry,
    "breach_voucher_number_twice": voucher_number_once,
    "breach_stuck": not_stuck,
    "breach_payload_changed": payload_as_approved,
    "breach_sent_something_else": sent_as_approved,
}


def _ids(rows: QuerySet[Delivery]) -> list[Breaching]:
    return list(rows.order_by("id").values_list("office_id", "id"))


def _more_than_one(rows: QuerySet[Delivery], *fields: str) -> list[Breaching]:
    """Both ends of each group that should have been one."""
    groups = rows.order_by().values(*fields).annotate(count=Count("id"), first=Min("id"), last=Max("id"))
    ids = {id_ for group in groups.filter(count__gt=1) for id_ in (group["first"], group["last"])}
    return _ids(Delivery.objects.filter(id__in=ids))
