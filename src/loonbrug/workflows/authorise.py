"""Make an AFAS account, authorise it with an activation code, and see what it may do.

API key and environment key are asked at each step and go nowhere but to AFAS. No transaction is open while
AFAS is called. Every function wants write on AFAS settings.
"""

import datetime
from dataclasses import dataclass

from django.db import transaction

from afas_client.auth import EnvironmentType
from afas_client.client import AfasClient
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.audit.operations import write
from loonbrug.connections import operations
from loonbrug.connections.clients import NotAuthorisedError, sign_in, sign_in_without_token
from loonbrug.connections.inputs import AppKeys, clean_code, clean_keys
from loonbrug.connections.models import ConnectionState
from loonbrug.connections.queries import ConnectionView, connection_of
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.ledger.problems import ProblemsError, Who, problem
from loonbrug.workflows.administrations import Administration, administrations_of
from loonbrug.workflows.afas_calls import AfasAnswerError, ask

#: Answers that say that the account is not let in any more, until somebody mends it.
_NOT_LET_IN = frozenset({"token_refused", "address_refused", "connector_refused"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of asking AFAS what the account may do; `trouble` is what kept us from knowing all of it."""

    account: ConnectionView
    administrations: tuple[Administration, ...] = ()
    trouble: AfasAnswerError | None = None


def add_account(
    *,
    scope: Scope,
    participant_number: str,
    afas_user: str,
    environment_type: EnvironmentType,
    now: datetime.datetime,
) -> ConnectionView:
    """A new AFAS account. Raises ProblemsError, NotAllowedError."""
    scope.require(Part.AFAS_SETTINGS, Level.WRITE)
    with transaction.atomic():
        account = operations.add_account(
            office_id=scope.office_id,
            participant_number=participant_number,
            afas_user=afas_user,
            environment_type=environment_type,
            now=now,
        )
        _note(scope, account, "afas_account_added", now)
    return account


def remove_account(*, scope: Scope, connection_id: int, now: datetime.datetime) -> None:
    """Remove an account that nothing refers to. Raises ProblemsError, NotFoundError, NotAllowedError."""
    account = _account(scope, connection_id)
    with transaction.atomic():
        operations.remove_account(office_id=scope.office_id, connection_id=connection_id)
        _note(scope, account, "afas_account_removed", now)


def request_code(
    *, scope: Scope, connection_id: int, api_key: str, environment_key: str, now: datetime.datetime
) -> ConnectionView:
    """Have AFAS mail an activation code. That it was mailed is never certain: AFAS takes wrong keys as well.

    Raises ProblemsError, AfasAnswerError, NotFoundError, NotAllowedError.
    """
    account = _account(scope, connection_id)
    _require_no_token(account)
    keys = clean_keys(api_key=api_key, environment_key=environment_key)
    return _request(scope, account, keys, "activation_code_requested", now)


def reset(
    *, scope: Scope, connection_id: int, api_key: str, environment_key: str, now: datetime.datetime
) -> ConnectionView:
    """Authenticatie opnieuw instellen: a new code, and once AFAS has taken the request, the token is dropped.

    Raises ProblemsError, AfasAnswerError, NotFoundError, NotAllowedError.
    """
    account = _account(scope, connection_id)
    keys = clean_keys(api_key=api_key, environment_key=environment_key)
    return _request(scope, account, keys, "authentication_reset", now)


def authorise(
    *,
    scope: Scope,
    connection_id: int,
    api_key: str,
    environment_key: str,
    activation_code: str,
    now: datetime.datetime,
) -> Checked:
    """Trade the code for a token, keep it encrypted, and ask at once what it may do.

    Raises ProblemsError and AfasAnswerError (then nothing changed), NotFoundError, NotAllowedError. What goes
    wrong after the token was given is in the result.
    """
    account = _account(scope, connection_id)
    _require_no_token(account)
    keys = clean_keys(api_key=api_key, environment_key=environment_key)
    code = clean_code(activation_code)
    token = ask(
        sign_in_without_token(office_id=scope.office_id, connection_id=account.id),
        lambda client: client.validate_activation_code(
            api_key=keys.api_key,
            environment_key=keys.environment_key,
            user_id=account.afas_user,
            activation_code=code,
        ),
    )
    with transaction.atomic():
        account = operations.record_authorised(
            office_id=scope.office_id, connection_id=account.id, token=token, now=now
        )
        _note(scope, account, "afas_account_authorised", now)
    return _check(account, now)


def check_connection(*, scope: Scope, connection_id: int, now: datetime.datetime) -> Checked:
    """Ask AFAS again what the account may do; mends a broken account that is let in again.

    Raises ProblemsError, NotFoundError, NotAllowedError.
    """
    account = _account(scope, connection_id)
    try:
        checked = _check(account, now)
    except NotAuthorisedError as no_token:
        raise ProblemsError(problem("account_not_authorised", account=account.afas_user)) from no_token
    except SecretUnreadableError as no_key:
        raise ProblemsError(problem("token_unreadable", who=Who.OFFICE_ADMIN)) from no_key
    _note(scope, account, "afas_account_checked", now)
    return checked


def choose_administrations_connector(
    *, scope: Scope, connection_id: int, name: str, now: datetime.datetime
) -> ConnectionView:
    """Take the administrations from this GetConnector of the app connector; empty takes the usual names.

    Raises ProblemsError, NotFoundError, NotAllowedError.
    """
    account = _account(scope, connection_id)
    if name and name not in account.get_connectors:
        raise ProblemsError(problem("connector_not_offered", who=Who.AFAS_ADMIN))
    with transaction.atomic():
        account = operations.choose_administrations_connector(
            office_id=scope.office_id, connection_id=connection_id, name=name
        )
        _note(scope, account, "administrations_connector_chosen", now, connector=name)
    return account


def _account(scope: Scope, connection_id: int) -> ConnectionView:
    scope.require(Part.AFAS_SETTINGS, Level.WRITE)
    return connection_of(office_id=scope.office_id, connection_id=connection_id)


def _require_no_token(account: ConnectionView) -> None:
    if account.state in (ConnectionState.AUTHORISED, ConnectionState.BROKEN):
        raise ProblemsError(problem("already_authorised", who=Who.OFFICE_ADMIN))


def _request(
    scope: Scope, account: ConnectionView, keys: AppKeys, verb: str, now: datetime.datetime
) -> ConnectionView:
    operations.claim_code_request(office_id=scope.office_id, connection_id=account.id, now=now)
    try:
        ask(
            sign_in_without_token(office_id=scope.office_id, connection_id=account.id),
            lambda client: client.request_activation_code(
                api_key=keys.api_key, environment_key=keys.environment_key, user_id=account.afas_user
            ),
        )
    finally:
        operations.release_code_request(office_id=scope.office_id, connection_id=account.id)
    with transaction.atomic():
        account = operations.record_code_requested(
            office_id=scope.office_id, connection_id=account.id, now=now
        )
        _note(scope, account, verb, now)
    return account


def _check(account: ConnectionView, now: datetime.datetime) -> Checked:
    try:
        told = ask(sign_in(office_id=account.office_id, connection_id=account.id), AfasClient.meta_info)
    except AfasAnswerError as answer:
        if answer.problem.code in _NOT_LET_IN:
            operations.mark_broken(
                office_id=account.office_id, connection_id=account.id, reason=answer.problem.code, now=now
            )
        account = connection_of(office_id=account.office_id, connection_id=account.id)
        return Checked(account, trouble=answer)
    account = operations.record_capabilities(
        office_id=account.office_id,
        connection_id=account.id,
        get_connectors=[connector.id for connector in told.get_connectors],
        update_connectors=[connector.id for connector in told.update_connectors],
        environment_code=told.info.envid,
        token_expiry=told.info.token_expiry,
        now=now,
    )
    try:
        return Checked(account, administrations_of(account))
    except AfasAnswerError as answer:
        return Checked(account, trouble=answer)


def _note(scope: Scope, account: ConnectionView, verb: str, now: datetime.datetime, **details: str) -> None:
    write(
        by=scope,
        at=now,
        verb=verb,
        subject_kind="connection",
        subject_id=account.id,
        details={
            "participant_number": account.participant_number,
            "environment": account.environment_type.value,
            "user": account.afas_user,
            **details,
        },
    )
