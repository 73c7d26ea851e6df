"""Debtors, companies and their codes: what is taken, what is refused, and by whom."""

import pytest

from loonbrug.access.models import Office
from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.directory import operations, queries
from loonbrug.directory.operations import CodeKind
from loonbrug.ledger.problems import ProblemsError

pytestmark = pytest.mark.django_db


def office(name: str) -> Scope:
    made = Office.objects.create(name=name)
    return Scope(made.pk, 1, "Anna", dict.fromkeys(Part, Level.WRITE))


@pytest.fixture
def north() -> Scope:
    return office("Noord")


@pytest.fixture
def south() -> Scope:
    return office("Zuid")


def company_of(scope: Scope, number: str = "2001") -> int:
    debtor = operations.save_debtor(scope=scope, number=f"D{number}", name="Van Dam", is_blocked=False)
    made = operations.save_company(
        scope=scope, debtor_id=debtor.id, number=number, name="Bakkerij", is_test=False
    )
    return made.id


def add(scope: Scope, company_id: int, code: str, name: str = "Winkel") -> int:
    made = operations.save_code(
        scope=scope, company_id=company_id, kind=CodeKind.COST_CENTRE, code=code, name=name
    )
    return made.id


def test_names_are_tidied(north: Scope) -> None:
    made = operations.save_debtor(scope=north, number=" 100 ", name="  Van   Dam ", is_blocked=True)
    assert (made.number, made.name, made.is_blocked) == ("100", "Van Dam", True)


def test_all_that_is_wrong_is_said_at_once_and_at_its_field(north: Scope) -> None:
    with pytest.raises(ProblemsError) as refused:
        operations.save_debtor(scope=north, number=" ", name="x" * 121, is_blocked=False)
    found = {(problem.code, problem.place.field) for problem in refused.value.problems}
    assert found == {("name_missing", "number"), ("name_too_long", "name")}


def test_invisible_characters_are_refused(north: Scope) -> None:
    with pytest.raises(ProblemsError, match="name_unreadable"):
        operations.save_debtor(scope=north, number="1\u200b", name="Van\u0000Dam", is_blocked=False)


def test_a_number_is_taken_once_per_office(north: Scope, south: Scope) -> None:
    company_of(north)
    company_of(south)
    with pytest.raises(ProblemsError, match="already_there"):
        company_of(north)


def test_a_code_can_be_changed_and_deleted_unless_it_is_used(north: Scope) -> None:
    company_id = company_of(north)
    code_id = add(north, company_id, "0100")
    operations.save_code(
        scope=north,
        company_id=company_id,
        kind=CodeKind.COST_CENTRE,
        code="0200",
        name="Bakkerij",
        code_id=code_id,
    )
    assert [code.code for code in queries.cost_centres(scope=north, company_id=company_id)] == ["0200"]
    with pytest.raises(ProblemsError, match="code_in_use"):
        operations.delete_code(
            scope=north, company_id=company_id, kind=CodeKind.COST_CENTRE, code_id=code_id, used={"0200"}
        )
    operations.delete_code(
        scope=north, company_id=company_id, kind=CodeKind.COST_CENTRE, code_id=code_id, used=set()
    )
    assert queries.cost_centres(scope=north, company_id=company_id) == ()


def test_another_office_sees_and_changes_nothing(north: Scope, south: Scope) -> None:
    company_id = company_of(north)
    code_id = add(north, company_id, "100")
    assert queries.companies(scope=south) == ()
    assert queries.cost_centres(scope=south, company_id=company_id) == ()
    assert queries.company_by_number(scope=south, number="2001") is None
    with pytest.raises(NotFoundError):
        queries.company(scope=south, company_id=company_id)
    with pytest.raises(NotFoundError):
        add(south, company_id, "200")
    with pytest.raises(NotFoundError):
        operations.delete_code(
            scope=south, company_id=company_id, kind=CodeKind.COST_CENTRE, code_id=code_id, used=set()
        )
