"""Debtors, companies and allocation codes of one office. Rights are checked by the workflows and pages."""

from dataclasses import dataclass

from django.db.models import QuerySet

from loonbrug.access.rights import NotFoundError, Scope
from loonbrug.directory.models import Company, CostCentre, CostUnit, Debtor


@dataclass(frozen=True, slots=True)
class DebtorView:
    id: int
    number: str
    name: str
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class CompanyView:
    id: int
    number: str
    name: str
    is_test: bool
    debtor_id: int
    debtor_number: str
    debtor_name: str
    debtor_is_blocked: bool


@dataclass(frozen=True, slots=True)
class CodeView:
    """A cost centre or cost unit of a company."""

    id: int
    code: str
    name: str


def debtors(*, scope: Scope) -> tuple[DebtorView, ...]:
    """The office's debtors, by number."""
    rows = Debtor.objects.filter(office_id=scope.office_id).order_by("number")
    return tuple(map(debtor_view, rows))


def debtor(*, scope: Scope, debtor_id: int) -> DebtorView:
    """One debtor of the office. Raises NotFoundError."""
    row = Debtor.objects.filter(office_id=scope.office_id, pk=debtor_id).first()
    if row is None:
        raise NotFoundError("debtor", debtor_id)
    return debtor_view(row)


def companies(*, scope: Scope, debtor_id: int | None = None) -> tuple[CompanyView, ...]:
    """The office's companies, or those of one debtor, by number."""
    rows = _companies(scope)
    if debtor_id is not None:
        rows = rows.filter(debtor_id=debtor_id)
    return tuple(map(company_view, rows.order_by("number")))


def company(*, scope: Scope, company_id: int) -> CompanyView:
    """One company of the office. Raises NotFoundError."""
    row = _companies(scope).filter(pk=company_id).first()
    if row is None:
        raise NotFoundError("company", company_id)
    return company_view(row)


def company_by_number(*, scope: Scope, number: str) -> CompanyView | None:
    """The office's company with this number, if there is one."""
    row = _companies(scope).filter(number=number.strip()).first()
    return company_view(row) if row is not None else None


def cost_centres(*, scope: Scope, company_id: int) -> tuple[CodeView, ...]:
    """The company's cost centres, by code."""
    rows = CostCentre.objects.filter(company_id=company_id, company__office_id=scope.office_id)
    return tuple(code_view(row) for row in rows.order_by("code"))


def cost_units(*, scope: Scope, company_id: int) -> tuple[CodeView, ...]:
    """The company's cost units, by code."""
    rows = CostUnit.objects.filter(company_id=company_id, company__office_id=scope.office_id)
    return tuple(code_view(row) for row in rows.order_by("code"))


def _companies(scope: Scope) -> QuerySet[Company]:
    return Company.objects.filter(office_id=scope.office_id).select_related("debtor")


def debtor_view(row: Debtor) -> DebtorView:
    """The frozen value of a row."""
    return DebtorView(id=row.pk, number=row.number, name=row.name, is_blocked=row.is_blocked)


def company_view(row: Company) -> CompanyView:
    """The frozen value of a row."""
    return CompanyView(
        id=row.pk,
        number=row.number,
        name=row.name,
        is_test=row.is_test,
        debtor_id=row.debtor_id,
        debtor_number=row.debtor.number,
        debtor_name=row.debtor.name,
        debtor_is_blocked=row.debtor.is_blocked,
    )


def code_view(row: CostCentre | CostUnit) -> CodeView:
    """The frozen value of a row."""
    return CodeView(id=row.pk, code=row.code, name=row.name)
