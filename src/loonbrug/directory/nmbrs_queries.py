"""What Nmbrs shows of an office's debtors and companies, and which of ours they are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Count, Q

from loonbrug.access.rights import Scope
from loonbrug.directory.matching import Doubt, Ours, match
from loonbrug.directory.models import Company, Debtor, NmbrsCompany, NmbrsDebtor


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


def debtor_names(*, connection_id: int) -> tuple[str, ...]:
    """The names of the debtors that a connection shows."""
    rows = NmbrsDebtor.objects.filter(connection_id=connection_id, gone_at=None).order_by("number")
    return tuple(rows.values_list("name", flat=True))


def gone_companies(*, scope: Scope) -> frozenset[int]:
    """Those of our companies that Nmbrs showed and no longer shows."""
    rows = NmbrsCompany.objects.filter(office_id=scope.office_id, gone_at__isnull=False)
    return frozenset(rows.exclude(company=None).values_list("company_id", flat=True))


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


def connections_with_debtors(*, office_id: int) -> frozenset[int]:
    """The connections through which some debtor is seen."""
    rows = NmbrsDebtor.objects.filter(office_id=office_id)
    return frozenset(rows.values_list("connection_id", flat=True))


@dataclass(frozen=True, slots=True)
class Undecided:
    """A debtor or company in Nmbrs of which a person has to say which of ours it is; `ours` has the same number."""

    kind: Literal["debtor", "company"]
    id: int
    number: str
    name: str
    connection_id: int
    doubt: Doubt
    ours_id: int | None
    ours_name: str


def undecided(*, scope: Scope) -> tuple[Undecided, ...]:
    """What a person has to decide, debtors first: their companies wait for them."""
    debtors = NmbrsDebtor.objects.filter(office_id=scope.office_id, debtor=None, gone_at=None)
    companies = NmbrsCompany.objects.filter(
        office_id=scope.office_id, company=None, gone_at=None, debtor__debtor__isnull=False
    )
    open_debtors = list(debtors.order_by("number"))
    open_companies = list(companies.select_related("debtor").order_by("number"))
    same_debtor = our_debtors(scope) if open_debtors else {}
    same_company = our_companies(scope) if open_companies else {}
    return (
        *(_undecided_debtor(row, same_debtor.get(row.number)) for row in open_debtors),
        *(_undecided_company(row, same_company.get(row.number)) for row in open_companies),
    )


def _undecided_debtor(row: NmbrsDebtor, ours: Ours | None) -> Undecided:
    doubt = match(number=row.number, name=row.name, debtor_id=None, ours=ours).doubt
    return Undecided(
        kind="debtor",
        id=row.pk,
        number=row.number,
        name=row.name,
        connection_id=row.connection_id,
        doubt=doubt or Doubt.LINKED_ELSEWHERE,
        ours_id=ours.id if ours else None,
        ours_name=ours.name if ours else "",
    )


def _undecided_company(row: NmbrsCompany, ours: Ours | None) -> Undecided:
    matched = match(number=row.number, name=row.name, debtor_id=row.debtor.debtor_id, ours=ours)
    return Undecided(
        kind="company",
        id=row.pk,
        number=row.number,
        name=row.name,
        connection_id=row.debtor.connection_id,
        doubt=matched.doubt or Doubt.LINKED_ELSEWHERE,
        ours_id=ours.id if ours else None,
        ours_name=ours.name if ours else "",
    )


def our_debtors(scope: Scope) -> dict[str, Ours]:
    """Our debtors by number."""
    rows = Debtor.objects.filter(office_id=scope.office_id).values_list("number", "id", "name", "in_nmbrs")
    return {number: Ours(key, name, None, link is not None) for number, key, name, link in rows}


def our_companies(scope: Scope) -> dict[str, Ours]:
    """Our companies by number."""
    rows = Company.objects.filter(office_id=scope.office_id)
    facts = rows.values_list("number", "id", "name", "debtor_id", "in_nmbrs")
    return {number: Ours(key, name, of, link is not None) for number, key, name, of, link in facts}


def period_types(*, company_ids: Collection[int]) -> dict[int, str]:
    """The kind of period of these companies of ours, as Nmbrs told it; empty where it has not yet."""
    rows = NmbrsCompany.objects.filter(company_id__in=company_ids)
    return {key: kind for key, kind in rows.values_list("company_id", "period_type") if key is not None}
