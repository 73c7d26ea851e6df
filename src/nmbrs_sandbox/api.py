"""The REST API, under `/api`: debtors, companies, runs, cost centres and units, journals, documents."""

from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nmbrs_sandbox.calls import Call, Operation
from nmbrs_sandbox.entrance import admit, named_company, named_debtor, named_id
from nmbrs_sandbox.faults import OF_JOURNALS, FaultKind
from nmbrs_sandbox.journal import Variant, journal_of
from nmbrs_sandbox.journal_document import document
from nmbrs_sandbox.paging import page, whole_number
from nmbrs_sandbox.periods import period_of
from nmbrs_sandbox.problems import Problem
from nmbrs_sandbox.reception import Service, route
from nmbrs_sandbox.sandbox import Sandbox
from nmbrs_sandbox.tasks import Task
from nmbrs_sandbox.world import Company, PeriodShape, Run

COMPANY = ("company.info", "company.info.read")
PAYROLL = ("company.payrollsettings.read",)
GENERATE = ("company.document.read",)
FETCH = ("document.read",)
_COMPANY = "/api/companies/{companyId}"
_RUN = _COMPANY + "/runs/{payrollRunId}"


def routes(sandbox: Sandbox) -> list[Route]:
    """All services of the API, each behind the reception."""
    services: list[tuple[Operation, str, Service]] = [
        (Operation.DEBTORS, "/api/debtors", debtors),
        (Operation.COMPANIES_OF_DEBTOR, "/api/debtors/{debtorId}/companies", companies_of_debtor),
        (Operation.COMPANIES, "/api/companies", companies),
        (Operation.PERIOD, f"{_COMPANY}/period", current_period),
        (Operation.COST_CENTRES, f"{_COMPANY}/costCenters", cost_centres),
        (Operation.COST_UNITS, f"{_COMPANY}/costUnits", cost_units),
        (Operation.RUNS, f"{_COMPANY}/runs", runs),
        *(
            (Operation.of_variant(variant), f"{_RUN}/{variant}", partial(generate, variant=variant))
            for variant in Variant
        ),
        (Operation.DOCUMENTS, "/api/documents/{taskId}", fetch_document),
        (Operation.ELSEWHERE, "/api/{rest:path}", nothing),
    ]
    return [route(sandbox, operation, path, service) for operation, path, service in services]


async def debtors(sandbox: Sandbox, request: Request) -> Response:
    """The debtors of the consent."""
    consent = admit(sandbox, request, *COMPANY)
    found = [sandbox.world.debtors[n] for n in sorted(consent.debtors) if n in sandbox.world.debtors]
    rows = [{"debtorId": str(one.id), "number": one.number, "name": one.name} for one in found]
    return JSONResponse(page(request, rows))


async def companies_of_debtor(sandbox: Sandbox, request: Request) -> Response:
    """The companies of a debtor."""
    debtor = named_debtor(sandbox, request, admit(sandbox, request, *COMPANY))
    return JSONResponse(page(request, _company_rows(sandbox, [debtor.number])))


async def companies(sandbox: Sandbox, request: Request) -> Response:
    """The companies of the consent, which must have no more than one debtor."""
    consent = admit(sandbox, request, *COMPANY)
    if len(consent.debtors) > 1:
        raise Problem("several_debtors")
    return JSONResponse(page(request, _company_rows(sandbox, consent.debtors)))


async def current_period(sandbox: Sandbox, request: Request) -> Response:
    """The period that a company is in today."""
    company = named_company(sandbox, request, admit(sandbox, request, *COMPANY))
    year, period = period_of(company.period_type, sandbox.today())
    row = {
        "period": {"year": year, "period": period},
        "periodType": company.period_type.value,
        "displayPeriod": f"{year}-{period}-{company.period_type.letter}",
    }
    return JSONResponse(page(request, [row]))


async def cost_centres(sandbox: Sandbox, request: Request) -> Response:
    """The cost centres of a company."""
    company = named_company(sandbox, request, admit(sandbox, request, *PAYROLL))
    return JSONResponse(page(request, _code_rows(company, company.cost_centres, "costCenterId")))


async def cost_units(sandbox: Sandbox, request: Request) -> Response:
    """The cost units of a company."""
    company = named_company(sandbox, request, admit(sandbox, request, *PAYROLL))
    return JSONResponse(page(request, _code_rows(company, company.cost_units, "costUnitId")))


async def runs(sandbox: Sandbox, request: Request) -> Response:
    """The runs of a year; without one, of the current year."""
    company = named_company(sandbox, request, admit(sandbox, request, *PAYROLL))
    year = _year(request, default=sandbox.today().year)
    rows = [_run_row(sandbox, company, run) for run in company.runs_in_order if run.year == year]
    return JSONResponse(page(request, rows))


async def generate(sandbox: Sandbox, request: Request, variant: Variant) -> Response:
    """Begin to make the journal of a run; the answer is the id of the task."""
    consent = admit(sandbox, request, *GENERATE)
    company = named_company(sandbox, request, consent)
    wanted, year = named_id(request, "payrollRunId"), _year(request, default=None)
    run = next((run for run in company.runs.values() if (run.id, run.year) == (wanted, year)), None)
    if run is None:
        raise Problem("not_found")
    fault = sandbox.faults.take(OF_JOURNALS, Call(Operation.of_variant(variant), company.number))
    mood, delay_ms = (fault.kind, fault.delay_ms) if fault else (None, 0)
    other = _run_elsewhere(sandbox, company) if mood is FaultKind.OTHER_COMPANY else (company, run)
    content = document(journal_of(*other, variant), variant, other[0].number, mood)
    made_in = timedelta(milliseconds=delay_ms or sandbox.settings.task_ms)
    task_id = sandbox.randomness.uuid()
    sandbox.tasks[task_id] = Task(
        consent.id,
        company.number,
        content,
        None if mood is FaultKind.TASK_NEVER_ENDS else sandbox.now() + made_in,
        fails=mood is FaultKind.TASK_FAILS,
        vanishes=mood is FaultKind.TASK_VANISHES,
    )
    return JSONResponse({"taskId": str(task_id)})


async def fetch_document(sandbox: Sandbox, request: Request) -> Response:
    """The document of a task; 202 while it is made."""
    consent = admit(sandbox, request, *FETCH)
    task = sandbox.tasks.get(named_id(request, "taskId"))
    if task is None or task.consent_id != consent.id:
        raise Problem("not_found")
    content = task.fetch(sandbox.now())
    if content is None:
        return JSONResponse("Document is being processed", 202)
    return Response(content, media_type="application/octet-stream")


async def nothing(_sandbox: Sandbox, _request: Request) -> Response:
    """Any other address. Raises Problem."""
    raise Problem("not_found")


def _year(request: Request, *, default: int | None) -> int:
    return whole_number(request, "year", least=1900, most=2100, default=default)


def _company_rows(sandbox: Sandbox, debtors: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "companyId": str(company.id),
            "number": company.number,
            "name": company.name,
            "debtorId": str(sandbox.world.debtors[company.debtor].id),
        }
        for company in sorted(sandbox.world.companies.values(), key=lambda one: one.number)
        if company.debtor in debtors
    ]


def _code_rows(company: Company, codes: dict[str, str], id_name: str) -> list[dict[str, Any]]:
    return [
        {id_name: str(company.code_id(id_name, code)), "code": code, "description": description}
        for code, description in sorted(codes.items())
    ]


def _run_row(sandbox: Sandbox, company: Company, run: Run) -> dict[str, Any]:
    return {
        "payrollRunId": str(run.id),
        "number": run.number,
        "year": run.year,
        "periodStart": _period(sandbox, company, run.year, run.periods[0]),
        "periodEnd": _period(sandbox, company, run.year, run.periods[-1]),
        "description": run.description,
        "createdAt": _moment(run.created_at),
        "locked": run.locked,
        "type": run.type.value,
    }


def _period(sandbox: Sandbox, company: Company, year: int, period: int) -> int | str:
    if sandbox.world.period_shape is PeriodShape.NUMBER:
        return period
    return _moment(datetime.combine(company.period_end(year, period), time(), UTC))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _run_elsewhere(sandbox: Sandbox, company: Company) -> tuple[Company, Run]:
    """The newest run of another company. Raises Problem where there is none."""
    others = [one for one in sandbox.world.companies.values() if one is not company and one.runs]
    if not others:
        raise Problem("not_found")
    return others[0], others[0].runs[max(others[0].runs)]
