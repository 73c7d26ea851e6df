"""Debtors, companies and allocation codes of one office.

The names of debtors and companies are shown to everybody of the office: whatever else a person may see hangs on
them. Changing them, and seeing allocation codes, takes a right.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.directory.models import AllocationCode, CodeKind, Company, Debtor


@dataclass(frozen=True, slots=True)
class DebtorView:
    """A customer of the office."""

    id: int
    number: str
    name: str
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class CompanyView:
    """An employer, with the debtor it belongs to."""

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
    """A cost centre or cost unit; `gone_at` when it came from Nmbrs and was missed there since."""

    id: int
    kind: CodeKind
    code: str
    name: str
    gone_at: datetime | None


def debtors(*, scope: Scope) -> list[DebtorView]:
    """All debtors of the office, by number."""
    rows = Debtor.objects.filter(office_id=scope.office_id).order_by("number")
    return [_debtor_view(row) for row in rows]


def debtor(*, scope: Scope, debtor_id: int) -> DebtorView:
    """One debtor. Raises NotFoundError."""
    row = Debtor.objects.filter(office_id=scope.office_id, id=debtor_id).first()
    if row is None:
        raise NotFoundError("debtor", debtor_id)
    return _debtor_view(row)


def companies(*, scope: Scope, debtor_id: int | None = None) -> list[CompanyView]:
    """All companies of the office, or of one debtor, by number."""
    rows = Company.objects.filter(office_id=scope.office_id)
    if debtor_id is not None:
        rows = rows.filter(debtor_id=debtor_id)
    return _company_views(rows.select_related("debtor").order_by("number"))


def company(*, scope: Scope, company_id: int) -> CompanyView:
    """One company. Raises NotFoundError."""
    return _one_company(scope, company_id, Q(id=company_id))


def companies_by_id(*, scope: Scope, company_ids: Collection[int]) -> dict[int, CompanyView]:
    """Those of these companies that are this office's."""
    rows = Company.objects.filter(office_id=scope.office_id, id__in=company_ids).select_related("debtor")
    return {company.id: company for company in _company_views(rows)}


def company_by_number(*, scope: Scope, number: str) -> CompanyView:
    """The company with this number. Raises NotFoundError."""
    return _one_company(scope, number, Q(number=number))


def found(*, scope: Scope, text: str, count: int) -> list[CompanyView]:
    """Companies whose number or name, or whose debtor's, holds this text; at most `count`, by number."""
    holds = Q(number__icontains=text) | Q(name__icontains=text)
    of_debtor = Q(debtor__number__icontains=text) | Q(debtor__name__icontains=text)
    rows = Company.objects.filter(holds | of_debtor, office_id=scope.office_id)
    return _company_views(rows.select_related("debtor").order_by("number")[:count])


def cost_centres(*, scope: Scope, company_id: int) -> list[CodeView]:
    """The company's cost centres, by code. Raises NotAllowedError, NotFoundError."""
    return codes(scope=scope, company_id=company_id, kind=CodeKind.COST_CENTRE)


def cost_units(*, scope: Scope, company_id: int) -> list[CodeView]:
    """The company's cost units, by code. Raises NotAllowedError, NotFoundError."""
    return codes(scope=scope, company_id=company_id, kind=CodeKind.COST_UNIT)


def codes(*, scope: Scope, company_id: int, kind: CodeKind) -> list[CodeView]:
    """The company's codes of one kind, by code. Raises NotAllowedError, NotFoundError."""
    scope.require(Part.DIRECTORY, Level.READ)
    company(scope=scope, company_id=company_id)
    rows = AllocationCode.objects.filter(company_id=company_id, kind=kind).order_by("code")
    return [_code_view(row) for row in rows]


def code(*, scope: Scope, company_id: int, code_id: int) -> CodeView:
    """One code of the company. Raises NotAllowedError, NotFoundError."""
    scope.require(Part.DIRECTORY, Level.READ)
    company(scope=scope, company_id=company_id)
    row = AllocationCode.objects.filter(company_id=company_id, id=code_id).first()
    if row is None:
        raise NotFoundError("allocation code", code_id)
    return _code_view(row)


def _one_company(scope: Scope, key: object, condition: Q) -> CompanyView:
    rows = Company.objects.filter(condition, office_id=scope.office_id).select_related("debtor")
    views = _company_views(rows)
    if not views:
        raise NotFoundError("company", key)
    return views[0]


def _debtor_view(row: Debtor) -> DebtorView:
    return DebtorView(id=row.id, number=row.number, name=row.name, is_blocked=row.is_blocked)


def _company_views(rows: Iterable[Company]) -> list[CompanyView]:
    return [
        CompanyView(
            id=row.id,
            number=row.number,
            name=row.name,
            is_test=row.is_test,
            debtor_id=row.debtor_id,
            debtor_number=row.debtor.number,
            debtor_name=row.debtor.name,
            debtor_is_blocked=row.debtor.is_blocked,
        )
        for row in rows
    ]


def _code_view(row: AllocationCode) -> CodeView:
    return CodeView(id=row.id, kind=CodeKind(row.kind), code=row.code, name=row.name, gone_at=row.gone_at)
