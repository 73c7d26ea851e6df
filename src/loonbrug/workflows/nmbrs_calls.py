"""Ask Nmbrs's identity service something while a user waits."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from loonbrug.connections.nmbrs_clients import NotRegisteredError, addresses, application
from loonbrug.ledger.problems import ProblemsError, Who, problem
from nmbrs_client import errors
from nmbrs_client.client import IdentityClient
from nmbrs_client.transport import AiohttpTransport

Answer = TypeVar("Answer")

#: A user waits no longer than this.
PATIENCE = timedelta(seconds=30)


def identify(*, redirect_url: str, question: Callable[[IdentityClient], Awaitable[Answer]]) -> Answer:
    """The answer to one question, asked with no transaction open. Raises ProblemsError."""

    async def answer() -> Answer:
        registered = application(redirect_url=redirect_url)
        async with AiohttpTransport(read_timeout=PATIENCE) as transport:
            return await question(IdentityClient(transport, registered, addresses()))

    try:
        return asyncio.run(answer())
    except NotRegisteredError as missing:
        raise ProblemsError(problem("nmbrs_not_registered", who=Who.OPERATOR)) from missing
    except errors.NmbrsError as failed:
        raise ProblemsError(problem(failed.key, who=who_can_mend(failed.key))) from failed


_OPERATOR = frozenset(
    {
        errors.ApplicationRefused.key,
        errors.SubscriptionKeyRefused.key,
        errors.QuotaExceeded.key,
        "nmbrs_token_unreadable",
        "nmbrs_not_registered",
    }
)
_DEBTOR = frozenset(
    {
        errors.ConsentEnded.key,
        errors.AccessRefused.key,
        errors.DataRefused.key,
        "nmbrs_no_debtors",
        "nmbrs_refresh_lost",
    }
)


def who_can_mend(code: str) -> Who:
    """Who can mend what Nmbrs told by this name."""
    if code in _OPERATOR:
        return Who.OPERATOR
    return Who.DEBTOR if code in _DEBTOR else Who.OFFICE_ADMIN
