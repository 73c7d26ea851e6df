"""The demo's office: two debtors (one blocked), six companies (one a test company), cost centres, two users."""

from dataclasses import dataclass
from datetime import datetime

from loonbrug.access import operations as access
from loonbrug.access import queries
from loonbrug.access.rights import Scope, service_scope
from loonbrug.directory import operations as directory
from loonbrug.directory.models import CodeKind


@dataclass(frozen=True, slots=True)
class Employer:
    """A company of the sample office; the cost centres are those of the sandbox's chart."""

    number: str
    name: str
    debtor: str
    is_test: bool = False
    cost_centres: tuple[tuple[str, str], ...] = ()
    cost_units: tuple[tuple[str, str], ...] = ()


EMAIL = "saskia@kantoor.example"
COLLEAGUE = "lars@kantoor.example"
DEBTORS = (("1001", "Van Dijk Groep", False), ("1002", "Handelshuis Zuid", True))
CENTRES = (("100", "Productie"), ("200", "Verkoop"), ("300", "Kantoor"))
UNITS = (("P01", "Vaste klanten"), ("P02", "Projecten"))
EMPLOYERS = (
    Employer("2001", "Bakkerij De Korenaar B.V.", "1001", cost_centres=CENTRES, cost_units=UNITS),
    Employer("2002", "Garage Van Dijk B.V.", "1001"),
    Employer("2003", "Stichting Zorghuis Oost", "1001", cost_centres=(*CENTRES[:2], ("410", "Dagbesteding"))),
    Employer("2004", "Transportbedrijf Noord B.V.", "1001", cost_centres=CENTRES[:2]),
    Employer("2005", "Proefbedrijf Salaris", "1001", is_test=True),
    Employer("2006", "Handelshuis Zuid B.V.", "1002"),
)


def found_office(*, now: datetime) -> Scope:
    """The sample office with everything in it; the scope of its first user, who may do everything."""
    office = access.create_office(
        name="Administratiekantoor De Brug", user_email=EMAIL, user_name="Saskia de Boer", now=now
    )
    (first,) = queries.users(scope=service_scope(office.id))
    scope = queries.scope_of(user_id=first.id)
    reading = next(made for made in queries.templates(scope=scope) if made.name == "Alleen lezen")
    access.add_user(scope=scope, email=COLLEAGUE, name="Lars Visser", template_id=reading.id, now=now)
    debtors = {
        number: directory.add_debtor(scope=scope, number=number, name=name, is_blocked=blocked, now=now).id
        for number, name, blocked in DEBTORS
    }
    for employer in EMPLOYERS:
        _add(employer, debtors[employer.debtor], scope, now)
    return scope


def _add(employer: Employer, debtor_id: int, scope: Scope, now: datetime) -> None:
    company = directory.add_company(
        scope=scope,
        debtor_id=debtor_id,
        number=employer.number,
        name=employer.name,
        is_test=employer.is_test,
        now=now,
    )
    codes = [(CodeKind.COST_CENTRE, *code) for code in employer.cost_centres]
    codes += [(CodeKind.COST_UNIT, *code) for code in employer.cost_units]
    for kind, code, name in codes:
        directory.add_code(scope=scope, company_id=company.id, kind=kind, code=code, name=name, now=now)
