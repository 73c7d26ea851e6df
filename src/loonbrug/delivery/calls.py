"""One call to AFAS: a claim that is sent and answered, or a question about the books.

No transaction is open while AFAS works; whatever happens, every claim gets an answer, and it is stored.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import structlog

from afas_client.client import AfasClient, Page
from afas_client.errors import AfasError, BadAnswer, BadLine, NeverLeft, NotLetIn
from afas_client.get_connector import Query, query_string
from afas_client.transactions import (
    Transaction,
    transactions,
    with_entry_number,
    with_entry_or_voucher_number,
    with_voucher_numbers,
)
from loonbrug.connections.clients import NotAuthorisedError
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.delivery import inspection, reversing
from loonbrug.delivery.claiming import Claim
from loonbrug.delivery.ground import Ground, Work
from loonbrug.delivery.inspection import Answered, Look
from loonbrug.delivery.lanes import OvertakenError
from loonbrug.delivery.models import AttemptKind
from loonbrug.delivery.outcomes import Answer, Outcome, answer_to, why_not_let_in
from loonbrug.delivery.questions import BY_BOTH_NUMBERS, Kind, Question
from loonbrug.delivery.recording import Report, record_all
from loonbrug.delivery.writer import AWAY

log = structlog.get_logger()

#: A question is about twenty entries at most; whoever needs more pages shows what was not asked for.
MOST_PAGES = 100


class Fence:
    """Asked right before something leaves: until a moment, by two clocks of which the stricter wins.

    Raises NeverLeft: whoever stood still for long cannot know any more what else is under way.
    """

    def __init__(self, leave_before: datetime, ground: Ground) -> None:
        self._leave_before = leave_before
        self._leave_by = ground.boot_seconds() + (leave_before - ground.now()).total_seconds()
        self._ground = ground

    def __call__(self) -> None:
        if self._ground.now() >= self._leave_before or self._ground.boot_seconds() >= self._leave_by:
            raise NeverLeft("too late to leave: the time for this attempt has passed")


class _Departure:
    """Asked once the line is open, right before the bytes of an attempt leave."""

    def __init__(self, claim: Claim, ground: Ground) -> None:
        self._fence = Fence(claim.send_before, ground)
        self._ground = ground
        self._was_given = False

    def __call__(self) -> None:
        self._fence()
        if self._ground.is_stopping():
            raise NeverLeft("the service is stopping")
        self._was_given = True

    def in_fact(self, answer: Answer) -> Answer:
        """The same answer; but what never left is surely not booked, and goes again at once when we stopped it."""
        if self._was_given:
            return answer
        outcome = Outcome.NOT_BOOKED if answer.outcome is Outcome.UNKNOWN else answer.outcome
        held_back = outcome is Outcome.NOT_BOOKED and self._ground.is_stopping()
        return replace(answer, outcome=outcome, held_back=held_back)


async def deliver(claim: Claim, work: Work) -> None:
    """Send one claim and record what came of it; whatever happens, the attempt gets an answer."""
    departure = _Departure(claim, work.ground)
    answer = Answer(Outcome.UNKNOWN)
    try:
        answer = await _send(claim, departure, work)
    finally:
        await _record(claim, departure.in_fact(answer), work)


async def _send(claim: Claim, departure: _Departure, work: Work) -> Answer:
    try:
        client = await work.client(claim)
        if claim.kind is AttemptKind.DELETE:
            return await _delete(claim, departure, client, work)
        booked = await client.post_entry(claim.payload, before_leaving=departure)
    except AfasError as error:
        if error.evidence.status is None:  # then no text of AFAS is in it
            log.info("no_answer", delivery=claim.delivery_id, claim=str(claim.claim_id), why=str(error))
        return answer_to(error)
    except (NotAuthorisedError, SecretUnreadableError):
        return Answer(Outcome.NOT_LET_IN)
    except OvertakenError:
        return Answer(Outcome.NOT_BOOKED, message="a newer drain has taken over")
    return answer_to(booked)


async def _delete(claim: Claim, departure: _Departure, client: AfasClient, work: Work) -> Answer:
    """Look; delete what the books show to be ours, as sent."""
    ground = work.ground
    question = await ground.writer.run(reversing.look_before, claim_id=claim.claim_id)
    if question is None:
        return Answer(Outcome.NOT_BOOKED, message="no connector to look with before deleting")
    answered = await _ask(question, client, work)
    if not await ground.writer.run(
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
    """Offer the answer to the database until it is stored."""
    ground = work.ground
    work.has_news.set()  # what this answer frees can be claimed right behind it
    report = Report(claim.claim_id, answer, ground.policy, ground.now())
    state = await ground.store_together(record_all, report)
    log.info(
        "attempt",
        delivery=claim.delivery_id,
        office=claim.office_id,
        connection=claim.connection_id,
        claim=str(claim.claim_id),
        claimed_at=(claim.send_before - ground.policy.send_window).isoformat(),
        outcome=answer.outcome,
        status=answer.status,
        code=answer.code,
        log_reference=answer.log_reference,
        state=state,
    )


async def look(question: Question, fence: Fence, work: Work) -> None:
    """Ask AFAS's books one question and record what they show.

    What they show of one entry may be unreadable: then each is asked for by itself, and keeps no other waiting.
    """
    ground = work.ground
    try:
        client = await work.client(question)
        fence()
        answered = await _ask(question, client, work)
    except (AfasError, NotAuthorisedError, SecretUnreadableError, OvertakenError, *AWAY) as error:
        if isinstance(error, BadLine) and len(question.wanted) > 1:
            for wanted in question.wanted:
                await look(replace(question, wanted=(wanted,)), fence, work)
            return
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
    if question.kind is Kind.REVERSAL:
        await ground.store(reversing.record_look, question=question, answered=answered, policy=ground.policy)
    else:
        await ground.store_together(inspection.record_answers, Look(question, answered, ground.policy))


async def _ask(question: Question, client: AfasClient, work: Work) -> Answered:
    """The lines that answer a question and, where ours are not among them, whether we see our witness."""
    ground, wanted = work.ground, question.wanted[0]
    if question.kind in BY_BOTH_NUMBERS:
        ours = filter(None, [wanted.voucher_number, wanted.counter_number])
        query = with_entry_or_voucher_number(
            question.administration, wanted.journal_code, wanted.entry_number, *ours
        )
    elif question.kind is Kind.BY_HAND:
        query = with_entry_number(question.administration, wanted.journal_code, wanted.entry_number)
    else:
        query = with_voucher_numbers(
            question.administration, [each.voucher_number for each in question.wanted]
        )
    lines, afas_clock = await _lines(client, question.connector, query, work)
    has_sight = False
    if question.witness and all(line.voucher_number != wanted.voucher_number for line in lines):
        await work.check_epoch()
        witness = with_voucher_numbers(question.administration, [question.witness])
        shown, _ = await _lines(client, question.connector, witness, work)
        has_sight = any(line.voucher_number == question.witness for line in shown)
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
    client: AfasClient, connector: str, query: Query, work: Work
) -> tuple[tuple[Transaction, ...], datetime | None]:
    """All lines, page by page, and AFAS's clock at the first page."""
    pages: list[Page] = []
    async for page in client.pages(connector, query):
        pages.append(page)
        if len(pages) > MOST_PAGES:
            raise BadAnswer("more lines than ours can be: AFAS does not heed which ones are asked for")
        if len(page.rows) >= query.take:
            await work.check_epoch()
    return transactions([row for page in pages for row in page.rows]), pages[0].answered_at
