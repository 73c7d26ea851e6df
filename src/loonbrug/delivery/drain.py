"""All due work of ONE environment: claim, send, record, until nothing is left to do.

One lane per administration and journal code, as many calls at once as the environment allows. The database is
asked through one writer thread: the loop never waits for it, and no transaction is open while AFAS works.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

import structlog

from afas_client.client import AfasClient
from afas_client.errors import AfasError, NeverLeft, NotLetIn
from afas_client.get_connector import Query, Row, query_string
from afas_client.transactions import (
    Transaction,
    transactions,
    with_entry_number,
    with_voucher_numbers,
)
from afas_client.transport import Transport
from loonbrug.connections.clients import NotAuthorisedError, open_client
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.delivery import inspection, operations
from loonbrug.delivery.inspection import Answered, Kind, Question
from loonbrug.delivery.operations import Claim
from loonbrug.delivery.outcomes import Answer, Outcome, Policy, answer_to

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()

#: How often a running drain looks for work that became due meanwhile.
LOOK_EVERY_SECONDS = 0.5
#: Read-backs leave the other calls to the sends, which go first.
READS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Ground:
    """What the edge gives a drain to stand on: clock, ids, the writer thread, connections, the wish to stop."""

    now: Callable[[], datetime]
    boot: str
    boot_seconds: Callable[[], float]
    new_id: Callable[[], UUID]
    writer: Executor
    open_transport: Callable[[], AbstractAsyncContextManager[Transport]]
    policy: Policy
    is_stopping: Callable[[], bool]

    async def write(self, operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one operation on the writer thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.writer, partial(operation, *args, **kwargs))


@dataclass(frozen=True, slots=True)
class Work:
    """What the calls of one drain share."""

    environment_id: int
    epoch: int
    ground: Ground
    transport: Transport

    async def client(self, *, office_id: int, connection_id: int) -> AfasClient:
        """The client of one connection, with the token it has now."""
        return await self.ground.write(
            open_client, office_id=office_id, connection_id=connection_id, transport=self.transport
        )


async def drain(*, environment_id: int, ground: Ground) -> None:
    """Do all due work of one environment and end.

    Ends early, without claiming more, when a newer drain has started or the process wants to stop; calls under
    way are awaited all the same.
    """
    epoch = await ground.write(
        operations.begin_drain, environment_id=environment_id, policy=ground.policy, now=ground.now()
    )
    async with ground.open_transport() as transport:
        work = Work(environment_id, epoch, ground, transport)
        calls: set[asyncio.Task[None]] = set()
        try:
            while calls := calls | await _start(work, len(calls)):
                calls = await _first_settled(calls)
        except asyncio.CancelledError:
            for call in calls:
                call.cancel()
            raise
        finally:
            if calls:
                await asyncio.wait(calls)


async def _first_settled(calls: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait until a call has settled, or until it is time to look for new work; the calls still under way."""
    done, waiting = await asyncio.wait(calls, timeout=LOOK_EVERY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for call in done:
        call.result()
    return waiting


async def _start(work: Work, running: int) -> set[asyncio.Task[None]]:
    """Claim what may leave now, then the questions that are due, and start a call for each.

    None when we are to stop or were overtaken by a newer drain.
    """
    ground = work.ground
    if ground.is_stopping():
        return set()
    await ground.write(inspection.end_doubts, environment_id=work.environment_id, now=ground.now())
    try:
        claims = await ground.write(
            operations.claim,
            environment_id=work.environment_id,
            epoch=work.epoch,
            policy=ground.policy,
            now=ground.now(),
            new_id=ground.new_id,
        )
    except operations.OvertakenError:
        return set()
    questions = await ground.write(
        inspection.take_questions,
        environment_id=work.environment_id,
        free_call_count=READS_AT_ONCE if running + len(claims) < READS_AT_ONCE else 0,
        policy=ground.policy,
        now=ground.now(),
    )
    sends = {asyncio.create_task(_deliver(claim, work)) for claim in claims}
    return sends | {asyncio.create_task(_look(question, work)) for question in questions}


async def _deliver(claim: Claim, work: Work) -> None:
    """Send one claim and record what came of it; whatever happens, the attempt gets an answer."""
    answer = Answer(Outcome.UNKNOWN, message="the call was broken off")
    try:
        answer = await _send(claim, work)
    finally:
        await asyncio.shield(_record(claim, answer, work.ground))


async def _send(claim: Claim, work: Work) -> Answer:
    try:
        client = await work.client(office_id=claim.office_id, connection_id=claim.connection_id)
        booked = await client.post_entry(claim.payload, before_leaving=_deadline(claim, work.ground))
    except AfasError as error:
        return answer_to(error)
    except (NotAuthorisedError, SecretUnreadableError) as no_token:
        return Answer(Outcome.NOT_LET_IN, message=str(no_token))
    return answer_to(booked)


def _deadline(claim: Claim, ground: Ground) -> Callable[[], None]:
    """The check that runs once the line is open, right before the bytes leave: by two clocks, the stricter wins."""
    leave_by = ground.boot_seconds() + (claim.send_before - ground.now()).total_seconds()

    def check() -> None:
        if ground.now() >= claim.send_before or ground.boot_seconds() >= leave_by:
            raise NeverLeft("too late to leave: the time for this attempt has passed")
        if ground.is_stopping():
            raise NeverLeft("the service is stopping")

    return check


async def _record(claim: Claim, answer: Answer, ground: Ground) -> None:
    state = await ground.write(
        operations.record, claim_id=claim.claim_id, answer=answer, policy=ground.policy, now=ground.now()
    )
    log.info(
        "attempt",
        delivery=claim.delivery_id,
        office=claim.office_id,
        connection=claim.connection_id,
        claim=str(claim.claim_id),
        outcome=answer.outcome,
        status=answer.status,
        code=answer.code,
        log_reference=answer.log_reference,
        state=state,
    )


async def _look(question: Question, work: Work) -> None:
    """Ask AFAS's books one question and record what they show."""
    ground = work.ground
    try:
        client = await work.client(office_id=question.office_id, connection_id=question.connection_id)
        answered = await _ask(question, client, ground)
    except (AfasError, NotAuthorisedError, SecretUnreadableError) as error:
        log.warning(
            "no_look", kind=question.kind, connection=question.connection_id, why=type(error).__name__
        )
        not_let_in = str(error) if isinstance(error, NotLetIn) else ""
        await ground.write(
            inspection.record_no_answer,
            question=question,
            not_let_in=not_let_in,
            policy=ground.policy,
            now=ground.now(),
        )
        return
    await ground.write(inspection.record_answer, question=question, answered=answered, policy=ground.policy)


async def _ask(question: Question, client: AfasClient, ground: Ground) -> Answered:
    """The lines that answer a question and, for a doubt that found none, whether we see our witness."""
    if question.kind is Kind.NUMBER_CHECK:
        (wanted,) = question.wanted
        query = with_entry_number(question.administration, wanted.journal_code, wanted.entry_number)
    else:
        query = with_voucher_numbers(
            question.administration, [wanted.voucher_number for wanted in question.wanted]
        )
    lines, afas_clock = await _lines(client, question.connector, query)
    has_sight = False
    if question.witness and not lines:
        witness = with_voucher_numbers(question.administration, [question.witness])
        has_sight = bool((await _lines(client, question.connector, witness))[0])
    return Answered(
        lines=lines,
        query=query_string(query),
        has_sight=has_sight,
        afas_clock=afas_clock,
        boot=ground.boot,
        boot_seconds=Decimal(str(round(ground.boot_seconds(), 6))),
        now=ground.now(),
    )


async def _lines(
    client: AfasClient, connector: str, query: Query
) -> tuple[tuple[Transaction, ...], datetime | None]:
    """All lines, page by page, and AFAS's clock at the first page."""
    found: list[Row] = []
    page = await client.page(connector, query)
    first_answered_at = page.answered_at
    found += page.rows
    while len(page.rows) == query.take:
        query = query.next_page()
        page = await client.page(connector, query)
        found += page.rows
    return transactions(found), first_answered_at
