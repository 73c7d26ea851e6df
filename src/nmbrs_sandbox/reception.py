"""What every call to the API and the identity service passes: it is written down, limited, and disturbed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from nmbrs_sandbox.calls import Call, Operation, Received
from nmbrs_sandbox.faults import OF_CALLS, FaultKind
from nmbrs_sandbox.lines import NoAnswer
from nmbrs_sandbox.problems import Problem, problem_answer
from nmbrs_sandbox.sandbox import Sandbox

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
Service = Callable[[Sandbox, Request], Awaitable[Response]]
_PAGE = "<!doctype html><title>Sandbox</title><h1>A page where an answer was expected</h1>"


def route(sandbox: Sandbox, operation: Operation, path: str, service: Service) -> Route:
    """A service on an address, behind the reception."""

    async def answer(request: Request) -> Response:
        call = Call(operation, _company_number(sandbox, request))
        response = await _received(sandbox, request, call, service)
        sandbox.calls.append(
            Received(
                sandbox.now(),
                call.operation,
                request.url.path,
                request.url.query,
                call.company,
                0 if isinstance(response, NoAnswer) else response.status_code,
            )
        )
        return response

    methods = METHODS if operation is Operation.ELSEWHERE else [operation.partition(" ")[0]]
    return Route(path, answer, methods=methods)


async def _received(sandbox: Sandbox, request: Request, call: Call, service: Service) -> Response:
    if latency := sandbox.faults.take((FaultKind.LATENCY,), call):
        await asyncio.sleep(latency.delay_ms / 1000)
    if fault := sandbox.faults.take(OF_CALLS, call):
        return _instead(sandbox, fault.kind, fault.retry_after)
    try:
        _limit(sandbox, request)
        response = await service(sandbox, request)
    except Problem as problem:
        return problem_answer(problem)
    if sandbox.faults.take((FaultKind.CUT_AFTER,), call):
        return NoAnswer(sandbox.lines)
    return response


def _instead(sandbox: Sandbox, kind: FaultKind, retry_after: int | None) -> Response:
    if kind is FaultKind.HTML:
        return HTMLResponse(_PAGE)
    if kind is FaultKind.EMPTY:
        return Response(b"")
    if kind is FaultKind.CUT_BEFORE:
        return NoAnswer(sandbox.lines)
    name = "token" if kind is FaultKind.INVALID_TOKEN else kind.value
    return problem_answer(Problem(name), retry_after)


def _limit(sandbox: Sandbox, request: Request) -> None:
    """The plan's limits, on the API only. Raises Problem."""
    settings = sandbox.settings
    if not request.url.path.startswith("/api/"):
        return
    for most, span, kind in (
        (settings.calls_per_day, timedelta(days=1), "quota_exceeded"),
        (settings.calls_per_minute, timedelta(minutes=1), "too_many_calls"),
    ):
        if most is not None and _calls_within(sandbox, span) >= most:
            raise Problem(kind)


def _calls_within(sandbox: Sandbox, span: timedelta) -> int:
    """The calls to the API that were let through lately."""
    since = sandbox.now() - span
    count = 0
    for call in reversed(sandbox.calls):
        if call.at <= since:
            break
        count += call.path.startswith("/api/") and call.status != 429
    return count


def _company_number(sandbox: Sandbox, request: Request) -> str:
    """The number of the company that the address names; empty where there is none."""
    try:
        named = UUID(request.path_params.get("companyId", ""))
    except ValueError:
        return ""
    return next((c.number for c in sandbox.world.companies.values() if c.id == named), "")
