"""All due work of ONE environment: claim, send, record, until nothing is left to do.

One lane per administration and journal code, as many calls at once as the environment allows. The database is
asked through one writer thread: the loop never waits for it, and no transaction is open while AFAS works.
"""

import asyncio
from contextlib import suppress

import structlog
from django.db import InterfaceError, OperationalError

from loonbrug.delivery import claiming, operations, questions
from loonbrug.delivery import ground as grounds
from loonbrug.delivery.calls import deliver, look
from loonbrug.delivery.claiming import Ahead, Claimed, OvertakenError, Wish, claim_all
from loonbrug.delivery.ground import Ground, Work

log = structlog.get_logger()

#: How often a running drain looks for work that became due meanwhile.
LOOK_EVERY_SECONDS = 0.5


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
        has_calls_for_reads = _free_calls(work) > 0 and (read_has_ended or not work.ahead.candidates)
        if not work.should_end() and (is_round or has_calls_for_reads):
            await _ask_what_is_due(work)
        if not work.calls():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_SECONDS):
                await work.has_news.wait()


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
        if claimed.claims:
            ground.note_claim(claimed.claims[-1].claim_id)
        for claim in claimed.claims:
            work.start(work.sends, deliver(claim, work))
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
        await asyncio.sleep(grounds.STORE_AGAIN_SECONDS)
        stored = await ground.store(claiming.stored_claims, claim_ids=wish.claim_ids)
        return Claimed(stored, frozenset(), work.parallel_call_count)
    work.parallel_call_count = claimed.parallel_call_count
    return claimed


def _free_calls(work: Work) -> int:
    return work.parallel_call_count - len(work.sends) - len(work.reads)


async def _ask_what_is_due(work: Work) -> None:
    """Start a call for each question that is due, as far as calls are free."""
    ground = work.ground
    due = await ground.store(questions.due, environment_id=work.environment_id, now=ground.now())
    if due.over:
        await ground.store(questions.end_doubts, environment_id=work.environment_id, now=ground.now())
    if not (due.doubts or (due.bookings and _free_calls(work) > 0)):
        return
    try:
        taken = await ground.store(
            questions.take_questions,
            environment_id=work.environment_id,
            epoch=work.epoch,
            reading_count=len(work.reads),
            policy=ground.policy,
            now=ground.now(),
        )
    except OvertakenError:
        work.was_overtaken = True
        return
    for question in taken:
        work.start(work.looks if question.has_own_call else work.reads, look(question, work))
