"""The main job by script, on real input, judged by what AFAS's books hold at the end.

The script does what people do and no more: it reads the mailed code, mends two refusals in AFAS, and decides one
lost answer after looking in the books.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import click

from afas_client.auth import EnvironmentType
from loonbrug.access.rights import Scope
from loonbrug.delivery import queries as delivery
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.queries import DeliveryView
from loonbrug.delivery.states import IN_AFAS, State
from loonbrug.directory import queries as directory
from loonbrug.ledger.periods import PeriodRule
from loonbrug.mappings.checks import MappingValues
from loonbrug.project import wiring
from loonbrug.project.demo.office import found_office
from loonbrug.project.demo.sandbox import SMALLEST_USER, AfasSide
from loonbrug.workflows import authorise, deliver, import_journal, map_company

SAMPLES = Path(__file__).resolve().parents[4] / "tests" / "samples" / "journals"
EXPECTED = SAMPLES / "expected-books.json"
WITHIN_SECONDS = 90.0


class RehearsalError(Exception):
    """The main job did not go as it should; the message says at which step."""


@dataclass
class Job:
    """One journal of the rehearsal: the file, whose it is, where it goes; and what became of it."""

    file: str
    company: str
    administration: int
    year: int
    period: int
    default_cost_centre: str = ""
    period_rule: PeriodRule = PeriodRule.MONTH
    journal_id: int = 0
    problems: list[str] = field(default_factory=list)


BAKERY = Job("korenaar-2026-10.xml", "2001", 1, 2026, 10)
BAKERY_TWICE = Job("korenaar-2026-11-twee-boekingen.xml", "2001", 1, 2026, 11)
GARAGE = Job("garage-2026-10.csv", "2002", 2, 2026, 10, default_cost_centre="300")
CARE_HOME = Job("zorghuis-2026-10.xlsx", "2003", 3, 2026, 10)
HAULIER = Job("transport-2026-p11.xml", "2004", 4, 2026, 11, period_rule=PeriodRule.FOUR_WEEKS)
JOBS = (BAKERY, BAKERY_TWICE, GARAGE, CARE_HOME, HAULIER)


def rehearse(*, as_json: bool) -> bool:
    """Do the main job once; whether AFAS's books hold exactly what the expectation says."""
    afas = AfasSide()
    scope = found_office(now=wiring.now())
    whole = _authorise(scope, afas, user="12345.admin")
    smallest = _authorise(scope, afas, user=SMALLEST_USER, app_connector=afas.add_smallest_connector())
    _map(scope, whole, smallest)
    for job in JOBS:
        _import(scope, job)
    with _engine():
        _send(scope, afas)
        _mend_refusals(scope, afas)
        _decide_lost_answer(scope, afas)
        for job in JOBS:
            if job is not HAULIER:
                _wait_for(partial(_read_back, scope, job), f"{job.file} to be read back")
    differences = _differences(afas.books())
    for difference in differences:
        _say(f"books differ: {difference}")
    journals = [_report(scope, job) for job in JOBS]
    ok = not differences and all(found["state"] in IN_AFAS for found in journals)
    _say("the books hold exactly what was expected" if ok else "NOT as expected")
    if as_json:
        click.echo(json.dumps({"ok": ok, "journals": journals}))
    return ok


def _say(text: str) -> None:
    click.echo(text, err=True)


def _authorise(scope: Scope, afas: AfasSide, *, user: str, app_connector: int = 1) -> int:
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
    code = _wait_for(afas.mailed_code, "the mail with the activation code")
    authorise.authorise(scope=scope, connection_id=account.id, **keys, activation_code=code, now=wiring.now())
    _say(f"{user}: authorised with the mailed activation code")
    return account.id


def _map(scope: Scope, whole: int, smallest: int) -> None:
    """The haulier goes through the account that cannot look in the books."""
    for job in JOBS:
        if job is BAKERY_TWICE:
            continue
        values = MappingValues(
            connection_id=smallest if job is HAULIER else whole,
            administration=job.administration,
            administration_name="",
            journal_code="90",
            cost_centre_axis=1,
            cost_unit_axis=None,
            balance_pattern="[0-3][0-9][0-9][0-9]",
            profit_loss_pattern="40[0-5][0-9]",
            default_cost_centre=job.default_cost_centre,
            default_cost_unit="",
            period_rule=job.period_rule,
            valid_from_year=2026,
            valid_from_period=1,
        )
        map_company.save_mapping(
            scope=scope, company_id=_company_id(scope, job), values=values, now=wiring.now()
        )
    _say("companies mapped to administrations")


def _company_id(scope: Scope, job: Job) -> int:
    company = directory.company_by_number(scope=scope, number=job.company)
    if company is None:
        raise RehearsalError(f"company {job.company} is not in the sample office")
    return company.id


def _import(scope: Scope, job: Job) -> None:
    (imported,) = import_journal.import_file(
        scope=scope,
        name=job.file,
        data=(SAMPLES / job.file).read_bytes(),
        company_id=_company_id(scope, job),
        year=job.year,
        period=job.period,
        run=1,
        now=wiring.now(),
    )
    job.journal_id = imported.journal_id
    _say(f"{job.file}: imported")


@contextmanager
def _engine() -> Iterator[None]:
    engine = wiring.engine()
    engine.start()
    try:
        yield
    finally:
        engine.stop(within_seconds=5)


def _send(scope: Scope, afas: AfasSide) -> None:
    afas.lose_next_answer(administration=HAULIER.administration)
    for job in JOBS:
        deliver.send_journal(scope=scope, journal_id=job.journal_id, now=wiring.now())
    for job in JOBS:
        _wait_for(partial(_settled, scope, job), f"{job.file} to be answered")
        states = ", ".join(found.state for found in _deliveries(scope, job))
        _say(f"{job.file}: {states}")


def _deliveries(scope: Scope, job: Job) -> tuple[DeliveryView, ...]:
    found = delivery.of_journals(scope=scope, journal_ids=[job.journal_id])
    return found.get(job.journal_id, ())


def _settled(scope: Scope, job: Job) -> bool:
    return all(found.state not in {State.QUEUED, State.SENDING} for found in _deliveries(scope, job))


def _read_back(scope: Scope, job: Job) -> bool:
    return all(found.state is not State.BOOKED or found.reason for found in _deliveries(scope, job))


def _mend_refusals(scope: Scope, afas: AfasSide) -> None:
    """Untick *Btw toestaan* on the garage's account; add the care home's missing cost centre. Then *Opnieuw*."""
    afas.change({"accounts": [{"number": "4070", "vat_allowed_in": []}]})
    centre = {"axis": 1, "code": "410", "description": "Dagbesteding"}
    accounts = ["4000", "4010", "4020", "4050"]
    allocation = {"accounts": accounts, "axis": 1, "codes": ["410"]}
    afas.change({"axis_codes": [centre]})
    afas.change({"administrations": [{"id": CARE_HOME.administration, "allocations": [allocation]}]})
    for job in (GARAGE, CARE_HOME):
        (refused,) = _deliveries(scope, job)
        if refused.state is not State.REJECTED:
            raise RehearsalError(f"{job.file} should have been refused, but is {refused.state}")
        job.problems.append(refused.attempts[-1].code or refused.attempts[-1].message)
        deliver.retry(scope=scope, delivery_id=refused.id, reason="mended in AFAS", now=wiring.now())
        _wait_for(partial(_settled, scope, job), f"{job.file} to be answered again")
        _say(f"{job.file}: {job.problems[-1]}, mended: {_deliveries(scope, job)[0].state}")


def _decide_lost_answer(scope: Scope, afas: AfasSide) -> None:
    """Wait until AFAS can no longer be busy, look in the books, and tell what is there."""
    undecided = _wait_for(
        lambda: next((one for one in _deliveries(scope, HAULIER) if one.state is State.UNDECIDED), None),
        "AFAS's limit to pass for the lost answer",
    )
    HAULIER.problems.append("answer_lost")
    found = [entry for entry in afas.books() if _voucher(entry) == undecided.voucher_number]
    if len(found) != 1:
        raise RehearsalError(f"the books hold {len(found)} entries for the lost answer, not 1")
    deliver.decide(
        scope=scope,
        delivery_id=undecided.id,
        decision=DoubtDecision.BOOKED,
        entry_number=str(found[0]["number"]),
        reason="found in AFAS by its voucher number",
        now=wiring.now(),
    )
    _say(f"{HAULIER.file}: answer lost, found in AFAS under number {found[0]['number']}")


def _voucher(entry: dict[str, Any]) -> str:
    return str(entry["lines"][0]["voucher_number"])


def _wait_for(look: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    raise RehearsalError(f"waited {WITHIN_SECONDS:.0f} s for {what}")


def _differences(books: list[dict[str, Any]]) -> list[str]:
    """What is in the books and not expected, or expected and not there; every entry counts once."""
    expected = sorted(json.dumps(entry) for entry in json.loads(EXPECTED.read_text()))
    found = sorted(json.dumps(_content(entry)) for entry in books)
    missing, surplus = list(expected), []
    for entry in found:
        if entry in missing:
            missing.remove(entry)
        else:
            surplus.append(entry)
    return [f"missing {entry}" for entry in missing] + [f"surplus {entry}" for entry in surplus]


def _content(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry by what it says: where, when, and per line account, debit, credit and allocation codes."""
    lines = [
        [line["account"], line["debit"], line["credit"], " ".join(line["codes"]).strip()]
        for line in entry["lines"]
    ]
    return {
        "administration": entry["administration"],
        "journal_code": entry["journal"],
        "year": entry["year"],
        "period": entry["period"],
        "date": entry["lines"][0]["voucher_date"],
        "lines": sorted(lines),
    }


def _report(scope: Scope, job: Job) -> dict[str, Any]:
    deliveries = _deliveries(scope, job)
    order = list(State)
    states = [found.state for found in deliveries]
    not_there = [state for state in states if state not in IN_AFAS]
    state = max(not_there or states, key=order.index) if not_there else min(states, key=order.index)
    return {
        "source": "file",
        "file": job.file,
        "state": state,
        "afas_entry_number": deliveries[0].entry_number if deliveries else "",
        "entries": len(deliveries),
        "problems": job.problems,
    }
