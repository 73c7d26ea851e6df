"""Map companies to administrations of AFAS, checked against what AFAS itself offers.

Every function wants write on mappings, and no transaction is open while AFAS is called.
"""

import datetime
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.audit.operations import write
from loonbrug.connections.models import ConnectionState
from loonbrug.connections.queries import ConnectionView, connection_of
from loonbrug.delivery.queries import mapping_is_in_use
from loonbrug.directory.queries import company
from loonbrug.ledger.problems import Place, Problem, ProblemsError, Who, problem
from loonbrug.mappings import operations
from loonbrug.mappings.checks import MappingValues, company_is_mapped, problems_of
from loonbrug.mappings.queries import MappingView, for_company, mapping
from loonbrug.workflows.administrations import (
    Administration,
    JournalCode,
    administrations_of,
    journal_codes_of,
)


def administrations(*, scope: Scope, connection_id: int) -> tuple[Administration, ...]:
    """What AFAS lists now. Raises ProblemsError, AfasAnswerError, NotFoundError, NotAllowedError."""
    return administrations_of(_ready_account(scope, connection_id))


def journal_codes(*, scope: Scope, connection_id: int, administration: int) -> tuple[JournalCode, ...] | None:
    """The journals AFAS lists now; None where its connector is not there. Raises as `administrations`."""
    return journal_codes_of(_ready_account(scope, connection_id), administration=administration)


def save_mapping(
    *, scope: Scope, company_id: int, values: MappingValues, now: datetime.datetime
) -> MappingView:
    """A mapping for a company that has none.

    Raises ProblemsError, AfasAnswerError, NotFoundError, NotAllowedError.
    """
    scope.require(Part.MAPPINGS, Level.WRITE)
    company(scope=scope, company_id=company_id)
    if for_company(scope=scope, company_id=company_id) is not None:
        raise ProblemsError(company_is_mapped())
    values = _as_afas_knows(scope, values)
    with transaction.atomic():
        saved = operations.add_mapping(
            office_id=scope.office_id, company_id=company_id, values=values, now=now
        )
        _note(scope, saved, "mapping_added", now)
    return saved


def change_mapping(
    *, scope: Scope, mapping_id: int, values: MappingValues, now: datetime.datetime
) -> MappingView:
    """Change where and how a company is booked; what was approved before is still sent as it was.

    AFAS is asked only where account, administration or journal code change. Raises as `save_mapping`.
    """
    scope.require(Part.MAPPINGS, Level.WRITE)
    before = mapping(scope=scope, mapping_id=mapping_id)
    if _destination(before.values) != _destination(values):
        values = _as_afas_knows(scope, values)
    else:
        values = replace(values, administration_name=before.administration_name)
    with transaction.atomic():
        saved = operations.change_mapping(
            office_id=scope.office_id, mapping_id=mapping_id, values=values, now=now
        )
        _note(scope, saved, "mapping_changed", now)
    return saved


def remove_mapping(*, scope: Scope, mapping_id: int, now: datetime.datetime) -> None:
    """The company goes nowhere from now on. Raises ProblemsError, NotFoundError, NotAllowedError."""
    scope.require(Part.MAPPINGS, Level.WRITE)
    with transaction.atomic():
        removed = mapping(scope=scope, mapping_id=mapping_id)
        if mapping_is_in_use(scope=scope, company_id=removed.company_id):
            raise ProblemsError(problem("mapping_in_use", company=removed.company_name))
        operations.remove_mapping(office_id=scope.office_id, mapping_id=mapping_id)
        _note(scope, removed, "mapping_removed", now)


def _ready_account(scope: Scope, connection_id: int) -> ConnectionView:
    scope.require(Part.MAPPINGS, Level.WRITE)
    account = connection_of(office_id=scope.office_id, connection_id=connection_id)
    if account.state is not ConnectionState.AUTHORISED:
        raise ProblemsError(problem("account_not_ready", who=Who.OFFICE_ADMIN))
    return account


def _as_afas_knows(scope: Scope, values: MappingValues) -> MappingValues:
    """The values with AFAS's own name of the administration, once AFAS is seen to have what they name."""
    account = _ready_account(scope, values.connection_id)
    problems = problems_of(values)
    names = {each.number: each.name for each in administrations_of(account)}
    if values.administration not in names:
        problems.append(_unknown("administration", "administration_unknown"))
    elif not any(each.place.field == "journal_code" for each in problems):
        codes = journal_codes_of(account, administration=values.administration)
        problems += _journal_code_problems(codes, values.journal_code)
    if problems:
        raise ProblemsError(*problems)
    return replace(values, administration_name=names[values.administration][:80])


def _journal_code_problems(codes: Sequence[JournalCode] | None, wanted: str) -> list[Problem]:
    """None where AFAS does not list its journals: then AFAS itself refuses what is wrong."""
    if codes is None:
        return []
    found = next((each for each in codes if each.code == wanted), None)
    if found is None:
        return [_unknown("journal_code", "journal_code_unknown")]
    return [_unknown("journal_code", "journal_code_blocked")] if found.is_blocked else []


def _destination(values: MappingValues) -> tuple[int, int, str]:
    return values.connection_id, values.administration, values.journal_code


def _unknown(field: str, code: str) -> Problem:
    return problem(code, place=Place(field=field), who=Who.CONTROLLER)


def _note(scope: Scope, mapping: MappingView, verb: str, now: datetime.datetime) -> None:
    write(
        by=scope,
        at=now,
        verb=verb,
        subject_kind="mapping",
        subject_id=mapping.id,
        details={
            "company": mapping.company_number,
            "administration": mapping.administration,
            "journal_code": mapping.journal_code,
        },
    )
