"""Recording: what attempts came to, for all calls that ended together, in a handful of statements."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from loonbrug.connections import operations as connections
from loonbrug.delivery.models import Attempt, AttemptKind
from loonbrug.delivery.outcomes import (
    Answer,
    Attempts,
    Decision,
    Outcome,
    Policy,
    Reason,
    decide,
    why_not_let_in,
)
from loonbrug.delivery.reversal import after_answer
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import Step, apply_steps
from loonbrug.delivery.tables import one_of, stored, stored_id, values_of

_SETTLED = frozenset(Outcome) - {Outcome.UNKNOWN}


class Report(NamedTuple):
    """What one attempt came to; `now` is when that was known."""

    claim_id: UUID
    answer: Answer
    policy: Policy
    now: datetime


class _Row(NamedTuple):
    """An attempt with the delivery that it is of, as the table has them."""

    attempt_id: int
    kind: str
    number: int
    is_ended: bool
    delivery_id: int
    office_id: int
    connection_id: int
    reverses_id: int | None
    state: State
    reason: Reason
    entry_number: str
    attempt_count: int
    not_booked_count: int


#: An answer with the attempt that it is to.
_Answered = tuple[Report, _Row]


def record_all(reports: Sequence[Report]) -> list[State | Exception]:
    """Store these answers and do what follows from them; the state of each attempt's delivery after it.

    A report may be repeated until it is known to be stored: a second time changes nothing. Within an open
    transaction only. Raises Attempt.DoesNotExist for a claim that nobody made.
    """
    states: dict[UUID, State | Exception] = {}
    waiting = list(reports)
    while waiting:
        now_on, waiting = _one_for_each_delivery(_locked(waiting))
        states |= _record(now_on)
    return [states[report.claim_id] for report in reports]


def _one_for_each_delivery(answered: Sequence[_Answered]) -> tuple[list[_Answered], list[Report]]:
    """Two answers of one delivery are judged one after the other."""
    first: dict[int, _Answered] = {}
    later = []
    for each in answered:
        report, row = each
        if first.setdefault(row.delivery_id, each) is not each:
            later.append(report)
    return list(first.values()), later


def _locked(reports: Sequence[Report]) -> list[_Answered]:
    """Each report with its attempt, whose delivery nobody else can change from here."""
    lock = "FOR NO KEY UPDATE OF a, d" if connection.features.has_select_for_no_key_update else ""
    claim_ids = [stored_id(report.claim_id) for report in reports]
    asked, ids = one_of(claim_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT a.claim_id, a.id, a.kind, a.number, a.ended_at IS NOT NULL, d.id, d.office_id,
                d.connection_id, d.reverses_id, d.state, d.reason, d.entry_number, d.attempt_count, d.not_booked_count
            FROM delivery_attempt a JOIN delivery_delivery d ON d.id = a.delivery_id
            WHERE a.claim_id {asked} ORDER BY d.id, a.id {lock}""",
            ids,
        )
        rows = {claim_id: _row(*values) for claim_id, *values in cursor.fetchall()}
    for claim_id in claim_ids:
        if claim_id not in rows:
            raise Attempt.DoesNotExist(f"no attempt has the claim {claim_id}")
    return [(report, rows[claim_id]) for report, claim_id in zip(reports, claim_ids, strict=True)]


def _row(attempt_id: int, kind: str, number: int, is_ended: bool, *delivery: Any) -> _Row:
    delivery_id, office_id, connection_id, reverses_id, state, reason, entry_number, count, not_booked = (
        delivery
    )
    return _Row(
        attempt_id,
        kind,
        number,
        bool(is_ended),
        delivery_id,
        office_id,
        connection_id,
        reverses_id,
        State(state),
        Reason(reason),
        entry_number,
        count,
        not_booked,
    )


def _record(answered: Sequence[_Answered]) -> dict[UUID, State | Exception]:
    new = [(report, row) for report, row in answered if not row.is_ended]
    _store_answers(new)
    attempts = _attempts(new)
    states: dict[UUID, State | Exception] = {report.claim_id: row.state for report, row in answered}
    steps = []
    for report, row in new:
        all_of_it = attempts[row.delivery_id]
        decision = _decision(report, row, all_of_it)
        if decision is not None:
            states[report.claim_id] = decision.state
            steps.append(_step(report, row, decision, all_of_it))
    apply_steps(steps)
    return states


def _step(report: Report, row: _Row, decision: Decision, attempts: Sequence[Attempt]) -> Step:
    """The step that follows from an answer; a connection that was not let in pauses at once."""
    answer = report.answer
    if decision.pauses_connection:
        connections.mark_broken(
            office_id=row.office_id,
            connection_id=row.connection_id,
            reason=why_not_let_in(status=answer.status, message=answer.message),
            now=report.now,
        )
    counted = answer.outcome in {Outcome.NOT_BOOKED, Outcome.NOT_LET_IN} and not answer.held_back
    return Step(
        delivery_id=row.delivery_id,
        reverses_id=row.reverses_id,
        decision=decision,
        entry_number=decision.entry_number or row.entry_number,
        not_booked_count=0 if decision.pauses_connection else row.not_booked_count + counted,
        doubt_until=_doubt_until(report, row, decision, attempts),
        now=report.now,
    )


def _doubt_until(
    report: Report, row: _Row, decision: Decision, attempts: Sequence[Attempt]
) -> datetime | None:
    """Until when AFAS may still be working on this attempt, where it may have done so at all."""
    left = (attempt.send_before for attempt in attempts if attempt.pk == row.attempt_id)
    send_before = next(left, None)
    if send_before is None or decision.reason is Reason.TO_DELETE:
        return None
    return report.policy.doubt_until(send_before=send_before)


def _decision(report: Report, row: _Row, attempts: Sequence[Attempt]) -> Decision | None:
    others = [other for other in attempts if other.kind == row.kind and other.pk != row.attempt_id]
    earlier = [other for other in others if other.number < row.number]
    beside = Attempts(
        is_latest=len(earlier) == len(others),
        earlier_settled=all(other.outcome in _SETTLED for other in earlier),
        earlier_entry_number=next((other.entry_number for other in earlier if other.entry_number), ""),
        not_booked_count=row.not_booked_count,
        follows_a_refusal=bool(earlier) and earlier[-1].outcome == Outcome.NOT_LET_IN,
    )
    if row.kind == AttemptKind.DELETE:
        if not beside.is_latest:
            return None
        return after_answer(row.state, row.reason, report.answer, policy=report.policy, now=report.now)
    tries = (attempt for attempt in attempts if attempt.number >= row.number - row.not_booked_count)
    return decide(
        state=row.state,
        answer=report.answer,
        attempts=beside,
        policy=report.policy,
        now=report.now,
        first_claimed_at=min((attempt.claimed_at for attempt in tries), default=report.now),
        entry_number=row.entry_number,
    )


def _attempts(answered: Sequence[_Answered]) -> defaultdict[int, list[Attempt]]:
    """All attempts of each delivery; none for what was booked at the first, of which nothing more need be known."""
    wanted = [
        row.delivery_id
        for report, row in answered
        if row.attempt_count > 1 or report.answer.outcome is not Outcome.BOOKED
    ]
    found: defaultdict[int, list[Attempt]] = defaultdict(list)
    if wanted:
        for attempt in Attempt.objects.filter(delivery_id__in=wanted).order_by("number"):
            found[attempt.delivery_id].append(attempt)
    return found


def _store_answers(answers: Sequence[_Answered]) -> None:
    """An answer is always stored with its attempt, whatever the delivery's state."""
    if not answers:
        return
    table, rows = values_of(
        ("bigint", "timestamptz", "text", "integer", "integer", "text", "text", "text", "text"),
        [
            (
                row.attempt_id,
                stored(report.now),
                report.answer.outcome.value,
                report.answer.status,
                report.answer.error_number,
                report.answer.message,
                report.answer.code,
                report.answer.log_reference,
                report.answer.entry_number or None,
            )
            for report, row in answers
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE delivery_attempt SET ended_at = column2, outcome = column3, status = column4,
                error_number = column5, message = column6, code = column7, log_reference = column8,
                entry_number = COALESCE(column9, entry_number)
            FROM {table} AS answer WHERE id = column1""",
            [rows],
        )
