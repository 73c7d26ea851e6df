"""The only writers of debtors, companies and allocation codes. Rights are checked by the workflows."""

from collections.abc import Collection
from enum import StrEnum

from django.db import IntegrityError, transaction

from loonbrug.access.rights import NotFoundError, Scope
from loonbrug.directory.models import Company, CostCentre, CostUnit, Debtor
from loonbrug.directory.names import name_problems, tidied
from loonbrug.directory.queries import CodeView, CompanyView, DebtorView, code_view, company_view, debtor_view
from loonbrug.ledger.problems import Place, Problem, ProblemsError, problem

LONGEST_NUMBER = 20
LONGEST_NAME = 120
#: AFAS's lengths of an allocation code and its description (KnDimCode).
LONGEST_CODE = 16
LONGEST_CODE_NAME = 50


class CodeKind(StrEnum):
    """Which of a company's two lists of codes."""

    COST_CENTRE = "cost_centre"
    COST_UNIT = "cost_unit"


_TABLES: dict[CodeKind, type[CostCentre] | type[CostUnit]] = {
    CodeKind.COST_CENTRE: CostCentre,
    CodeKind.COST_UNIT: CostUnit,
}


def save_debtor(
    *, scope: Scope, number: str, name: str, is_blocked: bool, debtor_id: int | None = None
) -> DebtorView:
    """Add a debtor, or change one. Raises NotFoundError, ProblemsError."""
    number, name = _number_and_name(number, name)
    row = Debtor(office_id=scope.office_id) if debtor_id is None else _debtor(scope, debtor_id)
    row.number, row.name, row.is_blocked = number, name, is_blocked
    _save(row, field="number", value=number)
    return debtor_view(row)


def save_company(
    *,
    scope: Scope,
    debtor_id: int,
    number: str,
    name: str,
    is_test: bool,
    company_id: int | None = None,
) -> CompanyView:
    """Add a company to a debtor, or change one. Raises NotFoundError, ProblemsError."""
    number, name = _number_and_name(number, name)
    if company_id is None:
        row = Company(office_id=scope.office_id, debtor=_debtor(scope, debtor_id))
    else:
        row = _company(scope, company_id)
    row.number, row.name, row.is_test = number, name, is_test
    _save(row, field="number", value=number)
    return company_view(row)


def save_code(
    *, scope: Scope, company_id: int, kind: CodeKind, code: str, name: str, code_id: int | None = None
) -> CodeView:
    """Add a cost centre or cost unit to a company, or change one. Raises NotFoundError, ProblemsError."""
    code, name = tidied(code), tidied(name)
    _raise(
        name_problems(code, field="code", longest=LONGEST_CODE)
        + name_problems(name, field="name", longest=LONGEST_CODE_NAME)
    )
    company = _company(scope, company_id)
    row = _TABLES[kind](company=company) if code_id is None else _code(company, kind, code_id)
    row.code, row.name = code, name
    _save(row, field="code", value=code)
    return code_view(row)


def delete_code(
    *, scope: Scope, company_id: int, kind: CodeKind, code_id: int, used: Collection[str]
) -> None:
    """Delete a cost centre or cost unit, unless a journal uses it. Raises NotFoundError, ProblemsError."""
    row = _code(_company(scope, company_id), kind, code_id)
    if row.code in used:
        raise ProblemsError(problem("code_in_use", value=row.code))
    row.delete()


def _number_and_name(number: str, name: str) -> tuple[str, str]:
    number, name = tidied(number), tidied(name)
    _raise(
        name_problems(number, field="number", longest=LONGEST_NUMBER)
        + name_problems(name, field="name", longest=LONGEST_NAME)
    )
    return number, name


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise ProblemsError(*problems)


def _save(row: Debtor | Company | CostCentre | CostUnit, *, field: str, value: str) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ProblemsError(problem("already_there", place=Place(field=field), value=value)) from error


def _debtor(scope: Scope, debtor_id: int) -> Debtor:
    row = Debtor.objects.filter(office_id=scope.office_id, pk=debtor_id).first()
    if row is None:
        raise NotFoundError("debtor", debtor_id)
    return row


def _company(scope: Scope, company_id: int) -> Company:
    rows = Company.objects.filter(office_id=scope.office_id, pk=company_id).select_related("debtor")
    row = rows.first()
    if row is None:
        raise NotFoundError("company", company_id)
    return row


def _code(company: Company, kind: CodeKind, code_id: int) -> CostCentre | CostUnit:
    rows: type[CostCentre] | type[CostUnit] = _TABLES[kind]
    row = rows.objects.filter(company=company, pk=code_id).first()
    if row is None:
        raise NotFoundError(kind, code_id)
    return row
