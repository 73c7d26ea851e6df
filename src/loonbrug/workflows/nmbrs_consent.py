"""Consent at Nmbrs: ask for it, take it, and find out whose it is.

A person consents in the browser, with a login of the debtor. What comes back belongs to the session that asked:
its state is used once. No transaction is open while Nmbrs is asked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from loonbrug.access.rights import Level, Part, Scope, service_scope
from loonbrug.audit.operations import write
from loonbrug.connections import nmbrs_operations as operations
from loonbrug.connections import nmbrs_queries as queries
from loonbrug.connections.nmbrs_clients import NotRegisteredError, addresses, application
from loonbrug.connections.nmbrs_queries import NmbrsConnectionView
from loonbrug.directory import nmbrs_decisions as decisions
from loonbrug.directory import nmbrs_operations as directory
from loonbrug.directory import nmbrs_queries as shown
from loonbrug.directory.nmbrs_decisions import Kind
from loonbrug.directory.nmbrs_queries import Undecided
from loonbrug.ledger.problems import ProblemsError, Who, problem
from loonbrug.payroll import run_operations
from loonbrug.workflows.nmbrs_calls import identify
from nmbrs_client.auth import authorize_url, challenge_of

#: From the click to the way back it takes no longer than this.
CONSENT_LIFE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the session keeps until the person comes back; `renews_id` is the connection that waits for consent."""

    state: str
    verifier: str
    at: datetime
    renews_id: int | None

    def is_over(self, now: datetime) -> bool:
        return now > self.at + CONSENT_LIFE


def ask_consent(*, scope: Scope, asked: Asked, redirect_url: str) -> str:
    """The address at Nmbrs where a person consents. Raises ProblemsError, NotAllowedError, NotFoundError."""
    scope.require(Part.NMBRS_SETTINGS, Level.WRITE)
    if asked.renews_id is not None:
        queries.connection_of(office_id=scope.office_id, connection_id=asked.renews_id)
    try:
        registered = application(redirect_url=redirect_url)
    except NotRegisteredError as missing:
        raise ProblemsError(problem("nmbrs_not_registered", who=Who.OPERATOR)) from missing
    return authorize_url(registered, addresses(), asked.state, challenge_of(asked.verifier))


def take_consent(
    *, scope: Scope, asked: Asked | None, code: str, redirect_url: str, now: datetime
) -> NmbrsConnectionView:
    """Trade the code for the first tokens and keep them. `asked` is None for a state that this session never gave.

    Raises ProblemsError (then nothing was kept), NotAllowedError.
    """
    scope.require(Part.NMBRS_SETTINGS, Level.WRITE)
    if asked is None or asked.is_over(now):
        raise ProblemsError(problem("nmbrs_consent_unasked", who=Who.OFFICE_ADMIN))
    tokens = identify(
        redirect_url=redirect_url, question=lambda identity: identity.exchange_code(code, asked.verifier)
    )
    with transaction.atomic():
        kept = operations.record_consent(
            office_id=scope.office_id, tokens=tokens, by=scope.user_name, renews_id=asked.renews_id, now=now
        )
        _note(scope, kept.id, "nmbrs_consent_given", now)
    return kept


@transaction.atomic
def settle(*, office_id: int, connection_id: int, nmbrs_debtor_ids: Collection[str], now: datetime) -> int:
    """Whose consent this is, now that we know its debtors: the id of the connection that it became.

    A consent for debtors that another connection shows takes that one's place: the newest counts. A connection that
    is left without debtors is forgotten. Raises RefreshUnderWayError: then nothing changed.
    """
    holders = queries.among_office(
        office_id=office_id,
        connection_ids=shown.holders_of(office_id=office_id, nmbrs_debtor_ids=nmbrs_debtor_ids),
    ) - {connection_id}
    if not holders:
        return connection_id
    meant = queries.connection_of(office_id=office_id, connection_id=connection_id).renews_id
    kept = meant if meant in holders else min(holders)
    operations.replace_chain(office_id=office_id, connection_id=kept, by_id=connection_id)
    directory.move_debtors(office_id=office_id, nmbrs_debtor_ids=nmbrs_debtor_ids, connection_id=kept)
    scope = service_scope(office_id)
    for left in holders - {kept} - shown.connections_with_debtors(office_id=office_id):
        operations.remove(office_id=office_id, connection_id=left)
        _note(scope, left, "nmbrs_connection_removed", now)
    _note(scope, kept, "nmbrs_consent_renewed", now)
    return kept


def synchronise_now(*, scope: Scope, connection_id: int, today: date, now: datetime) -> None:
    """Have everything of a connection looked at now. Raises ProblemsError, NotFoundError, NotAllowedError."""
    scope.require(Part.NMBRS_SETTINGS, Level.WRITE)
    with transaction.atomic():
        operations.ask(office_id=scope.office_id, connection_id=connection_id, now=now)
        run_operations.ask_looks(connection_id=connection_id, today=today, asked_at=now)
        _note(scope, connection_id, "nmbrs_synchronisation_asked", now)


def decide(
    *, scope: Scope, kind: Kind, nmbrs_id: int, same_as: int | None, number: str, now: datetime
) -> Undecided:
    """A person says which of ours a debtor or company in Nmbrs is; its runs are read at once.

    Raises ProblemsError, NotFoundError, NotAllowedError.
    """
    scope.require(Part.NMBRS_SETTINGS, Level.WRITE)
    with transaction.atomic():
        asked = decisions.decide(
            scope=scope, kind=kind, nmbrs_id=nmbrs_id, same_as=same_as, number=number, now=now
        )
        operations.ask(office_id=scope.office_id, connection_id=asked.connection_id, now=now)
    return asked


def remove_connection(*, scope: Scope, connection_id: int, redirect_url: str, now: datetime) -> bool:
    """Forget a connection, and give the consent back to Nmbrs; whether Nmbrs took it.

    What was synchronised stays. Raises NotFoundError, NotAllowedError.
    """
    scope.require(Part.NMBRS_SETTINGS, Level.WRITE)
    with transaction.atomic():
        refresh_token = operations.remove(office_id=scope.office_id, connection_id=connection_id)
        directory.mark_gone(scope=scope, connection_id=connection_id, now=now)
        _note(scope, connection_id, "nmbrs_connection_removed", now)
    if not refresh_token:
        return False
    try:
        identify(redirect_url=redirect_url, question=lambda identity: identity.revoke(refresh_token))
    except ProblemsError:
        return False
    return True


def _note(scope: Scope, connection_id: int, verb: str, now: datetime) -> None:
    write(by=scope, at=now, verb=verb, subject_kind="nmbrs_connection", subject_id=connection_id)
