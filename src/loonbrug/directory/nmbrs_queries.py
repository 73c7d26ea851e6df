"""What Nmbrs shows of an office's debtors and companies, and which of ours they are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from loonbrug.access.rights import Scope
from loonbrug.directory.models import NmbrsCompany, NmbrsDebtor


@dataclass(frozen=True, slots=True)
class NmbrsDebtorView:
    """A debtor in Nmbrs; `debtor_id` is ours, None while a person has to decide."""

    id: int
    nmbrs_id: str
    number: str
    name: str
    debtor_id: int | None
    connection_id: int
    company_count: int
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class CompanyLink:
    """Where one of our companies is in Nmbrs: through which connection, and under which id."""

    connection_id: int
    nmbrs_id: str
    period_type: str
    gone_at: datetime | None


def nmbrs_debtors(*, scope: Scope) -> tuple[NmbrsDebtorView, ...]:
    """The debtors that the office's connections show or have shown, by number."""
    present = Count("companies", filter=Q(companies__gone_at=None))
    rows = NmbrsDebtor.objects.filter(office_id=scope.office_id).annotate(present=present)
    return tuple(
        NmbrsDebtorView(
            id=row.pk,
            nmbrs_id=row.nmbrs_id,
            number=row.number,
            name=row.name,
            debtor_id=row.debtor_id,
            connection_id=row.connection_id,
            company_count=row.present,
            gone_at=row.gone_at,
        )
        for row in rows.order_by("number", "id")
    )


def company_link(*, scope: Scope, company_id: int) -> CompanyLink | None:
    """Where this company is in Nmbrs; None when it is known from files only."""
    rows = NmbrsCompany.objects.filter(office_id=scope.office_id, company_id=company_id)
    row = rows.select_related("debtor").first()
    if row is None:
        return None
    return CompanyLink(row.debtor.connection_id, row.nmbrs_id, row.period_type, row.gone_at)


def holders_of(*, office_id: int, nmbrs_debtor_ids: Collection[str]) -> frozenset[int]:
    """The connections through which these debtors have been seen."""
    rows = NmbrsDebtor.objects.filter(office_id=office_id, nmbrs_id__in=nmbrs_debtor_ids)
    return frozenset(rows.values_list("connection_id", flat=True))
