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
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

import structlog

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


@dataclass(frozen=True, slots=True)
class Ground:
    """What the edge gives a drain to stand on: clock, ids, the writer thread, connections, the wish to stop."""

    now: Callable[[], datetime]
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


async def drain(*, environment_id: int, ground: Ground) -> None:
    """Do all due work of one environment and end.

    Ends early, without claiming more, when a newer drain has started or the process wants to stop; calls under
    way are awaited all the same.
    """
    epoch = await ground.write(
        operations.begin_drain, environment_id=environment_id, policy=ground.policy, now=ground.now()
    )
    async with ground.open_transport() as transport:
        calls: set[asyncio.Task[State]] = set()
        try:
            while calls := calls | await _start(environment_id, epoch, ground, transport):
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
    environment_id: int, epoch: int, ground: Ground, transport: Transport
) -> set[asyncio.Task[State]]:
    """Claim what may leave now and start a call for each; none when we are to stop or were overtaken."""
    if ground.is_stopping():
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


async def _deliver(claim: Claim, ground: Ground, transport: Transport) -> State:
    """Send one claim and record what came of it; whatever happens, the attempt gets an answer."""
    answer = Answer(Outcome.UNKNOWN, message="the call was broken off")
    try:
        answer = await _send(claim, ground, transport)
    finally:
        state = await asyncio.shield(_record(claim, answer, ground))
    return state


async def _send(claim: Claim, ground: Ground, transport: Transport) -> Answer:
    try:
        client = await ground.write(
            open_client,
            office_id=claim.office_id,
            connection_id=claim.connection_id,
            transport=transport,
        )
        booked = await client.post_entry(claim.payload, before_leaving=_deadline(claim, ground))
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


async def _record(claim: Claim, answer: Answer, ground: Ground) -> State:
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
    return state
