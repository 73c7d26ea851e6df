"""The only writers of Nmbrs connections. Rights are checked by the workflows that call them.

A refresh token is claimed in a transaction of its own before it is spent, by one process only; what comes back is
written before anybody uses it. A claim without an end is a refresh that died: nobody can know whether the token was
spent, so it is never spent again, and the connection asks for consent anew.
"""

import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from loonbrug.access.rights import NotFoundError, Part
from loonbrug.connections.models import NmbrsConnection, NmbrsState
from loonbrug.connections.nmbrs_queries import NmbrsConnectionView, chains_are_renewed, view_of
from loonbrug.connections.secrets import decrypt, encrypt, opens
from loonbrug.directory.nmbrs_queries import debtor_names
from loonbrug.watch import operations as watch
from nmbrs_client.auth import Tokens

#: A refresh that has not ended after this died with its process; longer than it can take on the line.
SPENDING_LIFE = datetime.timedelta(minutes=5)
#: Why a connection stopped: a refresh died between claiming the token and keeping what came back.
REFRESH_LOST = "nmbrs_refresh_lost"
STOPPED_MAIL = "nmbrs_consent_needed"
ENDING_MAIL = "nmbrs_consent_ends"
#: So many days before the end of a chain somebody is told, once each.
WARN_DAYS = (7, 1)


def record_consent(
    *, office_id: int, tokens: Tokens, by: str, renews_id: int | None, now: datetime.datetime
) -> NmbrsConnectionView:
    """A person gave consent: a connection with the pair that came of it."""
    row = NmbrsConnection(office_id=office_id, consented_by=by, consented_at=now, renews_id=renews_id)
    row.asked_at = row.lists_due_at = now
    _put_pair(row, tokens, now)
    row.save()
    return view_of(row)


class RefreshUnderWayError(Exception):
    """The newer chain is just being refreshed: its token may be spent. A moment later it can be moved."""


@transaction.atomic
def replace_chain(*, office_id: int, connection_id: int, by_id: int) -> None:
    """The consent of one connection takes the place of another's, which keeps its debtors and is connected again.

    Raises NotFoundError, RefreshUnderWayError.
    """
    row, newer = _row(office_id, connection_id), _row(office_id, by_id)
    if newer.spending_id is not None:
        raise RefreshUnderWayError
    for name in ("consented_at", "consented_by", "access_ends_at", "pair_at", "asked_at"):
        setattr(row, name, getattr(newer, name))
    row.access_ciphertext, row.refresh_ciphertext = newer.access_ciphertext, newer.refresh_ciphertext
    row.pair_serial += 1
    row.lists_due_at = newer.asked_at
    row.warned_days = None
    _connect(row)
    row.save()
    newer.delete()


def claim_refresh(
    *, connection_id: int, pair_serial: int, spending_id: UUID, now: datetime.datetime
) -> str | None:
    """The refresh token of this pair, for the caller alone to spend; None when another has it, or had.

    It is on disk before this returns. Raises SecretUnreadableError (then nothing is claimed).
    """
    with transaction.atomic(durable=True):
        mine = NmbrsConnection.objects.select_for_update().filter(
            id=connection_id, pair_serial=pair_serial, spending_id=None, state=NmbrsState.CONNECTED
        )
        row = mine.first()
        if row is None:
            return None
        refresh_token = decrypt(row.refresh_ciphertext)
        row.spending_id, row.spending_at = spending_id, now
        row.save(update_fields=["spending_id", "spending_at"])
    return refresh_token


def record_pair(
    *, connection_id: int, spending_id: UUID, tokens: Tokens, now: datetime.datetime
) -> NmbrsConnectionView | None:
    """Keep what came of a claimed refresh; also when it comes late, unless somebody gave consent meanwhile.

    None when the claim is no longer there. Repeating it changes nothing.
    """
    with transaction.atomic(durable=True):
        row = (
            NmbrsConnection.objects.select_for_update()
            .filter(id=connection_id, spending_id=spending_id)
            .first()
        )
        if row is None:
            return None
        _put_pair(row, tokens, now)
        row.save()
    return view_of(row)


def release_refresh(*, connection_id: int, spending_id: UUID) -> None:
    """The try has ended without a new pair, and surely no byte of it is still to leave: it may be claimed again.

    Where nobody knows whether the token was spent, the next try finds out: Nmbrs refuses a spent one.
    """
    _claimed(connection_id, spending_id).update(spending_id=None, spending_at=None)


def stop(*, connection_id: int, pair_serial: int, reason: str, now: datetime.datetime) -> None:
    """Opnieuw toestemming geven: Nmbrs no longer takes this pair. Tells the office's people, once."""
    with transaction.atomic():
        stopped = NmbrsConnection.objects.filter(
            id=connection_id, pair_serial=pair_serial, state=NmbrsState.CONNECTED
        ).update(state=NmbrsState.CONSENT_NEEDED, reason=reason, stopped_at=now)
        if stopped:
            _tell(NmbrsConnection.objects.get(id=connection_id), STOPPED_MAIL, now)


def stop_lost_refreshes(*, now: datetime.datetime) -> int:
    """Stop every connection of which a refresh died; how many there were."""
    lost = NmbrsConnection.objects.filter(state=NmbrsState.CONNECTED, spending_at__lte=now - SPENDING_LIFE)
    found = list(lost.values_list("id", "pair_serial"))
    for connection_id, pair_serial in found:
        stop(connection_id=connection_id, pair_serial=pair_serial, reason=REFRESH_LOST, now=now)
    return len(found)


def warn_of_endings(*, now: datetime.datetime) -> int:
    """Mail to those who can act where a chain ends within 7 days, and within 1; once each. How many mails' reasons."""
    renewed = chains_are_renewed()
    told = 0
    for row in NmbrsConnection.objects.filter(state=NmbrsState.CONNECTED).select_related("office"):
        days_left = view_of(row, renewed=renewed).days_left(now)
        stage = min((days for days in WARN_DAYS if days_left <= days), default=None)
        if stage is None or (row.warned_days is not None and row.warned_days <= stage):
            continue
        with transaction.atomic():
            again = NmbrsConnection.objects.filter(id=row.pk, warned_days=row.warned_days)
            if again.update(warned_days=stage):
                _tell(row, ENDING_MAIL, now, days_left=str(max(days_left, 0)))
                told += 1
    return told


@transaction.atomic
def ask(*, office_id: int, connection_id: int, now: datetime.datetime) -> None:
    """A person wants everything looked at now. Raises NotFoundError."""
    row = _row(office_id, connection_id)
    row.asked_at = row.lists_due_at = now
    row.waits_until = None
    row.save(update_fields=["asked_at", "lists_due_at", "waits_until"])


def record_lists_read(*, connection_id: int, due_at: datetime.datetime, now: datetime.datetime) -> None:
    """Debtors and companies were read to their end. Raises NotFoundError when the connection was removed meanwhile."""
    rows = NmbrsConnection.objects.filter(id=connection_id)
    if not rows.update(lists_read_at=now, lists_due_at=due_at):
        raise NotFoundError("Nmbrs connection", connection_id)


def record_failure(
    *, connection_id: int, code: str, wait: datetime.timedelta, now: datetime.datetime
) -> None:
    """Nmbrs did not answer as it should: nothing is asked of it through this connection until the wait is over."""
    NmbrsConnection.objects.filter(id=connection_id).update(
        failure=code, failed_at=now, failure_count=F("failure_count") + 1, waits_until=now + wait
    )


def record_plan_spent(*, code: str, wait: datetime.timedelta, now: datetime.datetime) -> None:
    """The plan that all connections share allows no more calls now: none of them asks until the wait is over."""
    NmbrsConnection.objects.filter(state=NmbrsState.CONNECTED).update(
        failure=code, failed_at=now, failure_count=F("failure_count") + 1, waits_until=now + wait
    )


def record_success(*, connection_id: int) -> None:
    """Nmbrs answers."""
    NmbrsConnection.objects.filter(id=connection_id, failure_count__gt=0).update(
        failure="", failed_at=None, failure_count=0, waits_until=None
    )


def remove(*, office_id: int, connection_id: int) -> str:
    """Forget a connection and its tokens; the refresh token, so that it can be revoked, or nothing if unreadable.

    Raises NotFoundError.
    """
    with transaction.atomic():
        row = _row(office_id, connection_id)
        refresh_token = decrypt(row.refresh_ciphertext) if opens(row.refresh_ciphertext) else ""
        row.delete()
    return refresh_token


def _put_pair(row: NmbrsConnection, tokens: Tokens, now: datetime.datetime) -> None:
    row.access_ciphertext = encrypt(tokens.access_token)
    row.refresh_ciphertext = encrypt(tokens.refresh_token)
    row.access_ends_at = now + tokens.expires_in
    row.pair_at = now
    row.pair_serial += 1
    _connect(row)


def _connect(row: NmbrsConnection) -> None:
    row.state = NmbrsState.CONNECTED
    row.reason = row.failure = ""
    row.stopped_at = row.failed_at = row.waits_until = None
    row.spending_id = row.spending_at = None
    row.failure_count = 0


def _tell(row: NmbrsConnection, code: str, now: datetime.datetime, **params: str) -> None:
    watch.write_mail(
        office_id=row.office_id,
        part=Part.NMBRS_SETTINGS,
        code=code,
        params={
            "connection_id": str(row.pk),
            "debtors": ", ".join(debtor_names(connection_id=row.pk)),
            "reason": row.reason,
            "at": now.isoformat(),
            **params,
        },
        now=now,
    )


def _claimed(connection_id: int, spending_id: UUID) -> QuerySet[NmbrsConnection]:
    return NmbrsConnection.objects.filter(id=connection_id, spending_id=spending_id)


def _row(office_id: int, connection_id: int) -> NmbrsConnection:
    rows = NmbrsConnection.objects.select_for_update().filter(office_id=office_id, id=connection_id)
    row = rows.first()
    if row is None:
        raise NotFoundError("Nmbrs connection", connection_id)
    return row
