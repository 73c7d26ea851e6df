"""The control port: what people do in Nmbrs, the clock, faults, what was called; apart from the addresses of Nmbrs."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nmbrs_sandbox import payroll
from nmbrs_sandbox.faults import Fault
from nmbrs_sandbox.journal import Variant, journal_of
from nmbrs_sandbox.journal_document import document
from nmbrs_sandbox.periods import PeriodType
from nmbrs_sandbox.sandbox import Sandbox, Settings
from nmbrs_sandbox.seeding import SeedError, seed
from nmbrs_sandbox.world import (
    Company,
    Employee,
    EnvironmentKind,
    NotThereError,
    PeriodShape,
    RefusedError,
    Run,
    RunKey,
    RunType,
)

_COMPANY = "/companies/{company}"
_RUN = _COMPANY + "/runs/{year:int}/{period:int}/{number:int}"

T = TypeVar("T")


class NewRun(msgspec.Struct, forbid_unknown_fields=True):
    """A run to add; see `payroll.add_run`."""

    year: int
    period: int
    type: RunType = RunType.NORMAL
    last_period: int | None = None
    corrected: list[tuple[int, int]] = []
    locked: bool = False


class NewCompany(msgspec.Struct, forbid_unknown_fields=True):
    """A company to add; without employees named it has one."""

    number: str
    name: str
    debtor: str
    period_type: PeriodType = PeriodType.MONTH
    employees: list[Employee] = msgspec.field(default_factory=lambda: [Employee(1, Decimal(2500), "Kantoor")])


class CompanyChange(msgspec.Struct, forbid_unknown_fields=True):
    """What changes of a company."""

    name: str | None = None
    debtor: str | None = None
    scheme: dict[str, str] | None = None


class RunChange(msgspec.Struct, forbid_unknown_fields=True):
    """What changes of a run."""

    locked: bool


class WorldChange(msgspec.Struct, forbid_unknown_fields=True):
    """What changes of the environment."""

    kind: EnvironmentKind | None = None
    enabled: bool | None = None
    period_shape: PeriodShape | None = None


class NewCode(msgspec.Struct, forbid_unknown_fields=True):
    """A cost centre or a cost unit."""

    code: str
    description: str


class Advance(msgspec.Struct, forbid_unknown_fields=True):
    """How far the time moves."""

    seconds: int


class Reset(msgspec.Struct, forbid_unknown_fields=True):
    """Which seed to begin with."""

    seed: str = "demo"


def control_app(sandbox: Sandbox) -> Starlette:
    """The control port's application."""
    control = Control(sandbox)
    routes: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", "/reset", control.reset),
        ("GET", "/world", control.show_world),
        ("PATCH", "/world", control.change_world),
        ("GET", "/clock", control.show_clock),
        ("POST", "/clock", control.advance_clock),
        ("GET", "/settings", control.show_settings),
        ("PATCH", "/settings", control.change_settings),
        ("POST", "/companies", control.add_company),
        ("PATCH", _COMPANY, control.change_company),
        ("DELETE", _COMPANY, control.remove_company),
        ("GET", _COMPANY + "/runs", control.list_runs),
        ("POST", _COMPANY + "/runs", control.add_run),
        ("PATCH", _RUN, control.change_run),
        ("DELETE", _RUN, control.delete_run),
        ("POST", _RUN + "/recalculate", control.recalculate_run),
        ("GET", _RUN + "/{variant}", control.show_journal),
        ("POST", _COMPANY + "/{codes}", control.add_code),
        ("DELETE", _COMPANY + "/{codes}/{code}", control.remove_code),
        ("GET", "/consents", control.list_consents),
        ("DELETE", "/consents/{id:int}", control.withdraw),
        ("GET", "/calls", control.list_calls),
        ("DELETE", "/calls", control.forget_calls),
        ("GET", "/faults", control.list_faults),
        ("POST", "/faults", control.add_fault),
        ("DELETE", "/faults", control.clear_faults),
        ("DELETE", "/faults/{id:int}", control.clear_faults),
    ]
    return Starlette(
        routes=[Route(path, service, methods=[method]) for method, path, service in routes],
        exception_handlers={
            RefusedError: _problem(400),
            SeedError: _problem(400),
            NotThereError: _problem(404),
        },
    )


class Control:
    """The services of the control port. Bodies and answers are JSON."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def reset(self, request: Request) -> Response:
        """`{"seed": "demo"}`: a new world; consents, tokens, tasks, faults, settings and calls are forgotten."""
        world = seed((await _body(request, Reset)).seed, self._sandbox.clock().date())
        self._sandbox.start_again(world)
        return JSONResponse({})

    async def show_world(self, _request: Request) -> Response:
        """Everything, runs too."""
        world = self._sandbox.world
        companies = [_company_document(company) for company in world.companies.values()]
        return JSONResponse(
            {
                "kind": world.kind,
                "enabled": world.enabled,
                "period_shape": world.period_shape,
                "subscription_keys": sorted(world.subscription_keys),
                "partners": msgspec.to_builtins(list(world.partners.values())),
                "logins": msgspec.to_builtins(list(world.logins.values())),
                "debtors": [
                    {"id": str(one.id), "number": one.number, "name": one.name}
                    for one in world.debtors.values()
                ],
                "companies": companies,
            }
        )

    async def change_world(self, request: Request) -> Response:
        """`{"kind": "business", "enabled": false, "period_shape": "moment"}`, any of them."""
        change = await _body(request, WorldChange)
        for name in change.__struct_fields__:
            if (value := getattr(change, name)) is not None:
                setattr(self._sandbox.world, name, value)
        return JSONResponse({})

    async def show_clock(self, _request: Request) -> Response:
        return JSONResponse({"now": self._sandbox.now().isoformat()})

    async def advance_clock(self, request: Request) -> Response:
        """`{"seconds": 3600}`: an hour later all access tokens have ended."""
        seconds = (await _body(request, Advance)).seconds
        if seconds < 0:
            raise RefusedError("Time goes forward only.")
        self._sandbox.ahead += timedelta(seconds=seconds)
        return await self.show_clock(request)

    async def show_settings(self, _request: Request) -> Response:
        return JSONResponse(msgspec.to_builtins(self._sandbox.settings))

    async def change_settings(self, request: Request) -> Response:
        """`{"task_ms": 300, "calls_per_minute": 60, "calls_per_day": null}`, all of them or some."""
        present = msgspec.to_builtins(self._sandbox.settings)
        change = await _body(request, dict[str, Any])
        if unknown := set(change) - set(present):
            raise RefusedError(f"There is no setting {', '.join(sorted(unknown))}.")
        self._sandbox.settings = _convert(present | change, Settings)
        return await self.show_settings(request)

    async def add_company(self, request: Request) -> Response:
        new = await _body(request, NewCompany)
        company = Company(new.number, new.name, new.debtor, new.period_type, employees=new.employees)
        payroll.add_company(self._sandbox.world, company)
        return JSONResponse(_company_document(company), 201)

    async def change_company(self, request: Request) -> Response:
        """`{"name": "...", "debtor": "1002", "scheme": {"4070": "4090"}}`: rename, move, other ledger accounts."""
        company, change = self._company(request), await _body(request, CompanyChange)
        payroll.change_company(self._sandbox.world, company.number, name=change.name, debtor=change.debtor)
        if change.scheme is not None:
            company.scheme = change.scheme
        return JSONResponse(_company_document(company))

    async def remove_company(self, request: Request) -> Response:
        payroll.remove_company(self._sandbox.world, request.path_params["company"])
        return JSONResponse({})

    async def add_code(self, request: Request) -> Response:
        """`{"code": "400", "description": "..."}` to `cost_centres` or `cost_units`; again to rename."""
        new = await _body(request, NewCode)
        self._codes(request)[new.code] = new.description
        return JSONResponse({}, 201)

    async def remove_code(self, request: Request) -> Response:
        payroll.remove_code(self._codes(request), request.path_params["code"])
        return JSONResponse({})

    async def list_runs(self, request: Request) -> Response:
        return JSONResponse({"runs": [_run_document(run) for run in self._company(request).runs_in_order]})

    async def add_run(self, request: Request) -> Response:
        """`{"year": 2026, "period": 12, "type": "normal_twk", "corrected": [[2026, 11]], "locked": false}`."""
        new = await _body(request, NewRun)
        run = payroll.add_run(
            self._company(request),
            year=new.year,
            period=new.period,
            type_=new.type,
            at=self._sandbox.now(),
            last_period=new.last_period,
            corrected=new.corrected,
            locked=new.locked,
        )
        return JSONResponse(_run_document(run), 201)

    async def change_run(self, request: Request) -> Response:
        """`{"locked": true}`."""
        run, change = self._run(request), await _body(request, RunChange)
        payroll.lock_run(run, locked=change.locked)
        return JSONResponse(_run_document(run))

    async def recalculate_run(self, request: Request) -> Response:
        run = self._run(request)
        payroll.recalculate_run(self._company(request), run)
        return JSONResponse(_run_document(run))

    async def delete_run(self, request: Request) -> Response:
        payroll.delete_run(self._company(request), _key(request))
        return JSONResponse({})

    async def show_journal(self, request: Request) -> Response:
        """The document as it would be made now; the address ends as that of the API does."""
        try:
            variant = Variant(request.path_params["variant"])
        except ValueError as error:
            raise NotThereError(str(error)) from None
        company, run = self._company(request), self._run(request)
        content = document(journal_of(company, run, variant), variant, company.number)
        return Response(content, media_type="application/xml")

    async def list_consents(self, _request: Request) -> Response:
        return JSONResponse({"consents": msgspec.to_builtins(self._sandbox.identity.consents)})

    async def withdraw(self, request: Request) -> Response:
        """End a consent with all its tokens."""
        self._sandbox.identity.withdraw(request.path_params["id"])
        return JSONResponse({})

    async def list_calls(self, request: Request) -> Response:
        """What was called, oldest first; `?operation=GET runs&company=2001` narrows it."""
        query = request.query_params
        calls = [
            msgspec.to_builtins(call)
            for call in self._sandbox.calls
            if query.get("operation") in (None, call.operation)
            and query.get("company") in (None, call.company)
        ]
        return JSONResponse({"count": len(calls), "calls": calls})

    async def forget_calls(self, _request: Request) -> Response:
        self._sandbox.calls.clear()
        return JSONResponse({})

    async def list_faults(self, _request: Request) -> Response:
        return JSONResponse({"faults": msgspec.to_builtins(self._sandbox.faults.in_force)})

    async def add_fault(self, request: Request) -> Response:
        """A fault with its scope and count, see `faults.Fault`; answers with its id."""
        fault = self._sandbox.faults.add(await _body(request, Fault))
        return JSONResponse(msgspec.to_builtins(fault), 201)

    async def clear_faults(self, request: Request) -> Response:
        self._sandbox.faults.clear(request.path_params.get("id"))
        return JSONResponse({})

    def _company(self, request: Request) -> Company:
        return self._sandbox.world.company(request.path_params["company"])

    def _run(self, request: Request) -> Run:
        return self._company(request).run(_key(request))

    def _codes(self, request: Request) -> dict[str, str]:
        company, name = self._company(request), request.path_params["codes"]
        if name not in ("cost_centres", "cost_units"):
            raise NotThereError(f"There is nothing called {name}.")
        return company.cost_centres if name == "cost_centres" else company.cost_units


def _key(request: Request) -> RunKey:
    return (
        request.path_params["year"],
        request.path_params["period"],
        request.path_params["number"],
    )


def _run_document(run: Run) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(run)
    return document


def _company_document(company: Company) -> dict[str, Any]:
    fields = ("number", "name", "debtor", "period_type", "cost_centres", "cost_units", "scheme")
    return {
        "id": str(company.id),
        **{name: getattr(company, name) for name in fields},
        "runs": [_run_document(run) for run in company.runs_in_order],
    }


async def _body(request: Request, type_: type[T]) -> T:
    """The body. Raises RefusedError where it is not what it has to be."""
    try:
        content = msgspec.json.decode(await request.body() or b"{}")
    except msgspec.DecodeError:
        raise RefusedError("The body is not JSON.") from None
    return _convert(content, type_)


def _convert(content: object, type_: type[T]) -> T:
    try:
        return msgspec.convert(content, type_)
    except msgspec.ValidationError as error:
        raise RefusedError(f"{type_.__name__}: {error}.") from None


def _problem(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(_request: Request, error: Exception) -> Response:
        return JSONResponse({"problem": str(error)}, status)

    return answer
