"""The demo's office, authorised and mapped, in a fresh database; run in a process of its own, after `django.setup()`.

What people do in the browser test of the article, done here by the product's own workflows for tests that begin
where that one ends.
"""

import time
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from afas_client.auth import EnvironmentType
from loonbrug.access.models import Office
from loonbrug.access.rights import Scope, service_scope
from loonbrug.access.sign_in import make_link
from loonbrug.directory import queries as directory
from loonbrug.ledger.periods import PeriodRule
from loonbrug.project.demo.office import EMAIL, found_office
from loonbrug.project.demo.sandbox import SMALLEST_USER, AfasSide
from loonbrug.project.demo.steps import map_to
from loonbrug.project.wiring import now
from loonbrug.workflows import authorise as workflow
from loonbrug.workflows.deliver import send_journal
from loonbrug.workflows.import_journal import import_file

USER = "12345.admin"
SAMPLES = Path(__file__).resolve().parent / "samples" / "journals"
#: Company, administration in AFAS, cost centre for lines without one, periods of four weeks.
MAPPED = (
    ("2001", 1, "", False),
    ("2002", 2, "300", False),
    ("2003", 3, "", False),
    ("2004", 4, "", True),
    ("2005", 1, "", False),
    ("2006", 2, "", False),
)
#: Goes through the account that cannot look in AFAS's books.
WITHOUT_LOOK_UP = "2004"


def found() -> str:
    """Found, authorise and map; the link of the first user."""
    call_command("migrate", verbosity=0)
    scope, afas = found_office(now=now()), AfasSide()
    whole = authorise(scope, afas, user=USER, keys=afas.keys())
    smallest = authorise(scope, afas, user=SMALLEST_USER, keys=afas.keys(afas.add_smallest_connector()))
    for company, administration, cost_centre, four_weeks in MAPPED:
        connection_id = smallest if company == WITHOUT_LOOK_UP else whole
        map_company(scope, connection_id, company, administration, cost_centre, four_weeks=four_weeks)
    return settings.ADDRESS + reverse("sign-in-link", args=[make_link(email=EMAIL)])


def authorise(scope: Scope, afas: AfasSide, *, user: str, keys: tuple[str, str]) -> int:
    """An account, authorised with the mailed code."""
    account_id = ask_code(scope, user=user, keys=keys)
    while not (code := afas.mailed_code()):
        time.sleep(0.05)
    workflow.authorise(
        scope=scope,
        connection_id=account_id,
        api_key=keys[0],
        environment_key=keys[1],
        activation_code=code,
        now=now(),
    )
    return account_id


def ask_code(scope: Scope, *, user: str, keys: tuple[str, str]) -> int:
    """An account for which a code was asked."""
    account_id = add_account(scope, user=user)
    workflow.request_code(
        scope=scope, connection_id=account_id, api_key=keys[0], environment_key=keys[1], now=now()
    )
    return account_id


def add_account(scope: Scope, *, user: str) -> int:
    """An account for which nothing was asked yet."""
    return workflow.add_account(
        scope=scope,
        participant_number="12345",
        afas_user=user,
        environment_type=EnvironmentType.TEST,
        now=now(),
    ).id


def begin_accounts() -> None:
    """Two more accounts: one grey, and one whose code was asked."""
    scope = service_scope(Office.objects.get().pk)
    add_account(scope, user="12345.zondermail")
    ask_code(scope, user="12345.beperkt", keys=AfasSide().keys())


def map_company(
    scope: Scope, connection_id: int, number: str, administration: int, cost_centre: str, *, four_weeks: bool
) -> None:
    """Map one company to its administration, as the demo does."""
    map_to(
        scope,
        number,
        connection_id=connection_id,
        administration=administration,
        default_cost_centre=cost_centre,
        period_rule=PeriodRule.FOUR_WEEKS if four_weeks else PeriodRule.MONTH,
        start=(2026, 1),
    )


def read_in(company_number: str, file: str, period: int = 10) -> int:
    """Import a sample journal of 2026 for this company of the one office; the journal's id."""
    scope = service_scope(Office.objects.get().pk)
    company = directory.company_by_number(scope=scope, number=company_number)
    assert company
    (imported,) = import_file(
        scope=scope,
        name=file,
        data=(SAMPLES / file).read_bytes(),
        company_id=company.id,
        year=2026,
        period=period,
        run=1,
        now=now(),
    )
    return imported.journal_id


def send(company_number: str, file: str, period: int = 10) -> None:
    """Import a sample journal and send it."""
    scope = service_scope(Office.objects.get().pk)
    send_journal(scope=scope, journal_id=read_in(company_number, file, period), now=now())
