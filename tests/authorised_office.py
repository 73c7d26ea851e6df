"""The demo's office, authorised and mapped, in a fresh database; run in a process of its own, after `django.setup()`.

What people do in the browser test of the article, done here by the product's own workflows for tests that begin
where that one ends.
"""

import time

from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from afas_client.auth import EnvironmentType
from loonbrug.access.rights import Scope
from loonbrug.access.sign_in import make_link
from loonbrug.directory import queries as directory
from loonbrug.ledger.periods import PeriodRule
from loonbrug.mappings.checks import MappingValues
from loonbrug.project.demo.office import EMAIL, found_office
from loonbrug.project.demo.sandbox import AfasSide
from loonbrug.project.wiring import now
from loonbrug.workflows import authorise as workflow
from loonbrug.workflows.map_company import save_mapping

USER = "12345.admin"
#: Company, administration in AFAS, cost centre for lines without one, periods of four weeks.
MAPPED = (
    ("2001", 1, "", False),
    ("2002", 2, "300", False),
    ("2003", 3, "", False),
    ("2004", 4, "", True),
    ("2005", 1, "", False),
    ("2006", 2, "", False),
)


def found() -> str:
    """Found, authorise and map; the link of the first user."""
    call_command("migrate", verbosity=0)
    scope = found_office(now=now())
    connection_id = authorise(scope)
    for company, administration, cost_centre, four_weeks in MAPPED:
        map_company(scope, connection_id, company, administration, cost_centre, four_weeks=four_weeks)
    return settings.ADDRESS + reverse("sign-in-link", args=[make_link(email=EMAIL)])


def authorise(scope: Scope) -> int:
    """The account, authorised with the mailed code."""
    afas = AfasSide()
    api_key, environment_key = afas.keys()
    keys = {"api_key": api_key, "environment_key": environment_key}
    account = workflow.add_account(
        scope=scope,
        participant_number="12345",
        afas_user=USER,
        environment_type=EnvironmentType.TEST,
        now=now(),
    )
    workflow.request_code(scope=scope, connection_id=account.id, **keys, now=now())
    while not (code := afas.mailed_code()):
        time.sleep(0.05)
    workflow.authorise(scope=scope, connection_id=account.id, **keys, activation_code=code, now=now())
    return account.id


def map_company(
    scope: Scope, connection_id: int, number: str, administration: int, cost_centre: str, *, four_weeks: bool
) -> None:
    """Map one company to its administration, journal code 90."""
    company = directory.company_by_number(scope=scope, number=number)
    assert company
    values = MappingValues(
        connection_id=connection_id,
        administration=administration,
        administration_name="",
        journal_code="90",
        cost_centre_axis=1,
        cost_unit_axis=2,
        balance_pattern="[0-3][0-9][0-9][0-9]",
        profit_loss_pattern="",
        default_cost_centre=cost_centre,
        default_cost_unit="",
        period_rule=PeriodRule.FOUR_WEEKS if four_weeks else PeriodRule.MONTH,
        valid_from_year=2026,
        valid_from_period=1,
    )
    save_mapping(scope=scope, company_id=company.id, values=values, now=now())
