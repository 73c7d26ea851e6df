"""Everything that must always hold, deliveries joined with the journals they came from: what breaks it, by office."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from loonbrug.audit.models import Record
from loonbrug.delivery.invariants import INVARIANTS, View
from loonbrug.delivery.models import Delivery
from loonbrug.payroll.models import JournalEntry
from loonbrug.watch.operations import Found

ENTRY_LOST = "breach_entry_without_delivery"


def breaches(view: View) -> tuple[Found, ...]:
    """Every rule that is broken now, per office; the ids are of deliveries, for a lost entry of its journal."""
    found = [each for code, question in INVARIANTS.items() for each in _by_office(code, question(view))]
    return (*found, *_by_office(ENTRY_LOST, entries_without_delivery(view)))


def entries_without_delivery(view: View) -> Iterable[tuple[int, int]]:
    """Entries of journals that somebody sent, of which nothing was queued: office and journal."""
    sent = Record.objects.filter(
        office_id=OuterRef("journal__office_id"),
        subject_kind="journal",
        subject_id=OuterRef("journal_id"),
        verb="send",
    )
    delivery = Delivery.objects.filter(
        office_id=OuterRef("journal__office_id"),
        journal_id=OuterRef("journal_id"),
        ordinal=OuterRef("ordinal"),
    )
    rows = JournalEntry.objects.order_by("-id")
    if view.newest_count is not None:
        newest = rows.values_list("id", flat=True).first() or 0
        rows = rows.filter(id__gt=newest - view.newest_count)
    lost = rows.filter(Exists(sent)).exclude(Exists(delivery))
    return sorted(set(lost.values_list("journal__office_id", "journal_id")))


def _by_office(code: str, found: Iterable[tuple[int, int]]) -> list[Found]:
    offices: defaultdict[int, list[int]] = defaultdict(list)
    for office_id, subject_id in found:
        offices[office_id].append(subject_id)
    return [Found(office_id, code, tuple(ids)) for office_id, ids in sorted(offices.items())]
