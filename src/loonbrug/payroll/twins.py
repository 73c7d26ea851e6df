"""Journals that hold exactly the same, wherever in the office they stand."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from loonbrug.access.rights import Scope
from loonbrug.payroll.models import Journal, JournalLife
from loonbrug.payroll.queries import RunIdentity


@dataclass(frozen=True, slots=True)
class Twin:
    """Where a journal with the same content stands."""

    run: RunIdentity
    company_number: str
    company_name: str


def same_content(*, scope: Scope, hashes: Collection[str]) -> dict[str, list[Twin]]:
    """The office's live journals that hold exactly this, by their content hash."""
    rows = Journal.objects.filter(
        office_id=scope.office_id, life=JournalLife.LIVE, content_hash__in=set(hashes)
    ).values_list(
        "content_hash",
        "run__company__number",
        "run__company__name",
        "run__company_id",
        "run__year",
        "run__period",
        "run__number",
    )
    found: defaultdict[str, list[Twin]] = defaultdict(list)
    for content, number, name, *run in rows.order_by("pk"):
        found[content].append(Twin(RunIdentity(*run), number, name))
    return found
