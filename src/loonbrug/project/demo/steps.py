"""Steps that people take in the demo, taken by script, through the product's own workflows."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from afas_client.auth import EnvironmentType
from loonbrug.access.rights import Scope
from loonbrug.directory import queries as directory
from loonbrug.ledger.periods import PeriodRule
from loonbrug.mappings.checks import MappingValues
from loonbrug.project import wiring
from loonbrug.project.demo.sandbox import AfasSide
from loonbrug.workflows import authorise, map_company

WITHIN_SECONDS = 90.0


class RehearsalError(Exception):
    """The main job did not go as it should; the message says at which step."""


def say(text: str) -> None:
    """A line of progress, on stderr."""
    click.echo(text, err=True)


def wait_for(look: Callable[[], Any], what: str) -> Any:
    """Look until there is something. Raises RehearsalError."""
    until = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    raise RehearsalError(f"waited {WITHIN_SECONDS:.0f} s for {what}")


@contextmanager
def engine_at_work() -> Iterator[None]:
    """The engine of this installation, while the script goes on."""
    engine = wiring.engine()
    engine.start()
    try:
        yield
    finally:
        engine.stop(within_seconds=5)


def authorise_account(scope: Scope, afas: AfasSide, *, user: str, app_connector: int = 1) -> int:
    """A new account, authorised with the mailed activation code; its id."""
    api_key, environment_key = afas.keys(app_connector)
    account = authorise.add_account(
        scope=scope,
        participant_number="12345",
        afas_user=user,
        environment_type=EnvironmentType.TEST,
        now=wiring.now(),
    )
    keys = {"api_key": api_key, "environment_key": environment_key}
    authorise.request_code(scope=scope, connection_id=account.id, **keys, now=wiring.now())
    code = wait_for(afas.mailed_code, "the mail with the activation code")
    authorise.authorise(scope=scope, connection_id=account.id, **keys, activation_code=code, now=wiring.now())
    say(f"{user}: authorised with the mailed activation code")
    return account.id


def map_to(
    scope: Scope,
    company: str,
    *,
    connection_id: int,
    administration: int,
    default_cost_centre: str,
    period_rule: PeriodRule,
    start: tuple[int, int],
) -> None:
    """Map a company to an administration, journal code 90, cost centres on axis 1."""
    values = MappingValues(
        connection_id=connection_id,
        administration=administration,
        administration_name="",
        journal_code="90",
        cost_centre_axis=1,
        cost_unit_axis=None,
        balance_pattern="[0-3][0-9][0-9][0-9]",
        profit_loss_pattern="40[0-5][0-9]",
        default_cost_centre=default_cost_centre,
        default_cost_unit="",
        period_rule=period_rule,
        payroll_periods=period_rule,
        valid_from_year=start[0],
        valid_from_period=start[1],
    )
    company_id = directory.company_by_number(scope=scope, number=company).id
    map_company.save_mapping(scope=scope, company_id=company_id, values=values, now=wiring.now())
