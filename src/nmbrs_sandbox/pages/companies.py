"""Debtors, companies and their runs: the work that is done by hand in Nmbrs."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nmbrs_sandbox import payroll
from nmbrs_sandbox.journal import Variant, journal_of
from nmbrs_sandbox.pages.forms import read
from nmbrs_sandbox.pages.layout import language_of, redirect, render
from nmbrs_sandbox.pages.words import translator
from nmbrs_sandbox.periods import before, period_of
from nmbrs_sandbox.sandbox import Sandbox
from nmbrs_sandbox.world import Company, NotThereError, Run, RunType

LONGEST_NAME = 80


async def show_start(request: Request) -> Response:
    """Debtors with their companies, and the consents that were given."""
    sandbox = _sandbox(request)
    return render(
        request,
        "start.html",
        title="Companies",
        world=sandbox.world,
        consents=sandbox.identity.consents,
        now=sandbox.now(),
    )


async def withdraw(request: Request) -> Response:
    """Withdraw a consent."""
    try:
        _sandbox(request).identity.withdraw(request.path_params["id"])
    except NotThereError:
        raise HTTPException(404) from None
    return redirect("/", done="withdrawn")


async def show_company(request: Request) -> Response:
    """A company with its runs, newest first."""
    return _company_page(request, _company(request))


async def change_company(request: Request) -> Response:
    """Rename a company, or move it to another debtor."""
    company, form, world = _company(request), await read(request), _sandbox(request).world
    name, debtor = form.text("name", longest=LONGEST_NAME), form.choice("debtor", world.debtors)
    if form.errors:
        return _company_page(request, company, form.errors)
    payroll.change_company(world, company.number, name=name, debtor=debtor)
    return redirect(_path(company), done="saved")


async def add_run(request: Request) -> Response:
    """A new run; one with corrections corrects the period before its own."""
    company, form = _company(request), await read(request)
    chosen = form.choice("period", _offered_periods(request, company))
    kind = form.choice("type", [one.value for one in RunType])
    if form.errors:
        return _company_page(request, company, form.errors)
    year, period = map(int, chosen.split("-"))
    type_ = RunType(kind)
    corrected = [before(company.period_type, year, period, 1)] if type_.corrects else []
    payroll.add_run(
        company, year=year, period=period, type_=type_, at=_sandbox(request).now(), corrected=corrected
    )
    return redirect(_path(company), done="added")


async def change_run(request: Request) -> Response:
    """Lock, release, recalculate or delete a run: the last step of the address."""
    company = _company(request)
    run, action = _run(request, company), request.path_params["action"]
    match action:
        case "lock":
            payroll.lock_run(run)
            return redirect(_path(company), done="locked")
        case "release":
            payroll.lock_run(run, locked=False)
            return redirect(_path(company), done="released")
        case "recalculate":
            payroll.recalculate_run(company, run)
            return redirect(_path(company), done="recalculated")
        case "delete":
            payroll.delete_run(company, (run.year, run.period, run.number))
            return redirect(_path(company), done="deleted")
        case _:
            raise HTTPException(404)


async def show_journal(request: Request) -> Response:
    """The journal of a run as it would be made now."""
    company = _company(request)
    run = _run(request, company)
    variant = next((v for v in Variant if v == request.query_params.get("variant")), Variant.COMPANY)
    return render(
        request,
        "journal.html",
        title="Journal",
        company=company,
        run=run,
        path=_path(company),
        variant=variant,
        variants=VARIANTS,
        transactions=journal_of(company, run, variant),
    )


VARIANTS = {
    Variant.COMPANY: "per company",
    Variant.COST_CENTRE: "per cost centre",
    Variant.COST_CENTRE_UNIT: "per cost centre and unit",
    Variant.DEPARTMENT: "per department",
    Variant.EMPLOYEE: "per employee",
}
TYPES = {
    RunType.NORMAL: "Normal",
    RunType.NORMAL_TWK: "Normal, with correction of the period before",
    RunType.TWK: "Correction of the period before",
    RunType.PARTIAL: "Partial",
}


def _company_page(request: Request, company: Company, errors: dict[str, str] | None = None) -> Response:
    sandbox, translate = _sandbox(request), translator(language_of(request))
    return render(
        request,
        "company.html",
        title="Payroll runs",
        errors=errors,
        company=company,
        path=_path(company),
        debtors=[(one.number, f"{one.number} {one.name}") for one in sandbox.world.debtors.values()],
        runs=company.runs_in_order[::-1],
        periods=[(one, one) for one in _offered_periods(request, company)],
        types=[(kind.value, translate(words)) for kind, words in TYPES.items()],
    )


def _offered_periods(request: Request, company: Company) -> list[str]:
    """The next period, the current one, and a year back."""
    current = period_of(company.period_type, _sandbox(request).today())
    return [
        "{}-{}".format(*before(company.period_type, *current, steps))
        for steps in range(-1, company.period_type.regular)
    ]


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def _company(request: Request) -> Company:
    found = _sandbox(request).world.companies.get(request.path_params["company"])
    if found is None:
        raise HTTPException(404)
    return found


def _run(request: Request, company: Company) -> Run:
    parts = request.path_params
    found = company.runs.get((parts["year"], parts["period"], parts["number"]))
    if found is None:
        raise HTTPException(404)
    return found


def _path(company: Company) -> str:
    return f"/companies/{company.number}"


_RUN = "/companies/{company}/runs/{year:int}/{period:int}/{number:int}"
routes = [
    Route("/", show_start),
    Route("/consents/{id:int}/withdraw", withdraw, methods=["POST"]),
    Route("/companies/{company}", show_company, methods=["GET"]),
    Route("/companies/{company}", change_company, methods=["POST"]),
    Route("/companies/{company}/runs", add_run, methods=["POST"]),
    Route(f"{_RUN}/journal", show_journal),
    Route(f"{_RUN}/{{action}}", change_run, methods=["POST"]),
]
