"""Verzend alles wat klaar staat: look at what is ready, approve it at once, and send it journal by journal.

Approving makes a batch: rows in the database that the engine works off in slices. What breaks off halfway goes on
after a restart, and no journal is queued twice: its row in the batch is taken in the transaction that queues it,
and the database refuses a second live delivery of an entry.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction

from loonbrug.access.queries import scope_of
from loonbrug.access.rights import Level, NotAllowedError, NotFoundError, Part, Scope
from loonbrug.ledger.problems import Problem, ProblemsError, Who, problem
from loonbrug.mappings.queries import MappingView
from loonbrug.payroll import operations as payroll
from loonbrug.screens import send_all as screens
from loonbrug.screens.send_all import Open, Period
from loonbrug.workflows.check import CheckResult, check_journals
from loonbrug.workflows.deliver import send_journal
from loonbrug.workflows.generate import compare_first, why_not_compared

log = structlog.get_logger()

#: So many journals are checked at a time: their lines are held meanwhile.
_CHECKED_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Checked:
    """A journal that is not sent yet, and what there is to say about it; `mapping` is where it would go."""

    open: Open
    problems: tuple[Problem, ...]
    mapping: MappingView | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What can be sent now, and what cannot."""

    ready: tuple[Checked, ...]
    blocked: tuple[Checked, ...]


def overview(*, scope: Scope, debtor_id: int | None = None, period: Period | None = None) -> Overview:
    """Check everything that is not sent yet. A blocked journal has its blocking problems only.

    Raises NotAllowedError.
    """
    ready: list[Checked] = []
    blocked: list[Checked] = []
    found = screens.open_journals(scope=scope, debtor_id=debtor_id, period=period)
    for start in range(0, len(found), _CHECKED_TOGETHER):
        portion = found[start : start + _CHECKED_TOGETHER]
        results = check_journals(scope=scope, journal_ids=[each.journal.id for each in portion])
        for each in portion:
            result = results[each.journal.id]
            (ready if result.can_send else blocked).append(_row(each, result))
    return Overview(tuple(ready), tuple(blocked))


def start(
    *,
    scope: Scope,
    key: UUID,
    journal_ids: Collection[int],
    debtor_id: int | None = None,
    now: datetime,
) -> int:
    """Approve these journals; the id of their batch. The same key gives the same batch.

    What was sent meanwhile is left out; what is blocked is refused when its turn comes, with the reason.
    A journal whose run is in Nmbrs waits until it was compared.
    Raises ProblemsError (nothing_left_to_send), NotAllowedError.
    """
    unsent = {each.journal.id for each in screens.open_journals(scope=scope, debtor_id=debtor_id)}
    chosen = unsent.intersection(journal_ids)
    with transaction.atomic():
        compare_first(scope=scope, journal_ids=chosen, now=now)
        return payroll.start_batch(scope=scope, key=key, journal_ids=chosen, debtor_id=debtor_id, now=now)


def send_slice(*, batch_id: int, count: int, now: datetime) -> bool:
    """Send the next journals of a batch, each in a transaction of its own; whether there were any."""
    work = screens.batch_work(batch_id=batch_id, count=count)
    scope = _approver(work)
    for row_id, journal_id in work.rows:
        with transaction.atomic():
            if not payroll.take_from_batch(row_id=row_id, now=now):
                continue
            if problems := _send(scope, work.by, journal_id, now):
                payroll.refuse_in_batch(row_id=row_id, problems=problems)
    return bool(work.rows)


def _row(each: Open, result: CheckResult) -> Checked:
    return Checked(each, result.blocking or result.problems, result.mapping)


def _approver(work: screens.BatchWork) -> Scope | None:
    """The person who approved the batch, with the rights of this moment; None if they may no longer sign in."""
    try:
        return scope_of(user_id=work.user_id)
    except NotFoundError:
        return None


def _send(scope: Scope | None, by: str, journal_id: int, now: datetime) -> tuple[Problem, ...]:
    """Send one journal; why not, if it could not be sent."""
    try:
        if scope is None:
            raise NotAllowedError(Part.JOURNAL_EXPORT, Level.WRITE)
        if problems := why_not_compared(scope=scope, journal_id=journal_id):
            return problems
        send_journal(scope=scope, journal_id=journal_id, now=now)
    except ProblemsError as refused:
        return refused.problems
    except NotAllowedError:
        return (problem("approver_may_not_send", who=Who.OFFICE_ADMIN, name=by),)
    except DatabaseError:
        raise
    except Exception:
        # One journal that breaks the program must not keep the rest of the batch from being sent.
        log.exception("journal_not_sent", journal_id=journal_id)
        return (problem("journal_broke_off", who=Who.OFFICE_ADMIN, journal=journal_id),)
    return ()
