"""Keeping debtors, companies, cost centres and cost units."""

from datetime import datetime

from django.db import transaction

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.audit import operations as audit
from loonbrug.directory import operations
from loonbrug.directory.operations import CodeKind
from loonbrug.directory.queries import CodeView, CompanyView, DebtorView
from loonbrug.payroll import queries as payroll


@transaction.atomic
def save_debtor(
    *, scope: Scope, number: str, name: str, is_blocked: bool, now: datetime, debtor_id: int | None = None
) -> DebtorView:
    """Add or change a debtor. Raises NotAllowedError, NotFoundError, ProblemsError."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    saved = operations.save_debtor(
        scope=scope, number=number, name=name, is_blocked=is_blocked, debtor_id=debtor_id
    )
    _note(scope, "save", "debtor", saved.id, now, is_blocked=is_blocked)
    return saved


@transaction.atomic
def save_company(
    *,
    scope: Scope,
    debtor_id: int,
    number: str,
    name: str,
    is_test: bool,
    now: datetime,
    company_id: int | None = None,
) -> CompanyView:
    """Add or change a company. Raises NotAllowedError, NotFoundError, ProblemsError."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    saved = operations.save_company(
        scope=scope, debtor_id=debtor_id, number=number, name=name, is_test=is_test, company_id=company_id
    )
    _note(scope, "save", "company", saved.id, now, is_test=is_test)
    return saved


@transaction.atomic
def save_code(
    *,
    scope: Scope,
    company_id: int,
    kind: CodeKind,
    code: str,
    name: str,
    now: datetime,
    code_id: int | None = None,
) -> CodeView:
    """Add or change a cost centre or cost unit. Raises NotAllowedError, NotFoundError, ProblemsError."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    saved = operations.save_code(
        scope=scope, company_id=company_id, kind=kind, code=code, name=name, code_id=code_id
    )
    _note(scope, "save", kind, saved.id, now, code=saved.code)
    return saved


@transaction.atomic
def delete_code(*, scope: Scope, company_id: int, kind: CodeKind, code_id: int, now: datetime) -> None:
    """Delete a cost centre or cost unit that no journal uses. Raises as `save_code`."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    in_use = payroll.codes_in_use(scope=scope, company_id=company_id)
    used = in_use.cost_centres if kind is CodeKind.COST_CENTRE else in_use.cost_units
    operations.delete_code(scope=scope, company_id=company_id, kind=kind, code_id=code_id, used=used)
    _note(scope, "delete", kind, code_id, now)


def _note(scope: Scope, verb: str, kind: str, subject_id: int, now: datetime, **details: str | bool) -> None:
    audit.write(by=scope, at=now, verb=verb, subject_kind=kind, subject_id=subject_id, details=details)
