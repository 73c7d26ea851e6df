"""The REST services of AFAS Profit, under `/{participant}.{rest|resttest|restaccept}/ProfitRestServices`."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox import services
from afas_sandbox.answers import empty_answer, json_answer, unavailable
from afas_sandbox.entrance import NotLetInError
from afas_sandbox.faults import Call, FaultKind
from afas_sandbox.lines import NoAnswer
from afas_sandbox.messages import Refusal
from afas_sandbox.sandbox import Sandbox
from afas_sandbox.services import Asked, InvalidJsonError, Service

GREATEST_QUERY = 2049
GREATEST_BODY = 75 * 1024 * 1024
_SERVICE = "profitrestservices"
_METHODS = ["GET", "POST", "PUT", "DELETE"]


def routes(sandbox: Sandbox) -> list[Route]:
    """The routes of the REST services; everything under a host that is no page of the sandbox's own."""

    async def answer(request: Request) -> Response:
        return await _answer(sandbox, request)

    return [Route("/{host}/{path:path}", answer, methods=_METHODS)]


async def _answer(sandbox: Sandbox, request: Request) -> Response:
    environment = sandbox.world.environment(request.path_params["host"])
    path = tuple(part for part in request.path_params["path"].split("/") if part)
    query_length = len(request.scope["query_string"]) + 1
    if environment is None or not path or path[0].lower() != _SERVICE or query_length > GREATEST_QUERY:
        return empty_answer(404)
    raw_body = await _read_body(request)
    if raw_body is None:
        return empty_answer(413)
    asked = Asked(sandbox, environment, request, path[1:], raw_body)
    service = services.find(asked)
    if service is None:
        return empty_answer(404)
    return await _guarded(asked, service)


async def _read_body(request: Request) -> bytes | None:
    """The body; None when it is larger than AFAS takes."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > GREATEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)


async def _guarded(asked: Asked, service: Service) -> Response:
    call = services.call_of(asked)
    with asked.sandbox.working_on(call):
        return await _worked_on(asked, call, service)


async def _worked_on(asked: Asked, call: Call, service: Service) -> Response:
    """The service's answer, or what AFAS answers when it lets nobody in or refuses."""
    moody = await _mood(asked, call)
    if moody is not None:
        return moody
    try:
        answer = await service(asked)
    except NotLetInError:
        return empty_answer(401)
    except InvalidJsonError:
        return json_answer(400, {"message": "Invalid json"})
    except Refusal as refusal:
        return _refused(asked, refusal)
    if asked.sandbox.faults.take(FaultKind.CUT_AFTER, call):
        return NoAnswer(asked.sandbox.lines)
    return answer


async def _mood(asked: Asked, call: Call) -> Response | None:
    """What a fault makes of the call; None when it may go on."""
    sandbox = asked.sandbox
    if fault := sandbox.faults.take(FaultKind.UNAVAILABLE, call):
        return unavailable(fault.retry_after)
    if sandbox.faults.take(FaultKind.EXPIRED_TOKEN, call):
        return empty_answer(401)
    if fault := sandbox.faults.take(FaultKind.LATENCY, call):
        await asyncio.sleep(min(fault.delay_ms, sandbox.time_limit_ms) / 1000)
        if fault.delay_ms >= sandbox.time_limit_ms:
            return _refused(asked, Refusal("time_exceeded"))
    if sandbox.faults.take(FaultKind.CUT_BEFORE, call):
        return NoAnswer(sandbox.lines)
    if fault := sandbox.faults.take(FaultKind.BOOK_LATE, call):
        task = asyncio.create_task(_book_late(asked, call, fault.delay_ms))
        sandbox.late_work.add(task)
        task.add_done_callback(sandbox.late_work.discard)
        return NoAnswer(sandbox.lines)
    return None


async def _book_late(asked: Asked, call: Call, delay_ms: int) -> None:
    with asked.sandbox.working_on(call, is_late=True):
        await asyncio.sleep(delay_ms / 1000)
        try:
            await services.book(asked)
        except Refusal as refusal:
            _refused(asked, refusal)
        except (NotLetInError, InvalidJsonError):
            return


def _refused(asked: Asked, refusal: Refusal) -> Response:
    """500 with AFAS's text; the logbook gets a row, without anything of the body."""
    text = refusal.text(asked.language)
    row = asked.environment.log_error(
        at=asked.sandbox.now(),
        connector=asked.name,
        user_code=_user_code(asked),
        error_number=refusal.message.error_number,
        message=text,
        randomness=asked.sandbox.randomness,
    )
    return json_answer(
        500,
        {"externalMessage": text, "errorNumber": row.error_number, "profitLogReference": row.reference},
    )


def _user_code(asked: Asked) -> str:
    try:
        return asked.caller().user.code
    except (NotLetInError, Refusal):
        return ""
