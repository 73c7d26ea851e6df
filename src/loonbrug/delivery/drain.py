"""All due work of ONE environment: claim, send, record, until nothing is left to do.

One lane per administration and journal code, as many calls at once as the environment allows. The database is
asked through one writer thread: the loop never waits for it, and no transaction is open while AFAS works.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections

from afas_client.client import AfasClient
from afas_client.errors import AfasError, NeverLeft, NotLetIn
from afas_client.get_connector import Query, Row, query_string
from afas_client.transactions import (
    Transaction,
    transactions,
    with_entry_number,
    with_entry_or_voucher_number,
    with_voucher_numbers,
)
from afas_client.transport import Transport
from loonbrug.connections.clients import NotAuthorisedError, open_client
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.delivery import inspection, operations, reversing
from loonbrug.delivery.inspection import BY_ENTRY_NUMBER, Answered, Kind, Question
from loonbrug.delivery.models import AttemptKind
from loonbrug.delivery.operations import Claim
from loonbrug.delivery.outcomes import Answer, Outcome, Policy, answer_to, why_not_let_in

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()

#: How often a running drain looks for work that became due meanwhile.
LOOK_EVERY_SECONDS = 0.5
#: Read-backs leave the other calls to the sends, which go first.
READS_AT_ONCE = 2
#: How soon an answer that could not be stored is offered to the database again.
STORE_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What the edge gives a drain to stand on: clock, ids, the writer thread, connections, the wish to stop.

    After `slice_seconds` a drain makes room when others wait for a place.
    """

    now: Callable[[], datetime]
    boot: str
    boot_seconds: Callable[[], float]
    new_id: Callable[[], UUID]
    writer: Executor
    open_transport: Callable[[], AbstractAsyncContextManager[Transport]]
    policy: Policy
    is_stopping: Callable[[], bool]
    others_wait: Callable[[], bool]
    slice_seconds: float

    async def write(self, operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one operation on the writer thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.writer, _run, partial(operation, *args, **kwargs))

    async def store(self, operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an operation that may be repeated on the writer thread, until the database has taken it."""
        while True:
            try:
                return await self.write(operation, *args, **kwargs)
            except (OperationalError, InterfaceError) as away:
                log.warning("not_stored_yet", operation=operation.__name__, why=str(away))
            await asyncio.sleep(STORE_AGAIN_SECONDS)


def _run(operation: Callable[[], R]) -> R:
    try:
        return operation()
    except (OperationalError, InterfaceError):
        close_old_connections()  # so that the next one does not meet the same broken line
        raise


@dataclass(frozen=True, slots=True)
class Work:
    """What the calls of one drain share."""

    environment_id: int
    epoch: int
    slice_ends: float
    ground: Ground
    transport: Transport

    def should_end(self) -> bool:
        """Whether to claim and ask nothing more: we are to stop, or have had our turn and others wait."""
        ground = self.ground
        has_had_its_turn = asyncio.get_running_loop().time() >= self.slice_ends
        return ground.is_stopping() or (has_had_its_turn and ground.others_wait())

    async def client(self, *, office_id: int, connection_id: int) -> AfasClient:
        """The client of one connection, with the token it has now."""
        return await self.ground.write(
            open_client, office_id=office_id, connection_id=connection_id, transport=self.transport
        )


async def drain(*, environment_id: int, ground: Ground) -> None:
    """Do all due work of one environment and end.

    Ends early, without claiming more, when a newer drain has started, the process wants to stop, or its time
    slice is over and others wait; calls under way are awaited all the same.
    """
    slice_ends = asyncio.get_running_loop().time() + ground.slice_seconds
    epoch = await ground.write(
        operations.begin_drain, environment_id=environment_id, policy=ground.policy, now=ground.now()
    )
    async with ground.open_transport() as transport:
        work = Work(environment_id, epoch, slice_ends, ground, transport)
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

    None when we should end or were overtaken by a newer drain.
    """
    ground = work.ground
    if work.should_end():
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


class _Departure:
    """Asked once the line is open, right before the bytes leave: by two clocks, of which the stricter wins."""

    def __init__(self, claim: Claim, ground: Ground) -> None:
        self._send_before = claim.send_before
        self._leave_by = ground.boot_seconds() + (claim.send_before - ground.now()).total_seconds()
        self._ground = ground
        self._was_given = False

    def __call__(self) -> None:
        ground = self._ground
        if ground.now() >= self._send_before or ground.boot_seconds() >= self._leave_by:
            raise NeverLeft("too late to leave: the time for this attempt has passed")
        if ground.is_stopping():
            raise NeverLeft("the service is stopping")
        self._was_given = True

    def in_fact(self, answer: Answer) -> Answer:
        """The same answer; but what never left is surely not booked, and goes again at once when we stopped it."""
        if self._was_given:
            return answer
        outcome = Outcome.NOT_BOOKED if answer.outcome is Outcome.UNKNOWN else answer.outcome
        held_back = outcome is Outcome.NOT_BOOKED and self._ground.is_stopping()
        return replace(answer, outcome=outcome, held_back=held_back)


async def _deliver(claim: Claim, work: Work) -> None:
    """Send one claim and record what came of it; whatever happens, the attempt gets an answer."""
    departure = _Departure(claim, work.ground)
    answer = Answer(Outcome.UNKNOWN)
    try:
        answer = await _send(claim, departure, work)
    finally:
        await asyncio.shield(_record(claim, departure.in_fact(answer), work.ground))


async def _send(claim: Claim, departure: _Departure, work: Work) -> Answer:
    try:
        client = await work.client(office_id=claim.office_id, connection_id=claim.connection_id)
        if claim.kind is AttemptKind.DELETE:
            return await _delete(claim, departure, client, work.ground)
        booked = await client.post_entry(claim.payload, before_leaving=departure)
    except AfasError as error:
        if error.evidence.status is None:  # then no text of AFAS is in it
            log.info("no_answer", delivery=claim.delivery_id, claim=str(claim.claim_id), why=str(error))
        return answer_to(error)
    except (NotAuthorisedError, SecretUnreadableError):
        return Answer(Outcome.NOT_LET_IN)
    return answer_to(booked)


async def _delete(claim: Claim, departure: _Departure, client: AfasClient, ground: Ground) -> Answer:
    """Look; delete what the books show to be ours, as sent."""
    question = await ground.write(reversing.look_before, claim_id=claim.claim_id)
    if question is None:
        return Answer(Outcome.NOT_BOOKED, message="no connector to look with before deleting")
    answered = await _ask(question, client, ground)
    if not await ground.write(
        reversing.may_delete, claim_id=claim.claim_id, question=question, answered=answered
    ):
        return Answer(Outcome.NOT_BOOKED)
    (wanted,) = question.wanted
    await client.delete_entry(
        administration=question.administration,
        journal_code=wanted.journal_code,
        entry_number=wanted.entry_number,
        before_leaving=departure,
    )
    return Answer(Outcome.DELETED, status=200)


async def _record(claim: Claim, answer: Answer, ground: Ground) -> None:
    state = await ground.store(
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
        not_let_in = ""
        if isinstance(error, NotLetIn):
            said = error.evidence
            not_let_in = why_not_let_in(status=said.status, message=said.external_message or "")
        await ground.store(
            inspection.record_no_answer,
            question=question,
            not_let_in=not_let_in,
            policy=ground.policy,
            now=ground.now(),
        )
        return
    record = reversing.record_look if question.kind is Kind.REVERSAL else inspection.record_answer
    await ground.store(record, question=question, answered=answered, policy=ground.policy)


async def _ask(question: Question, client: AfasClient, ground: Ground) -> Answered:
    """The lines that answer a question and, where ours are not among them, whether we see our witness."""
    wanted = question.wanted[0]
    if question.kind is Kind.REVERSAL:
        query = with_entry_or_voucher_number(
            question.administration, wanted.journal_code, wanted.entry_number, wanted.voucher_number
        )
    elif question.kind in BY_ENTRY_NUMBER:
        query = with_entry_number(question.administration, wanted.journal_code, wanted.entry_number)
    else:
        query = with_voucher_numbers(
            question.administration, [each.voucher_number for each in question.wanted]
        )
    lines, afas_clock = await _lines(client, question.connector, query)
    has_sight = False
    if question.witness and all(line.voucher_number != wanted.voucher_number for line in lines):
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
