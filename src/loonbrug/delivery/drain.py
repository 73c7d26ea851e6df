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
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections

from afas_client.errors import AfasError, NeverLeft
from afas_client.transport import Transport
from loonbrug.connections.clients import NotAuthorisedError, open_client
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.delivery import operations
from loonbrug.delivery.operations import Claim
from loonbrug.delivery.outcomes import Answer, Outcome, Policy, answer_to
from loonbrug.delivery.states import State

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()

#: How often a running drain looks for work that became due meanwhile.
LOOK_EVERY_SECONDS = 0.5

#: How soon an answer that could not be stored is offered to the database again.
STORE_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What the edge gives a drain to stand on: clock, ids, the writer thread, connections, the wish to stop.

    After `slice_seconds` a drain makes room when others wait for a place.
    """

    now: Callable[[], datetime]
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
        calls: set[asyncio.Task[State]] = set()
        try:
            while calls := calls | await _start(environment_id, epoch, slice_ends, ground, transport):
                calls = await _first_settled(calls)
        except asyncio.CancelledError:
            for call in calls:
                call.cancel()
            raise
        finally:
            if calls:
                await asyncio.wait(calls)


async def _first_settled(calls: set[asyncio.Task[State]]) -> set[asyncio.Task[State]]:
    """Wait until a call has settled, or until it is time to look for new work; the calls still under way."""
    done, waiting = await asyncio.wait(calls, timeout=LOOK_EVERY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for call in done:
        call.result()
    return waiting


async def _start(
    environment_id: int, epoch: int, slice_ends: float, ground: Ground, transport: Transport
) -> set[asyncio.Task[State]]:
    """Claim what may leave now and start a call for each; none when we are to stop or were overtaken."""
    slice_is_over = asyncio.get_running_loop().time() >= slice_ends
    if ground.is_stopping() or (slice_is_over and ground.others_wait()):
        return set()
    await ground.write(operations.end_doubts, environment_id=environment_id, now=ground.now())
    try:
        claims = await ground.write(
            operations.claim,
            environment_id=environment_id,
            epoch=epoch,
            policy=ground.policy,
            now=ground.now(),
            new_id=ground.new_id,
        )
    except operations.OvertakenError:
        return set()
    return {asyncio.create_task(_deliver(claim, ground, transport)) for claim in claims}


class _Departure:
    """Asked once the line is open, right before the bytes leave: by two clocks, of which the stricter wins."""

    def __init__(self, claim: Claim, ground: Ground) -> None:
        self._send_before = claim.send_before
        self._leave_by = ground.boot_seconds() + (claim.send_before - ground.now()).total_seconds()
        self._ground = ground
        self.was_given = False

    def __call__(self) -> None:
        ground = self._ground
        if ground.is_stopping():
            raise NeverLeft("the service is stopping")
        if ground.now() >= self._send_before or ground.boot_seconds() >= self._leave_by:
            raise NeverLeft("too late to leave: the time for this attempt has passed")
        self.was_given = True

    def in_fact(self, answer: Answer) -> Answer:
        """The same answer, but surely not sent when it never left, and again at once when we held it back."""
        if self.was_given:
            return answer
        outcome = Outcome.NOT_BOOKED if answer.outcome is Outcome.UNKNOWN else answer.outcome
        held_back = outcome is Outcome.NOT_BOOKED and self._ground.is_stopping()
        return replace(answer, outcome=outcome, held_back=held_back)


async def _deliver(claim: Claim, ground: Ground, transport: Transport) -> State:
    """Send one claim and record what came of it; whatever happens, the attempt gets an answer."""
    departure = _Departure(claim, ground)
    answer = Answer(Outcome.UNKNOWN, message="the call was broken off")
    try:
        answer = await _send(claim, departure, ground, transport)
    finally:
        state = await asyncio.shield(_record(claim, departure.in_fact(answer), ground))
    return state


async def _send(claim: Claim, departure: _Departure, ground: Ground, transport: Transport) -> Answer:
    try:
        client = await ground.write(
            open_client,
            office_id=claim.office_id,
            connection_id=claim.connection_id,
            transport=transport,
        )
        booked = await client.post_entry(claim.payload, before_leaving=departure)
    except AfasError as error:
        return answer_to(error)
    except (NotAuthorisedError, SecretUnreadableError) as no_token:
        return Answer(Outcome.NOT_LET_IN, message=str(no_token))
    return answer_to(booked)


async def _record(claim: Claim, answer: Answer, ground: Ground) -> State:
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
    return state
