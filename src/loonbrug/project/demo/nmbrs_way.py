"""The way from Nmbrs: a debtor whose companies, runs and journals all come from there, with no hand in between.

In the rehearsal the script consents as a debtor does in a browser, and locks runs as a payroll officer does in Nmbrs;
in the demo people do both. All that happens between a lock and AFAS's books is the product's own.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from loonbrug.access.rights import NotFoundError, Scope
from loonbrug.directory import queries as directory
from loonbrug.ledger.periods import PeriodRule
from loonbrug.payroll.generation_queries import runs_of
from loonbrug.payroll.queries import RunIdentity
from loonbrug.planning.choices import Choice
from loonbrug.planning.operations import set_workflow
from loonbrug.planning.plan import Turn, Turns
from loonbrug.project import wiring
from loonbrug.project.demo.nmbrs_side import Amounts, NmbrsSide, RunInNmbrs
from loonbrug.project.demo.sandbox import AfasSide, Books
from loonbrug.project.demo.steps import authorise_account, map_to, say, wait_for
from loonbrug.web.nmbrs_settings.way_back import redirect_url
from loonbrug.workflows import nmbrs_consent
from loonbrug.workflows.nmbrs_consent import Asked

LOGIN = "administratie@horecawest.example"
AFAS_USER = "12345.horeca"
LOOK_SECONDS = 1.0
BY_ITSELF = Choice(Turns(Turn(by_itself=True), Turn(by_itself=True), Turn(by_itself=True)))
LAST_PERIOD = {PeriodRule.MONTH: 12, PeriodRule.FOUR_WEEKS: 13}


@dataclass(frozen=True, slots=True)
class Employer:
    """A company of the debtor, and the administration in AFAS that it is mapped to."""

    number: str
    administration: Books
    default_cost_centre: str
    period_rule: PeriodRule


HOTEL = Employer("2007", Books(6, "Hotel De Zwaan B.V.", "ZWAAN", "months"), "020", PeriodRule.MONTH)
CAFE = Employer("2008", Books(7, "Eetcafé 't Anker", "ANKER", "four_weeks"), "020", PeriodRule.FOUR_WEEKS)
EMPLOYERS = (HOTEL, CAFE)
CENTRES = {"010": "Receptie", "020": "Keuken"}


def set_up_after_consent(scope: Scope) -> None:
    """Wait for consent in the browser, however long; then authorise for this debtor's books, and map what appeared."""
    while not _have_appeared(scope):
        time.sleep(LOOK_SECONDS)
    connection_id = authorise_in_books_of_its_own(scope, AfasSide())
    map_what_appears(scope, NmbrsSide(), connection_id=connection_id)


def authorise_in_books_of_its_own(scope: Scope, afas: AfasSide) -> int:
    """An account for this debtor's administrations, which AFAS's administrator makes first; its id."""
    books = [employer.administration for employer in EMPLOYERS]
    app_connector = afas.add_books(books, CENTRES, user=AFAS_USER, year=wiring.now().year)
    return authorise_account(scope, afas, user=AFAS_USER, app_connector=app_connector)


def connect(scope: Scope, nmbrs: NmbrsSide) -> None:
    """Ask for consent, give it with a login of the debtor, and come back with it."""
    asked = Asked(
        state=secrets.token_urlsafe(16), verifier=secrets.token_urlsafe(48), at=wiring.now(), renews_id=None
    )
    address = nmbrs_consent.ask_consent(scope=scope, asked=asked, redirect_url=redirect_url())
    back = parse_qs(urlsplit(nmbrs.consent(address, LOGIN)).query)
    nmbrs_consent.take_consent(
        scope=scope, asked=asked, code=back["code"][0], redirect_url=redirect_url(), now=wiring.now()
    )
    say(f"Nmbrs: {LOGIN} has consented")


def map_what_appears(scope: Scope, nmbrs: NmbrsSide, *, connection_id: int) -> None:
    """Wait for the companies, map each from its newest open run on, and let everything go by itself."""
    wait_for(lambda: _have_appeared(scope), "the companies to appear")
    for employer in EMPLOYERS:
        map_to(
            scope,
            employer.number,
            connection_id=connection_id,
            administration=employer.administration.id,
            default_cost_centre=employer.default_cost_centre,
            period_rule=employer.period_rule,
            start=open_period(nmbrs, employer),
        )
    company_ids = [_company_id(scope, each) for each in EMPLOYERS]
    set_workflow(scope=scope, company_ids=company_ids, choice=BY_ITSELF, now=wiring.now())
    say("companies of Nmbrs mapped; generating, checking and sending go by themselves")


def open_period(nmbrs: NmbrsSide, employer: Employer) -> tuple[int, int]:
    """The period of the newest run while that is open, otherwise the next one."""
    run, is_locked = nmbrs.newest_run(employer.number)
    if not is_locked:
        return run.year, run.period
    is_last = run.period >= LAST_PERIOD[employer.period_rule]
    return (run.year + 1, 1) if is_last else (run.year, run.period + 1)


def open_runs(nmbrs: NmbrsSide) -> dict[RunInNmbrs, Employer]:
    """The café's open run, and a new one of the hotel that corrects the period before."""
    of_cafe, _ = nmbrs.newest_run(CAFE.number)
    before, _ = nmbrs.newest_run(HOTEL.number)
    period = open_period(nmbrs, HOTEL)
    corrected = (before.year, before.period)
    of_hotel = nmbrs.add_run_with_correction(HOTEL.number, period=period, corrected=corrected)
    return {of_cafe: CAFE, of_hotel: HOTEL}


def lock_once_seen(scope: Scope, nmbrs: NmbrsSide, runs: Collection[RunInNmbrs]) -> datetime:
    """Lock these runs, which the product knows as open ones by then; when that was."""
    wanted = [identity(scope, run) for run in runs]
    wait_for(lambda: len(runs_of(scope=scope, runs=wanted)) == len(wanted), "the open runs to be seen")
    at = wiring.now()
    for run in runs:
        nmbrs.lock(run)
        say(f"Nmbrs: {run.name} locked")
    return at


def identity(scope: Scope, run: RunInNmbrs) -> RunIdentity:
    """The same run, among ours."""
    company = directory.company_by_number(scope=scope, number=run.company)
    return RunIdentity(company.id, run.year, run.period, run.number)


def expected(employer: Employer, run: RunInNmbrs, amounts: Amounts) -> list[dict[str, Any]]:
    """The entries that AFAS has to hold, in the form of the expectation file, by what Nmbrs says of a run."""
    return [
        {
            "administration": employer.administration.id,
            "journal_code": "90",
            "year": run.year if employer.period_rule is PeriodRule.FOUR_WEEKS else day.year,
            "period": run.period if employer.period_rule is PeriodRule.FOUR_WEEKS else day.month,
            "date": day.isoformat(),
            "lines": sorted(_lines(employer, of_day)),
        }
        for day, of_day in amounts.items()
    ]


def _lines(employer: Employer, amounts: Mapping[tuple[str, str], Decimal]) -> Iterator[list[str]]:
    """A line per account and cost centre; wages without one go to the usual one, balance accounts have none."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (account, centre), amount in amounts.items():
        sums[account, (centre or employer.default_cost_centre) if account >= "4000" else ""] += amount
    for (account, centre), amount in sums.items():
        if amount:
            yield [account, *((f"{amount:.2f}", "0") if amount > 0 else ("0", f"{-amount:.2f}")), centre]


def _have_appeared(scope: Scope) -> bool:
    return all(_company_id(scope, each) for each in EMPLOYERS)


def _company_id(scope: Scope, employer: Employer) -> int:
    """Its id, or 0 while it has not appeared."""
    try:
        return directory.company_by_number(scope=scope, number=employer.number).id
    except NotFoundError:
        return 0
