"""All due work of ONE environment: claim, send, record, until nothing is left to do.

One lane per administration and journal code, as many calls at once as the environment allows. The database is
asked through one writer thread: the loop never waits for it, and no transaction is open while AFAS works.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError

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
from loonbrug.delivery import claiming, inspection, operations, reversing
from loonbrug.delivery.claiming import Ahead, Claim, Claimed, OvertakenError, Wish, claim_all
from loonbrug.delivery.inspection import Answered, Kind, Question
from loonbrug.delivery.models import AttemptKind
from loonbrug.delivery.outcomes import Answer, Outcome, Policy, answer_to, why_not_let_in
from loonbrug.delivery.recording import Report, record_all
from loonbrug.delivery.writer import Writer

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()

#: How often a running drain looks for work that became due meanwhile.
LOOK_EVERY_SECONDS = 0.5
#: How soon an answer that could not be stored is offered to the database again.
STORE_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What the edge gives a drain to stand on: clock, ids, the writer, connections, the wish to stop.

    After `slice_seconds` a drain makes room when others wait for a place.
    """

    now: Callable[[], datetime]
    boot: str
    boot_seconds: Callable[[], float]
    new_id: Callable[[], UUID]
    writer: Writer
    open_transport: Callable[[], AbstractAsyncContextManager[Transport]]
    policy: Policy
    is_stopping: Callable[[], bool]
    others_wait: Callable[[], bool]
    slice_seconds: float

    async def write(self, operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one operation on the writer's thread."""
        return await self.writer.run(partial(operation, *args, **kwargs))

    async def store(self, operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an operation that may be repeated on the writer's thread, until the database has taken it."""
        while True:
            try:
                return await self.write(operation, *args, **kwargs)
            except (OperationalError, InterfaceError) as away:
                log.warning("not_stored_yet", operation=operation.__name__, why=str(away))
            await asyncio.sleep(STORE_AGAIN_SECONDS)


def grouping_writer() -> Writer:
    """A writer that commits answers and claims together; answers first, because they free lanes."""
    return Writer(record_all, claim_all)


@dataclass(slots=True)
class Work:
    """One drain at work: what its calls share, and what it knows of the work ahead."""

    environment_id: int
    epoch: int
    parallel_call_count: int
    slice_ends: float
    ground: Ground
    transport: Transport
    ahead: Ahead = field(default_factory=Ahead)
    sends: set[asyncio.Task[None]] = field(default_factory=set)
    reads: set[asyncio.Task[None]] = field(default_factory=set)
    looks: set[asyncio.Task[None]] = field(default_factory=set)
    has_news: asyncio.Event = field(default_factory=asyncio.Event)
    clients: dict[tuple[int, str], AfasClient] = field(default_factory=dict)
    was_overtaken: bool = False

    def should_end(self) -> bool:
        """Whether to claim and ask nothing more: we are to stop, or have had our turn and others wait."""
        ground = self.ground
        has_had_its_turn = asyncio.get_running_loop().time() >= self.slice_ends
        return self.was_overtaken or ground.is_stopping() or (has_had_its_turn and ground.others_wait())

    def calls(self) -> set[asyncio.Task[None]]:
        """All calls under way: sends, and questions with and without a call of their own."""
        return self.sends | self.reads | self.looks

    def start(self, group: set[asyncio.Task[None]], call: Coroutine[None, None, None]) -> None:
        """Start a call; its end is news."""
        task = asyncio.create_task(call)
        group.add(task)
        task.add_done_callback(lambda _: self._hear_of_end(group))

    def _hear_of_end(self, group: set[asyncio.Task[None]]) -> None:
        """A send gives its news when its answer is handed in; that it ended matters when it was the last."""
        if group is not self.sends or all(call.done() for call in self.sends):
            self.has_news.set()

    async def client(self, claim_or_question: Claim | Question) -> AfasClient:
        """The client of one connection, with the token it has now."""
        connection_id, token = claim_or_question.connection_id, claim_or_question.token
        client = self.clients.get((connection_id, token))
        if client is None:
            client = await self.ground.write(
                open_client,
                office_id=claim_or_question.office_id,
                connection_id=connection_id,
                transport=self.transport,
            )
            self.clients[connection_id, token] = client
        return client


async def drain(*, environment_id: int, ground: Ground) -> None:
    """Do all due work of one environment and end.

    Ends early, without claiming more, when a newer drain has started, the process wants to stop, or its time
    slice is over and others wait; calls under way are awaited all the same.
    """
    slice_ends = asyncio.get_running_loop().time() + ground.slice_seconds
    begun = await ground.store(
        operations.begin_drain, environment_id=environment_id, policy=ground.policy, now=ground.now()
    )
    async with ground.open_transport() as transport:
        work = Work(environment_id, begun.epoch, begun.parallel_call_count, slice_ends, ground, transport)
        try:
            await _work_off(work)
        except asyncio.CancelledError:
            for call in work.calls():
                call.cancel()
            raise
        finally:
            if calls := work.calls():
                await asyncio.wait(calls)


async def _work_off(work: Work) -> None:
    """Claim and ask whenever there is news, and every so often; until nothing is under way any more."""
    loop = asyncio.get_running_loop()
    next_round = loop.time()
    while True:
        work.has_news.clear()
        read_has_ended = _drop_settled(work)
        is_round = loop.time() >= next_round or not work.calls()
        if is_round:
            next_round = loop.time() + LOOK_EVERY_SECONDS
        if not work.should_end():
            await _claim(work, is_round=is_round)
        if not work.should_end() and (is_round or read_has_ended or not work.ahead.candidates):
            await _ask_what_is_due(work, is_round=is_round)
        if not work.calls():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(work.has_news.wait(), LOOK_EVERY_SECONDS)


def _drop_settled(work: Work) -> bool:
    """Forget the calls that have ended, and tell whether a read was among them; one that failed ends the drain."""
    ended = {call for call in work.calls() if call.done()}
    read_has_ended = not ended.isdisjoint(work.reads)
    for group in (work.sends, work.reads, work.looks):
        group.difference_update(ended)
    for call in ended:
        call.result()
    return read_has_ended


async def _claim(work: Work, *, is_round: bool) -> None:
    """Claim what may leave now, and start a call for each claim."""
    ground = work.ground
    may_read = is_round
    while True:
        if work.ahead.is_short or (may_read and not work.ahead.candidates):
            found = await ground.store(
                claiming.ready, environment_id=work.environment_id, policy=ground.policy, now=ground.now()
            )
            work.ahead, may_read = Ahead(found), False
        if not work.ahead.candidates:
            return
        claimed = await _claimed(work)
        work.ahead.drop(claimed.gone)
        work.ahead.drop(claim.delivery_id for claim in claimed.claims)
        for claim in claimed.claims:
            work.start(work.sends, _deliver(claim, work))
        if not (claimed.gone or (work.ahead.is_short and claimed.claims)):
            return


async def _claimed(work: Work) -> Claimed:
    """What the database let us claim. A commit of which nobody knows whether it was stored is read back."""
    ground = work.ground
    wish = Wish(
        environment_id=work.environment_id,
        epoch=work.epoch,
        ahead=work.ahead.candidates.values(),
        claim_ids=[ground.new_id() for _ in range(work.parallel_call_count)],
        reading_count=len(work.reads),
        policy=ground.policy,
        now=ground.now(),
    )
    try:
        claimed = await ground.writer.join(claim_all, wish)
    except OvertakenError:
        work.was_overtaken = True
        return Claimed((), frozenset(), work.parallel_call_count)
    except (OperationalError, InterfaceError) as away:
        log.warning("not_claimed_yet", environment=work.environment_id, why=str(away))
        await asyncio.sleep(STORE_AGAIN_SECONDS)
        stored = await ground.store(claiming.stored_claims, claim_ids=wish.claim_ids)
        return Claimed(stored, frozenset(), work.parallel_call_count)
    work.parallel_call_count = claimed.parallel_call_count
    return claimed


async def _ask_what_is_due(work: Work, *, is_round: bool) -> None:
    """Start a call for each question that is due, as far as calls are free."""
    ground = work.ground
    if is_round:
        await ground.store(inspection.end_doubts, environment_id=work.environment_id, now=ground.now())
    questions = await ground.store(
        inspection.take_questions,
        environment_id=work.environment_id,
        reading_count=len(work.reads),
        policy=ground.policy,
        now=ground.now(),
    )
    for question in questions:
        work.start(work.looks if question.has_own_call else work.reads, _look(question, work))


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
        await asyncio.shield(_record(claim, departure.in_fact(answer), work))


async def _send(claim: Claim, departure: _Departure, work: Work) -> Answer:
    try:
        client = await work.client(claim)
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


async def _record(claim: Claim, answer: Answer, work: Work) -> None:
    """Offer the answer to the database until it is stored; what it frees can be claimed right behind it."""
    ground = work.ground
    report = Report(claim.claim_id, answer, ground.policy, ground.now())
    while True:
        stored = ground.writer.join(record_all, report)
        work.has_news.set()
        try:
            state = await stored
            break
        except (OperationalError, InterfaceError) as away:
            log.warning("not_stored_yet", claim=str(claim.claim_id), why=str(away))
        await asyncio.sleep(STORE_AGAIN_SECONDS)
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
        client = await work.client(question)
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
    elif question.kind is Kind.NUMBER_CHECK:
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
