"""Sending a journal (which is approving it), and what a person does about one that did not simply arrive."""

from datetime import datetime

from django.db import IntegrityError, transaction

from loonbrug.access import operations as access
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.audit import operations as audit
from loonbrug.connections import queries as connections
from loonbrug.delivery import decisions, operations, queries
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.operations import Approved, Target
from loonbrug.delivery.payload import RunKey
from loonbrug.delivery.states import ENDED, State
from loonbrug.directory import queries as directory
from loonbrug.ledger.problems import ProblemsError, problem
from loonbrug.mappings import queries as mappings
from loonbrug.mappings.queries import MappingView
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.models import JournalLife
from loonbrug.payroll.queries import JournalView
from loonbrug.workflows.check import CheckResult, check_journal


@transaction.atomic
def send_journal(*, scope: Scope, journal_id: int, now: datetime) -> tuple[int, ...]:
    """Freeze and queue every entry of this journal that is not on its way yet; the ids of the deliveries.

    Raises NotFoundError, NotAllowedError, ProblemsError (all that `check_journal` finds, journal_not_live,
    nothing_to_send).
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    access.hold_office(office_id=scope.office_id)
    return _send(scope, journal_id, now)


def _send(scope: Scope, journal_id: int, now: datetime, *, only: int | None = None) -> tuple[int, ...]:
    """Queue what is not on its way yet of all entries, or of `only` this one."""
    checked = check_journal(scope=scope, journal_id=journal_id)
    if checked.mapping is None or not checked.can_send:
        raise ProblemsError(*checked.blocking)
    journal = payroll.journal(scope=scope, journal_id=journal_id)
    if journal.life is not JournalLife.LIVE:
        raise ProblemsError(problem("journal_not_live"))
    entries = [each for each in _to_send(scope, journal, checked) if only in (None, each.ordinal)]
    if not entries:
        raise ProblemsError(problem("nothing_to_send"))
    try:
        ids = operations.queue(
            office_id=scope.office_id,
            target=_target(scope, checked.mapping),
            entries=entries,
            by=scope.user_name,
            now=now,
        )
    except IntegrityError as error:
        raise ProblemsError(problem("nothing_to_send")) from error
    audit.write(by=scope, at=now, verb="send", subject_kind="journal", subject_id=journal_id)
    return ids


def _to_send(scope: Scope, journal: JournalView, checked: CheckResult) -> list[Approved]:
    deliveries = queries.of_run(scope=scope, run_id=journal.run_id)
    if any(delivery.state is State.REVERSING for delivery in deliveries):
        raise ProblemsError(problem("journal_is_being_reversed"))
    under_way = {delivery.ordinal for delivery in deliveries if delivery.state not in ENDED}
    company = directory.company(scope=scope, company_id=journal.run.company_id)
    run = RunKey(company.id, company.number, journal.run.year, journal.run.period, journal.run.number)
    return [
        Approved(journal.id, journal.run_id, run, ordinal, posting)
        for ordinal, posting in enumerate(checked.postings, start=1)
        if ordinal not in under_way
    ]


def _target(scope: Scope, mapping: MappingView) -> Target:
    connection = connections.connection_of(office_id=scope.office_id, connection_id=mapping.connection_id)
    return Target(
        environment_id=connection.environment_id,
        connection_id=connection.id,
        administration=mapping.administration,
        journal_code=mapping.journal_code,
        mapping=mappings.as_used(mapping),
    )


def _require_right(scope: Scope, delivery_id: int) -> None:
    """Write on exports; and on reversals for a counter-entry, which takes another entry out of the books."""
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    if queries.delivery(scope=scope, delivery_id=delivery_id).reverses_id is not None:
        scope.require(Part.REVERSAL, Level.WRITE)


@transaction.atomic
def retry(*, scope: Scope, delivery_id: int, reason: str, now: datetime) -> None:
    """Opnieuw: the same payload and number again, after something was mended in AFAS.

    Raises NotFoundError, NotAllowedError, ProblemsError.
    """
    _require_right(scope, delivery_id)
    decisions.retry(
        office_id=scope.office_id, delivery_id=delivery_id, reason=reason, by=scope.user_name, now=now
    )
    audit.write(by=scope, at=now, verb="retry", subject_kind="delivery", subject_id=delivery_id)


@transaction.atomic
def cancel(*, scope: Scope, delivery_id: int, reason: str, now: datetime) -> None:
    """Annuleren: this entry is not sent; it may be sent anew later. Raises as `retry`."""
    _require_right(scope, delivery_id)
    decisions.cancel(
        office_id=scope.office_id, delivery_id=delivery_id, reason=reason, by=scope.user_name, now=now
    )
    audit.write(by=scope, at=now, verb="cancel", subject_kind="delivery", subject_id=delivery_id)


@transaction.atomic
def send_anew(*, scope: Scope, delivery_id: int, reason: str, now: datetime) -> None:
    """Annuleren en opnieuw verzenden: the same entry by the mapping as it is now, under another number.

    Raises as `retry` and `send_journal`; then nothing is cancelled.
    """
    _require_right(scope, delivery_id)
    access.hold_office(office_id=scope.office_id)
    cancel(scope=scope, delivery_id=delivery_id, reason=reason, now=now)
    cancelled = queries.delivery(scope=scope, delivery_id=delivery_id)
    _send(scope, cancelled.journal_id, now, only=cancelled.ordinal)


@transaction.atomic
def settle(*, scope: Scope, delivery_id: int, entry_number: str, reason: str, now: datetime) -> None:
    """AFAS holds once now what it held twice, differently or after it had ended. Raises as `retry`."""
    _require_right(scope, delivery_id)
    decisions.settle(
        office_id=scope.office_id,
        delivery_id=delivery_id,
        entry_number=entry_number,
        reason=reason,
        by=scope.user_name,
        now=now,
    )
    audit.write(by=scope, at=now, verb="settle", subject_kind="delivery", subject_id=delivery_id)


@transaction.atomic
def decide(
    *, scope: Scope, delivery_id: int, decision: DoubtDecision, entry_number: str, reason: str, now: datetime
) -> None:
    """What a person found in AFAS about an entry in doubt, after AFAS's limit. Raises as `retry`."""
    _require_right(scope, delivery_id)
    decisions.resolve(
        office_id=scope.office_id,
        delivery_id=delivery_id,
        decision=decision,
        entry_number=entry_number,
        reason=reason,
        by=scope.user_name,
        now=now,
    )
    audit.write(by=scope, at=now, verb=decision, subject_kind="delivery", subject_id=delivery_id)
