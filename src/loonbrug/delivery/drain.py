"""All due work of ONE environment: claim, send, record, until nothing is left to do.

One lane per administration and journal code, as many calls at once as the environment allows. The database is
asked through one writer thread: the loop never waits for it, and no transaction is open while AFAS works.
"""

import asyncio
from contextlib import suppress

import structlog

from loonbrug.connections.clients import sign_ins
from loonbrug.delivery import claiming
from loonbrug.delivery.asking import Ask, take_questions
from loonbrug.delivery.calls import Fence, deliver, look
from loonbrug.delivery.claiming import Claimed, Wish, claim_all
from loonbrug.delivery.ground import Ground, Work
from loonbrug.delivery.inspection import record_answers
from loonbrug.delivery.lanes import OvertakenError
from loonbrug.delivery.operations import doubt_what_was_left, raise_epochs
from loonbrug.delivery.reading_ahead import Ahead, Outlook, ready_all
from loonbrug.delivery.recording import record_all
from loonbrug.delivery.writer import AWAY, Writer

log = structlog.get_logger()

#: How often a running drain looks for work that became due meanwhile.
LOOK_EVERY_SECONDS = 0.5


def grouping_writer() -> Writer:
    """A writer that commits together what drains ask: answers first, because they free lanes, and questions last,
    because sends go before them. To judge what AFAS's books show takes long.
    """
    operations = (raise_epochs, record_all, sign_ins, record_answers, ready_all, claim_all, take_questions)
    return Writer(*operations, slow={record_answers})


async def drain(*, environment_id: int, ground: Ground) -> None:
    """Do all due work of one environment and end.

    Ends early, without claiming more, when a newer drain has started, the process wants to stop, or its time
    slice is over and others wait; calls under way are awaited all the same.
    """
    slice_ends = asyncio.get_running_loop().time() + ground.slice_seconds
    begun = await ground.store_together(raise_epochs, environment_id)
    await ground.store(
        doubt_what_was_left,
        environment_id=environment_id,
        epoch=begun.epoch,
        policy=ground.policy,
        now=ground.now(),
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
        _drop_settled(work)
        is_round = loop.time() >= next_round or not work.calls()
        if is_round:
            next_round = loop.time() + LOOK_EVERY_SECONDS
        if not work.should_end():
            await _claim(work, is_round=is_round)
        if not work.should_end() and (is_round or work.free_call_count > 0):
            await _ask_what_is_due(work)
        if not work.calls():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_SECONDS):
                await work.has_news.wait()


def _drop_settled(work: Work) -> None:
    """Forget the calls that have ended; one that failed ends the drain."""
    ended = {call for call in work.calls() if call.done()}
    for group in (work.sends, work.reads, work.looks):
        group.difference_update(ended)
    for call in ended:
        work.lanes_of_looks.pop(call, None)
        call.result()


async def _claim(work: Work, *, is_round: bool) -> None:
    """Claim what may leave now, start a call for each claim, and note how many calls that leaves free."""
    ground = work.ground
    may_read = is_round
    while True:
        if work.ahead.is_short or (may_read and not work.ahead.candidates):
            outlook = Outlook(work.environment_id, ground.policy, ground.now())
            found = await ground.store_together(ready_all, outlook)
            work.ahead, may_read = Ahead(found), False
        if not work.ahead.candidates:
            work.free_call_count = work.parallel_call_count - len(work.sends) - len(work.reads)
            return
        claimed = await _claimed(work)
        work.free_call_count = claimed.free_call_count
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
    while len(work.claim_ids) < work.parallel_call_count:
        work.claim_ids.append(ground.new_id())
    wish = Wish(
        environment_id=work.environment_id,
        epoch=work.epoch,
        ahead=work.ahead.candidates.values(),
        claim_ids=tuple(work.claim_ids),
        reading_count=len(work.reads),
        looking=work.looking(),
        policy=ground.policy,
        now=ground.now(),
    )
    try:
        claimed = await ground.writer.join(claim_all, wish)
    except OvertakenError:
        work.was_overtaken = True
        return Claimed((), frozenset(), 0)
    except AWAY as away:
        log.warning("not_claimed_yet", environment=work.environment_id, why=str(away))
        await ground.pause()
        stored = await ground.store(claiming.stored_claims, claim_ids=wish.claim_ids)
        work.claim_ids.clear()  # one of them may come into the table yet
        return Claimed(stored, frozenset(), 0)
    for claim in claimed.claims:
        work.claim_ids.remove(claim.claim_id)
    return claimed


async def _ask_what_is_due(work: Work) -> None:
    """Start a call for each question that is due, as far as calls are free."""
    ground = work.ground
    ask = Ask(
        environment_id=work.environment_id,
        epoch=work.epoch,
        reading_count=len(work.reads),
        looking=work.looking(),
        free_call_count=work.free_call_count,
        policy=ground.policy,
        now=ground.now(),
    )
    try:
        taken = await ground.writer.join(take_questions, ask)
    except OvertakenError:
        work.was_overtaken = True
        return
    except AWAY as away:
        log.warning("not_asked_yet", environment=work.environment_id, why=str(away))
        await ground.pause()
        return  # what is due by then is asked in the next round
    fence = Fence(ask.now + ground.policy.send_window, ground)
    for question in taken:
        if question.has_own_call:
            task = work.start(work.looks, look(question, fence, work))
            work.lanes_of_looks[task] = question.administration, question.wanted[0].journal_code
        else:
            work.start(work.reads, look(question, fence, work))
