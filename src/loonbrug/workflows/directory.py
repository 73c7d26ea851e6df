"""Change and remove allocation codes, minding the journals that use them."""

from datetime import datetime

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.directory import operations, queries
from loonbrug.directory.models import CodeKind
from loonbrug.directory.queries import CodeView
from loonbrug.payroll.queries import codes_in_use


def used_codes(*, scope: Scope, company_id: int, kind: CodeKind) -> frozenset[str]:
    """The codes of one kind that the company's live journals use. Raises NotAllowedError, NotFoundError."""
    scope.require(Part.DIRECTORY, Level.READ)
    queries.company(scope=scope, company_id=company_id)
    used = codes_in_use(scope=scope, company_id=company_id)
    return used.cost_centres if kind is CodeKind.COST_CENTRE else used.cost_units


def change_code(
    *, scope: Scope, company_id: int, code_id: int, code: str, name: str, now: datetime
) -> CodeView:
    """Change a code. Raises ProblemsError (for instance where it is used), NotAllowedError, NotFoundError."""
    present = queries.code(scope=scope, company_id=company_id, code_id=code_id)
    used = used_codes(scope=scope, company_id=company_id, kind=present.kind)
    return operations.change_code(
        scope=scope, company_id=company_id, code_id=code_id, code=code, name=name, in_use=used, now=now
    )


def delete_code(*, scope: Scope, company_id: int, code_id: int, now: datetime) -> None:
    """Remove a code. Raises ProblemsError (where it is used), NotAllowedError, NotFoundError."""
    present = queries.code(scope=scope, company_id=company_id, code_id=code_id)
    used = used_codes(scope=scope, company_id=company_id, kind=present.kind)
    operations.delete_code(scope=scope, company_id=company_id, code_id=code_id, in_use=used, now=now)
