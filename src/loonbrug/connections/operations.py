"""The only writers of AFAS accounts. Rights are checked by the workflows that call them."""

import datetime
import math
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from afas_client.auth import ClassicToken, EnvironmentType
from loonbrug.access.rights import NotFoundError, Part
from loonbrug.connections.capabilities import Feature
from loonbrug.connections.inputs import clean_account
from loonbrug.connections.models import Connection, ConnectionState, Environment, NmbrsConnection
from loonbrug.connections.queries import ConnectionView, view_of
from loonbrug.connections.secrets import encrypt, rotate
from loonbrug.ledger.problems import ProblemsError, Who, problem
from loonbrug.watch import operations as watch

#: A second request for a code within this time after the first is a double click, and would mail twice.
CODE_PAUSE = datetime.timedelta(seconds=5)
#: A request that is on its way for longer than this has died with its process.
CODE_REQUEST_LIFE = datetime.timedelta(seconds=90)

#: Why an account is broken though AFAS lets it in: FiEntries is not in the app connector.
NO_BOOKING_CONNECTOR = "booking_connector_missing"

#: What the mail is about that tells of a broken account.
BROKEN_MAIL = "account_broken"


def add_account(
    *,
    office_id: int,
    participant_number: str,
    afas_user: str,
    environment_type: EnvironmentType,
    now: datetime.datetime,
) -> ConnectionView:
    """A new AFAS account, not yet authorised. Raises ProblemsError."""
    number, user = clean_account(participant_number=participant_number, afas_user=afas_user)
    try:
        with transaction.atomic():
            environment, _ = Environment.objects.get_or_create(
                participant_number=number, type=environment_type
            )
            if Connection.objects.filter(
                office_id=office_id, environment=environment, afas_user__iexact=user
            ).exists():
                raise _exists()
            row = Connection.objects.create(
                office_id=office_id, environment=environment, afas_user=user, created_at=now
            )
    except IntegrityError as twice:
        raise _exists() from twice
    return view_of(row)


def claim_code_request(*, office_id: int, connection_id: int, now: datetime.datetime) -> None:
    """Note that a code is being asked for, so that a double click does not mail twice.

    Raises ProblemsError, NotFoundError.
    """
    with transaction.atomic():
        row = _row(office_id, connection_id)
        awaits_code = row.state == ConnectionState.CODE_REQUESTED
        busy_until = max(
            (row.code_claimed_at + CODE_REQUEST_LIFE) if row.code_claimed_at else now,
            (row.code_requested_at + CODE_PAUSE) if row.code_requested_at and awaits_code else now,
        )
        if now < busy_until:
            seconds = math.ceil((busy_until - now).total_seconds())
            raise ProblemsError(problem("code_just_requested", who=Who.OFFICE_ADMIN, seconds=seconds))
        row.code_claimed_at = now
        row.save(update_fields=["code_claimed_at"])


def release_code_request(*, office_id: int, connection_id: int) -> None:
    """The request got an answer, or none: another may be made."""
    Connection.objects.filter(office_id=office_id, id=connection_id).update(code_claimed_at=None)


def record_code_requested(*, office_id: int, connection_id: int, now: datetime.datetime) -> ConnectionView:
    """AFAS took the request for a code: a token that was there is dropped. Raises NotFoundError."""
    with transaction.atomic():
        row = _row(office_id, connection_id)
        row.state = ConnectionState.CODE_REQUESTED
        row.token_ciphertext = None
        row.code_requested_at = now
        row.code_claimed_at = None
        row.authorised_at = row.broken_at = row.capabilities_checked_at = None
        row.broken_reason = row.token_expiry = ""
        row.get_connectors, row.update_connectors = [], []
        row.save()
    return view_of(row)


def record_authorised(
    *, office_id: int, connection_id: int, token: ClassicToken, now: datetime.datetime
) -> ConnectionView:
    """AFAS gave this token; it is kept encrypted. Raises NotFoundError."""
    with transaction.atomic():
        row = _row(office_id, connection_id)
        row.state = ConnectionState.AUTHORISED
        row.token_ciphertext = encrypt(token.xml)
        row.authorised_at = now
        row.broken_at = None
        row.broken_reason = ""
        row.save()
    return view_of(row)


def record_capabilities(
    *,
    office_id: int,
    connection_id: int,
    get_connectors: Iterable[str],
    update_connectors: Iterable[str],
    environment_code: str,
    token_expiry: str,
    now: datetime.datetime,
) -> ConnectionView:
    """What AFAS says the app connector offers. An account that cannot book is broken, one that can is mended.

    Without a token (it was dropped while AFAS was asked) nothing changes. Raises NotFoundError.
    """
    with transaction.atomic():
        row = _row(office_id, connection_id)
        if row.token_ciphertext is None:
            return view_of(row)
        row.get_connectors = sorted(get_connectors)
        row.update_connectors = sorted(update_connectors)
        row.environment_code = environment_code[:20]
        row.token_expiry = token_expiry[:40]
        row.capabilities_checked_at = now
        if view_of(row).connector_for(Feature.BOOKING):
            row.state, row.broken_reason, row.broken_at = ConnectionState.AUTHORISED, "", None
        else:
            row.state, row.broken_reason, row.broken_at = ConnectionState.BROKEN, NO_BOOKING_CONNECTOR, now
        row.save()
    return view_of(row)


def mark_broken(*, office_id: int, connection_id: int, reason: str, now: datetime.datetime) -> bool:
    """AFAS no longer lets this account in, for this reason (a code, or AFAS's own words).

    True only for who tells it first: then everybody who may change the office's AFAS settings gets a mail.
    """
    authorised = Connection.objects.filter(
        office_id=office_id, id=connection_id, state=ConnectionState.AUTHORISED
    )
    with transaction.atomic():
        if not authorised.update(state=ConnectionState.BROKEN, broken_reason=reason, broken_at=now):
            return False
        _tell_broken(_row(office_id, connection_id), now)
    return True


def _tell_broken(row: Connection, now: datetime.datetime) -> None:
    watch.write_mail(
        office_id=row.office_id,
        part=Part.AFAS_SETTINGS,
        code=BROKEN_MAIL,
        params={
            "connection_id": str(row.pk),
            "account": row.afas_user,
            "participant_number": row.environment.participant_number,
            "reason": row.broken_reason,
            "at": now.isoformat(),
        },
        now=now,
    )


def choose_administrations_connector(*, office_id: int, connection_id: int, name: str) -> ConnectionView:
    """The GetConnector that lists the administrations; empty takes the usual names. Raises NotFoundError."""
    with transaction.atomic():
        row = _row(office_id, connection_id)
        row.administrations_connector = name
        row.save(update_fields=["administrations_connector"])
    return view_of(row)


def remove_account(*, office_id: int, connection_id: int) -> None:
    """Remove an AFAS account that nothing refers to. Raises ProblemsError, NotFoundError."""
    with transaction.atomic():
        row = _row(office_id, connection_id)
        try:
            row.delete()
        except ProtectedError as used:
            raise ProblemsError(problem("afas_account_in_use", who=Who.OFFICE_ADMIN)) from used


def rotate_tokens() -> int:
    """Encrypt every token anew with the newest key; how many connections there were. Raises SecretUnreadableError."""
    with transaction.atomic():
        rows = list(Connection.objects.select_for_update().filter(token_ciphertext__isnull=False))
        for row in rows:
            assert row.token_ciphertext is not None
            row.token_ciphertext = rotate(row.token_ciphertext)
            row.save(update_fields=["token_ciphertext"])
        consents = list(NmbrsConnection.objects.select_for_update())
        for consent in consents:
            consent.access_ciphertext = rotate(consent.access_ciphertext)
            consent.refresh_ciphertext = rotate(consent.refresh_ciphertext)
            consent.save(update_fields=["access_ciphertext", "refresh_ciphertext"])
    return len(rows) + len(consents)


def _exists() -> ProblemsError:
    return ProblemsError(problem("afas_account_exists", who=Who.OFFICE_ADMIN))


def _row(office_id: int, connection_id: int) -> Connection:
    rows = Connection.objects.select_for_update(of=("self",)).select_related("environment")
    row = rows.filter(office_id=office_id, id=connection_id).first()
    if row is None:
        raise NotFoundError("connection", connection_id)
    return row
