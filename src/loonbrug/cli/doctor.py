"""`loonbrug doctor`: is everything true that must always be true?"""

import json
import sys
from collections.abc import Mapping, Sequence

import click
from django.conf import settings
from django.utils import timezone

from loonbrug.access.queries import offices
from loonbrug.delivery.invariants import INVARIANTS, View
from loonbrug.delivery.outcomes import Policy
from loonbrug.delivery.queries import sending_is_paused
from loonbrug.screens.alarms import breach_problem
from loonbrug.screens.invariants import breaches
from loonbrug.screens.problem_texts import Language, describe
from loonbrug.watch.operations import Found

#: Those of deliveries, and the one that needs journals beside them.
_RULE_COUNT = len(INVARIANTS) + 1
_WELL: dict[Language, str] = {
    "nl": "Alles klopt: {count} regels nagegaan op elke verzending.",
    "en": "All is well: {count} rules checked on every delivery.",
}
_PAUSED: dict[Language, str] = {
    "nl": "Er wordt niets verzonden: de database is teruggezet of gekopieerd. Geef vrij met `loonbrug release`.",
    "en": "Nothing is sent: the database was restored or copied. Release it with `loonbrug release`.",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Tell what was found as JSON.")
@click.pass_obj
def doctor(language: Language, as_json: bool) -> None:
    """Check every delivery against the rules that must always hold; exit code 1 when one is broken, or all waits."""
    policy = Policy().scaled(settings.TIME_SCALE)
    found = breaches(View(now=timezone.now(), policy=policy))
    offices_by_id = {office.id: office.name for office in offices()}
    paused = [id_ for id_ in offices_by_id if sending_is_paused(office_id=id_)]
    if as_json:
        _tell_as_json(found, paused)
    else:
        _tell(found, paused, offices_by_id, language)
    sys.exit(1 if found or paused else 0)


def _tell_as_json(found: Sequence[Found], paused: Sequence[int]) -> None:
    rows = [
        {"invariant": each.code, "office": each.office_id, "subjects": list(each.subject_ids)}
        for each in found
    ]
    told = {"ok": not found and not paused, "checked": _RULE_COUNT, "breaches": rows}
    click.echo(json.dumps(told | {"paused_offices": list(paused)}))


def _tell(
    found: Sequence[Found], paused: Sequence[int], offices_by_id: Mapping[int, str], language: Language
) -> None:
    if not found and not paused:
        click.echo(_WELL[language].format(count=_RULE_COUNT))
    for office_id in paused:
        click.echo(f"{offices_by_id[office_id]}: {_PAUSED[language]}", err=True)
    for each in found:
        broken = breach_problem(code=each.code, count=len(each.subject_ids), subject_ids=each.subject_ids)
        text = describe(broken, language)
        click.echo(f"{offices_by_id[each.office_id]}: {text.message}\n  {text.cause} {text.cure}", err=True)
