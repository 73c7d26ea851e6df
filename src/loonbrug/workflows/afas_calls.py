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
from loonbrug.ledger.problems import Problem, ProblemsError, Who, problem

Answer = TypeVar("Answer")

#: A user waits no longer than this; nothing that is asked here changes the books.
PATIENCE = datetime.timedelta(seconds=60)


class AfasAnswerError(ProblemsError):
    """AFAS, or the line to it, gave no plain answer. `original` is AFAS's own text, where there was one."""

    def __init__(self, problem: Problem, *, original: str = "", log_reference: str = "") -> None:
        super().__init__(problem)
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


_MEANING: tuple[tuple[type[errors.AfasError], str, Who], ...] = (
    (errors.NeverLeft, "afas_not_reached", Who.OFFICE_ADMIN),
    (errors.TokenRefused, "token_refused", Who.OFFICE_ADMIN),
    (errors.IpRefused, "address_refused", Who.AFAS_ADMIN),
    (errors.ConnectorMissing, "connector_refused", Who.AFAS_ADMIN),
    (errors.NoAnswer, "afas_no_answer", Who.OFFICE_ADMIN),
    (errors.ActivationCodeRefused, "activation_code_refused", Who.OFFICE_ADMIN),
)


def problem_of(error: errors.AfasError) -> Problem:
    """What a client's error means to the user who asked, and who can mend it."""
    if isinstance(error.__cause__, ClientConnectorDNSError) or error.evidence.status == 404:
        return problem("afas_host_unknown", who=Who.OFFICE_ADMIN)
    if isinstance(error, errors.Unavailable):
        return problem("afas_maintenance", minutes=-(-(error.evidence.retry_after or 0) // 60))
    for kind, code, who in _MEANING:
        if isinstance(error, kind):
            return problem(code, who=who)
    return problem("afas_unexpected", who=Who.AFAS_ADMIN, status=error.evidence.status or "-")
