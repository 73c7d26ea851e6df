"""Add and change debtors, companies and allocation codes. Each act is written in the audit record.

All of them want write on debtors and companies, and raise NotAllowedError, NotFoundError (for what is not in this
office) or ProblemsError, which names each field that is wrong.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from loonbrug.access.names import Typed
from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.audit.operations import write
from loonbrug.directory import queries
from loonbrug.directory.models import AllocationCode, CodeKind, Company, Debtor
from loonbrug.directory.queries import CodeView, CompanyView, DebtorView
from loonbrug.ledger.problems import Place, Problem, ProblemsError, Who, problem

_NUMBER = 20
_NAME = 120
_CODE = 16  # AFAS: a code of an allocation has at most 16 characters, its name at most 50
_CODE_NAME = 50


@transaction.atomic
def add_debtor(*, scope: Scope, number: str, name: str, is_blocked: bool, now: datetime) -> DebtorView:
    """A new debtor."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    row = Debtor(office_id=scope.office_id)
    return _save_debtor(scope, row, number, name, is_blocked, now)


@transaction.atomic
def change_debtor(
    *, scope: Scope, debtor_id: int, number: str, name: str, is_blocked: bool, now: datetime
) -> DebtorView:
    """Other number, name, or blocked or not; while blocked nothing of the debtor is sent."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    row = Debtor.objects.filter(office_id=scope.office_id, id=debtor_id).first()
    if row is None:
        raise NotFoundError("debtor", debtor_id)
    return _save_debtor(scope, row, number, name, is_blocked, now)


def _save_debtor(
    scope: Scope, row: Debtor, number: str, name: str, is_blocked: bool, now: datetime
) -> DebtorView:
    verb = _verb(row.pk)
    typed = Typed()
    row.number = typed.number("number", number, longest=_NUMBER)
    row.name = typed.name("name", name, longest=_NAME)
    row.is_blocked = is_blocked
    if Debtor.objects.filter(office_id=scope.office_id, number=row.number).exclude(id=row.pk).exists():
        typed.wrong(_taken("number", row.number))
    typed.done()
    row.save()
    write(
        by=scope,
        at=now,
        verb=verb,
        subject_kind="debtor",
        subject_id=row.id,
        details={"number": row.number, "name": row.name, "is_blocked": row.is_blocked},
    )
    return queries.debtor(scope=scope, debtor_id=row.id)


@transaction.atomic
def add_company(
    *, scope: Scope, debtor_id: int, number: str, name: str, is_test: bool, now: datetime
) -> CompanyView:
    """A new company under a debtor."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    debtor = queries.debtor(scope=scope, debtor_id=debtor_id)
    row = Company(office_id=scope.office_id, debtor_id=debtor.id)
    return _save_company(scope, row, number, name, is_test, now)


@transaction.atomic
def change_company(
    *, scope: Scope, company_id: int, number: str, name: str, is_test: bool, now: datetime
) -> CompanyView:
    """Other number, name, or test company or not; a test company is never sent."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    row = Company.objects.filter(office_id=scope.office_id, id=company_id).first()
    if row is None:
        raise NotFoundError("company", company_id)
    return _save_company(scope, row, number, name, is_test, now)


def _save_company(
    scope: Scope, row: Company, number: str, name: str, is_test: bool, now: datetime
) -> CompanyView:
    verb = _verb(row.pk)
    typed = Typed()
    row.number = typed.number("number", number, longest=_NUMBER)
    row.name = typed.name("name", name, longest=_NAME)
    row.is_test = is_test
    if Company.objects.filter(office_id=scope.office_id, number=row.number).exclude(id=row.pk).exists():
        typed.wrong(_taken("number", row.number))
    typed.done()
    row.save()
    write(
        by=scope,
        at=now,
        verb=verb,
        subject_kind="company",
        subject_id=row.id,
        details={"number": row.number, "name": row.name, "is_test": row.is_test},
    )
    return queries.company(scope=scope, company_id=row.id)


@transaction.atomic
def add_code(
    *, scope: Scope, company_id: int, kind: CodeKind, code: str, name: str, now: datetime
) -> CodeView:
    """A new cost centre or cost unit of a company."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    company = queries.company(scope=scope, company_id=company_id)
    row = AllocationCode(company_id=company.id, kind=kind)
    return _save_code(scope, row, code, name, now)


@transaction.atomic
def change_code(
    *,
    scope: Scope,
    company_id: int,
    code_id: int,
    code: str,
    name: str,
    in_use: Collection[str],
    now: datetime,
) -> CodeView:
    """Another name, or another code as long as no journal uses it (`in_use` holds the codes that are used)."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    row = _code_row(scope, company_id, code_id)
    if row.code in in_use and code.strip() != row.code:
        raise ProblemsError(_in_use(row.code))
    return _save_code(scope, row, code, name, now)


def _save_code(scope: Scope, row: AllocationCode, code: str, name: str, now: datetime) -> CodeView:
    verb = _verb(row.pk)
    typed = Typed()
    row.code = typed.number("code", code, longest=_CODE)
    row.name = typed.name("name", name, longest=_CODE_NAME)
    others = AllocationCode.objects.filter(company_id=row.company_id, kind=row.kind, code=row.code)
    if others.exclude(id=row.pk).exists():
        typed.wrong(_taken("code", row.code))
    typed.done()
    row.save()
    _record_code(scope, verb, row, now)
    return queries.code(scope=scope, company_id=row.company_id, code_id=row.id)


@transaction.atomic
def delete_code(
    *, scope: Scope, company_id: int, code_id: int, in_use: Collection[str], now: datetime
) -> None:
    """Remove a code that no journal uses."""
    scope.require(Part.DIRECTORY, Level.WRITE)
    row = _code_row(scope, company_id, code_id)
    if row.code in in_use:
        raise ProblemsError(_in_use(row.code))
    _record_code(scope, "deleted", row, now)
    row.delete()


def _code_row(scope: Scope, company_id: int, code_id: int) -> AllocationCode:
    row = AllocationCode.objects.filter(
        company__office_id=scope.office_id, company_id=company_id, id=code_id
    ).first()
    if row is None:
        raise NotFoundError("allocation code", code_id)
    return row


def _record_code(scope: Scope, verb: str, row: AllocationCode, now: datetime) -> None:
    details = {"code": row.code, "name": row.name, "company": row.company.number}
    write(by=scope, at=now, verb=verb, subject_kind=row.kind, subject_id=row.id, details=details)


def _taken(field: str, number: str) -> Problem:
    return problem("number_taken", place=Place(field=field), who=Who.OFFICE_ADMIN, number=number)


def _in_use(code: str) -> Problem:
    return problem("code_in_use", place=Place(field="code"), who=Who.OFFICE_ADMIN, number=code)


def _verb(key: int | None) -> str:
    return "added" if key is None else "changed"
