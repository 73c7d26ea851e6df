"""A person says which of ours a debtor or company in Nmbrs is, where its number alone does not tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from django.db import transaction
from django.db.models import Q

from loonbrug.access.names import Typed
from loonbrug.access.rights import NotFoundError, Scope
from loonbrug.audit.operations import write
from loonbrug.directory.matching import LONGEST_NAME, LONGEST_NUMBER
from loonbrug.directory.models import Company, Debtor, NmbrsCompany, NmbrsDebtor
from loonbrug.directory.nmbrs_queries import Undecided, undecided
from loonbrug.ledger.problems import Place, ProblemsError, Who, problem

Kind = Literal["debtor", "company"]
Ours = TypeVar("Ours", Debtor, Company)

#: Nothing of Nmbrs stands for it now: it never did, or what did is gone.
_FREE = Q(in_nmbrs=None) | Q(in_nmbrs__gone_at__isnull=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of ours that it may be."""

    id: int
    number: str
    name: str


def question(*, scope: Scope, kind: Kind, nmbrs_id: int) -> Undecided:
    """One that waits for a decision. Raises NotFoundError, also when it was decided meanwhile."""
    found = [each for each in undecided(scope=scope) if (each.kind, each.id) == (kind, nmbrs_id)]
    if not found:
        raise NotFoundError(f"undecided {kind}", nmbrs_id)
    return found[0]


def candidates(*, scope: Scope, kind: Kind) -> Sequence[Candidate]:
    """Those of ours that nothing in Nmbrs stands for, by number."""
    model = Debtor if kind == "debtor" else Company
    rows = model.objects.filter(_FREE, office_id=scope.office_id).order_by("number")
    return [Candidate(*row) for row in rows.values_list("id", "number", "name")]


@transaction.atomic
def decide(
    *, scope: Scope, kind: Kind, nmbrs_id: int, same_as: int | None, number: str, now: datetime
) -> Undecided:
    """It is the one of ours with this id, or another: then it gets this number here.

    Raises ProblemsError, which names the field that is wrong, and NotFoundError.
    """
    asked = question(scope=scope, kind=kind, nmbrs_id=nmbrs_id)
    if kind == "debtor":
        debtor_row = NmbrsDebtor.objects.select_for_update().get(id=nmbrs_id)
        ours: Debtor | Company = _debtor(scope, asked, same_as, number)
        NmbrsDebtor.objects.filter(debtor_id=ours.pk).update(debtor=None)
        NmbrsDebtor.objects.filter(id=debtor_row.pk).update(debtor=ours.pk)
    else:
        company_row = (
            NmbrsCompany.objects.select_for_update(of=("self",)).select_related("debtor").get(id=nmbrs_id)
        )
        ours = _company(scope, asked, same_as, number, company_row.debtor.debtor_id)
        NmbrsCompany.objects.filter(company_id=ours.pk).update(company=None)
        NmbrsCompany.objects.filter(id=company_row.pk).update(company=ours.pk)
    details: dict[str, str | bool] = {
        "number": ours.number,
        "in_nmbrs": asked.number,
        "is_new": same_as is None,
    }
    write(by=scope, at=now, verb="matched", subject_kind=kind, subject_id=ours.pk, details=details)
    return asked


def _debtor(scope: Scope, asked: Undecided, same_as: int | None, number: str) -> Debtor:
    rows = Debtor.objects.filter(office_id=scope.office_id)
    if same_as is not None:
        return _free(rows.filter(_FREE, id=same_as).first())
    clean = _number(number, taken=rows.filter(number=number.strip()).exists())
    return Debtor.objects.create(office_id=scope.office_id, number=clean, name=_name(asked))


def _company(
    scope: Scope, asked: Undecided, same_as: int | None, number: str, debtor_id: int | None
) -> Company:
    rows = Company.objects.filter(office_id=scope.office_id)
    if same_as is not None:
        return _free(rows.filter(_FREE, id=same_as).first())
    assert debtor_id is not None  # a company waits for its debtor
    clean = _number(number, taken=rows.filter(number=number.strip()).exists())
    return Company.objects.create(
        office_id=scope.office_id, debtor_id=debtor_id, number=clean, name=_name(asked)
    )


def _free(found: Ours | None) -> Ours:
    if found is None:
        raise ProblemsError(problem("nmbrs_match_taken", place=Place(field="same_as"), who=Who.OFFICE_ADMIN))
    return found


def _number(text: str, *, taken: bool) -> str:
    typed = Typed()
    clean = typed.number("number", text, longest=LONGEST_NUMBER)
    if taken:
        typed.wrong(problem("number_taken", place=Place(field="number"), who=Who.OFFICE_ADMIN, number=clean))
    typed.done()
    return clean


def _name(asked: Undecided) -> str:
    return asked.name[:LONGEST_NAME] or asked.number
