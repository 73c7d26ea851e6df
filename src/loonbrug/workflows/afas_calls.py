"""Ask AFAS something while a user waits, and say in our own words what came instead of an answer."""

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import ClientConnectorDNSError

from afas_client import errors
from afas_client.client import AfasClient
from afas_client.transport import AiohttpTransport
from loonbrug.connections.clients import SignIn
from loonbrug.ledger.problems import Problem, Who, problem

Answer = TypeVar("Answer")

#: A user waits no longer than this; nothing that is asked here changes the books.
PATIENCE = datetime.timedelta(seconds=60)


class AfasAnswerError(Exception):
    """AFAS, or the line to it, gave no plain answer. `original` is AFAS's own text, where there was one."""

    def __init__(self, problem: Problem, *, original: str = "", log_reference: str = "") -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.original = original
        self.log_reference = log_reference


def ask(sign_in: SignIn, question: Callable[[AfasClient], Awaitable[Answer]]) -> Answer:
    """The answer to one question. Raises AfasAnswerError. Call it with no transaction open."""

    async def answer() -> Answer:
        async with AiohttpTransport(read_timeout=PATIENCE) as transport:
            return await question(sign_in.client(transport))

    try:
        return asyncio.run(answer())
    except errors.AfasError as error:
        evidence = error.evidence
        raise AfasAnswerError(
            problem_of(error),
            original=evidence.external_message or "",
            log_reference=evidence.log_reference or "",
        ) from error


def problem_of(error: errors.AfasError) -> Problem:
    """What a client's error means to the user who asked, and who can mend it."""
    match error:
        case errors.NeverLeft() if isinstance(error.__cause__, ClientConnectorDNSError):
            return problem("afas_host_unknown", who=Who.OFFICE_ADMIN)
        case errors.NeverLeft():
            return problem("afas_not_reached", who=Who.OFFICE_ADMIN)
        case errors.Unavailable(evidence=errors.Evidence(retry_after=int(seconds))):
            return problem("afas_maintenance", minutes=-(-seconds // 60))
        case errors.TokenRefused():
            return problem("token_refused", who=Who.OFFICE_ADMIN)
        case errors.IpRefused():
            return problem("address_refused", who=Who.AFAS_ADMIN)
        case errors.ConnectorMissing():
            return problem("connector_refused", who=Who.AFAS_ADMIN)
        case errors.NoAnswer():
            return problem("afas_no_answer")
        case errors.ActivationCodeRefused():
            return problem("activation_code_refused", who=Who.OFFICE_ADMIN)
        case errors.AfasError(evidence=errors.Evidence(status=404)):
            return problem("afas_host_unknown", who=Who.OFFICE_ADMIN)
    return problem("afas_unexpected", who=Who.AFAS_ADMIN, status=error.evidence.status or "-")
