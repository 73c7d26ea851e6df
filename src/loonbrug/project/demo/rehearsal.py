"""The main job by script, on real input, judged by what AFAS's books hold at the end.

The script does what people do and no more: it reads the mailed code, consents at Nmbrs and locks two runs there,
mends two refusals in AFAS, and decides one lost answer after looking in the books.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from loonbrug.access.rights import Scope
from loonbrug.delivery import queries as delivery
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.queries import DeliveryView
from loonbrug.delivery.states import IN_AFAS, State
from loonbrug.directory import queries as directory
from loonbrug.ledger.periods import PeriodRule
from loonbrug.payroll import queries as payroll
from loonbrug.project import wiring
from loonbrug.project.demo import nmbrs_way
from loonbrug.project.demo.comparison import differences
from loonbrug.project.demo.nmbrs_side import NmbrsSide, RunInNmbrs
from loonbrug.project.demo.nmbrs_way import Employer
from loonbrug.project.demo.office import found_office
from loonbrug.project.demo.sandbox import SMALLEST_USER, AfasSide
from loonbrug.project.demo.steps import (
    RehearsalError,
    authorise_account,
    engine_at_work,
    map_to,
    say,
    wait_for,
)
from loonbrug.workflows import deliver, import_journal

SAMPLES = Path(__file__).resolve().parents[4] / "tests" / "samples" / "journals"
EXPECTED = SAMPLES / "expected-books.json"


@dataclass
class Job:
    """One journal of the rehearsal: the file or the run, whose it is, where it goes; and what became of it."""

    name: str
    company: str
    administration: int
    year: int
    period: int
    default_cost_centre: str = ""
    period_rule: PeriodRule = PeriodRule.MONTH
    source: str = "file"
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
    whole = authorise_account(scope, afas, user="12345.admin")
    smallest = authorise_account(scope, afas, user=SMALLEST_USER, app_connector=afas.add_smallest_connector())
    for_nmbrs = nmbrs_way.authorise_in_books_of_its_own(scope, afas)
    _map(scope, whole, smallest)
    for job in JOBS:
        _import(scope, job)
    nmbrs = NmbrsSide()
    runs = nmbrs_way.open_runs(nmbrs)
    nmbrs_way.connect(scope, nmbrs)
    with engine_at_work():
        nmbrs_way.map_what_appears(scope, nmbrs, connection_id=for_nmbrs)
        locked_at = nmbrs_way.lock_once_seen(scope, nmbrs, runs)
        _send(scope, afas)
        _mend_refusals(scope, afas)
        _decide_lost_answer(scope, afas)
        by_itself = [_by_itself(scope, run, employer, locked_at) for run, employer in runs.items()]
        jobs = (*JOBS, *by_itself)
        for job in jobs:
            if job is not HAULIER:
                wait_for(partial(_read_back, scope, job), f"{job.name} to be read back")
    differing = differences(afas.books(), [*_of_files(), *_of_runs(nmbrs, runs)])
    for difference in differing:
        say(f"books differ: {difference}")
    journals = [_report(scope, job) for job in jobs]
    ok = not differing and all(found["state"] in IN_AFAS for found in journals)
    say("the books hold exactly what was expected" if ok else "NOT as expected")
    if as_json:
        click.echo(json.dumps({"ok": ok, "journals": journals}))
    return ok


def _map(scope: Scope, whole: int, smallest: int) -> None:
    """The haulier goes through the account that cannot look in the books."""
    for job in JOBS:
        if job is BAKERY_TWICE:
            continue
        map_to(
            scope,
            job.company,
            connection_id=smallest if job is HAULIER else whole,
            administration=job.administration,
            default_cost_centre=job.default_cost_centre,
            period_rule=job.period_rule,
            start=(2026, 1),
        )
    say("companies mapped to administrations")


def _import(scope: Scope, job: Job) -> None:
    (imported,) = import_journal.import_file(
        scope=scope,
        name=job.name,
        data=(SAMPLES / job.name).read_bytes(),
        company_id=directory.company_by_number(scope=scope, number=job.company).id,
        year=job.year,
        period=job.period,
        run=1,
        now=wiring.now(),
    )
    job.journal_id = imported.journal_id
    say(f"{job.name}: imported")


def _by_itself(scope: Scope, run: RunInNmbrs, employer: Employer, locked_at: datetime) -> Job:
    """The journal that came of a locked run, once it is sent and answered, with no hand in between."""
    job = Job(run.name, run.company, employer.administration.id, run.year, run.period, source="nmbrs")
    wanted = [nmbrs_way.identity(scope, run)]
    (journal,) = wait_for(
        lambda: payroll.live_of_runs(scope=scope, runs=wanted), f"the journal of {run.name}"
    )
    job.journal_id = journal.id
    wait_for(lambda: _deliveries(scope, job) and _settled(scope, job), f"{run.name} to be sent by itself")
    found = _deliveries(scope, job)
    seconds = (max(one.attempts[0].ended_at or one.changed_at for one in found) - locked_at).total_seconds()
    say(f"{run.name}: {', '.join(one.state for one in found)}, {seconds:.0f} s after it was locked")
    return job


def _send(scope: Scope, afas: AfasSide) -> None:
    afas.lose_next_answer(administration=HAULIER.administration)
    for job in JOBS:
        deliver.send_journal(scope=scope, journal_id=job.journal_id, now=wiring.now())
    for job in JOBS:
        wait_for(partial(_settled, scope, job), f"{job.name} to be answered")
        states = ", ".join(found.state for found in _deliveries(scope, job))
        say(f"{job.name}: {states}")


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
            raise RehearsalError(f"{job.name} should have been refused, but is {refused.state}")
        job.problems.append(refused.attempts[-1].code or refused.attempts[-1].message)
        deliver.retry(scope=scope, delivery_id=refused.id, reason="mended in AFAS", now=wiring.now())
        wait_for(partial(_settled, scope, job), f"{job.name} to be answered again")
        say(f"{job.name}: {job.problems[-1]}, mended: {_deliveries(scope, job)[0].state}")


def _decide_lost_answer(scope: Scope, afas: AfasSide) -> None:
    """Wait until AFAS can no longer be busy, look in the books, and tell what is there."""
    undecided = wait_for(
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
    say(f"{HAULIER.name}: answer lost, found in AFAS under number {found[0]['number']}")


def _voucher(entry: dict[str, Any]) -> str:
    return str(entry["lines"][0]["voucher_number"])


def _of_files() -> list[dict[str, Any]]:
    """What the files should have come to, as it was written down by hand."""
    written: list[dict[str, Any]] = json.loads(EXPECTED.read_text())
    return written


def _of_runs(nmbrs: NmbrsSide, runs: Mapping[RunInNmbrs, Employer]) -> list[dict[str, Any]]:
    """What the locked runs should have come to, by what Nmbrs itself says of them."""
    return [
        entry
        for run, employer in runs.items()
        for entry in nmbrs_way.expected(employer, run, nmbrs.amounts(run))
    ]


def _report(scope: Scope, job: Job) -> dict[str, Any]:
    deliveries = _deliveries(scope, job)
    order = list(State)
    states = [found.state for found in deliveries]
    not_there = [state for state in states if state not in IN_AFAS]
    state = max(not_there or states, key=order.index) if not_there else min(states, key=order.index)
    return {
        "source": job.source,
        "file" if job.source == "file" else "run": job.name,
        "state": state,
        "afas_entry_number": deliveries[0].entry_number if deliveries else "",
        "entries": len(deliveries),
        "problems": job.problems,
    }
