"""Raise alarms, write mail and say that it was sent. Nothing here talks to a mail server."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from loonbrug.access import queries as access
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.watch.models import Alarm, Mail, Pulse

#: A mail that is being sent is left alone for this long; whoever took it may have died.
SENDING_LIFE = timedelta(minutes=5)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
#: After this, what the mail says is no news; the page has said it all the time.
MAIL_LIFE = timedelta(days=3)
#: How many things an alarm names; the command names all.
NAMED = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A breach in one office: what is broken, and the ids of what it is about."""

    office_id: int
    code: str
    subject_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is to be sent now: to whom, in which language, and what about; `name` is empty where not known."""

    id: int
    address: str
    name: str
    language: str
    code: str
    params: Mapping[str, str]


@transaction.atomic
def replace_alarms(*, found: Iterable[Found], now: datetime) -> None:
    """What was found stands from now on, and whatever was not found is over."""
    standing = {(each.office_id, each.code): each for each in found}
    for alarm in Alarm.objects.select_for_update():
        each = standing.pop((alarm.office_id, alarm.code), None)
        if each is None:
            alarm.delete()
        else:
            alarm.subject_ids, alarm.count = list(each.subject_ids[:NAMED]), len(each.subject_ids)
            alarm.save(update_fields=["subject_ids", "count"])
    Alarm.objects.bulk_create(
        (
            Alarm(
                office_id=each.office_id,
                code=each.code,
                subject_ids=list(each.subject_ids[:NAMED]),
                count=len(each.subject_ids),
                since=now,
            )
            for each in standing.values()
        ),
        ignore_conflicts=True,
    )


def write_mail(*, office_id: int, part: Part, code: str, params: Mapping[str, str], now: datetime) -> None:
    """One mail for everybody of the office who may change this part, in the caller's transaction."""
    people = access.people_with(office_id=office_id, part=part, level=Level.WRITE)
    Mail.objects.bulk_create(
        Mail(office_id=office_id, user_id=person.id, code=code, params=dict(params), made_at=now, due_at=now)
        for person in people
    )


def write_mail_to(
    *, office_id: int, addresses: Iterable[str], code: str, params: Mapping[str, str], now: datetime
) -> None:
    """One mail to each of these addresses, in the caller's transaction."""
    Mail.objects.bulk_create(
        Mail(office_id=office_id, address=address, code=code, params=dict(params), made_at=now, due_at=now)
        for address in addresses
    )


def write_mail_for(*, scope: Scope, code: str, params: Mapping[str, str], now: datetime) -> None:
    """One mail to the scope's own user, in the caller's transaction."""
    Mail.objects.create(
        office_id=scope.office_id,
        user_id=scope.user_id,
        code=code,
        params=dict(params),
        made_at=now,
        due_at=now,
    )


def next_letter(*, now: datetime) -> Letter | None:
    """Take the mail that waits longest, so that nobody else sends it meanwhile; nothing when none is due."""
    waiting = Mail.objects.filter(sent_at=None, due_at__lte=now, made_at__gt=now - MAIL_LIFE)
    for row in waiting.select_related("user").order_by("due_at", "id")[:10]:
        mine = Mail.objects.filter(id=row.pk, sent_at=None, due_at=row.due_at)
        if mine.update(due_at=now + SENDING_LIFE, try_count=F("try_count") + 1):
            return _letter(row)
    return None


def _letter(row: Mail) -> Letter:
    """An address that is no user's is written to in Dutch, without a name."""
    if row.user is None:
        return Letter(row.pk, row.address, "", "nl", row.code, row.params)
    return Letter(row.pk, row.user.email, row.user.name, row.user.language, row.code, row.params)


def mark_sent(*, mail_id: int, now: datetime) -> None:
    """The mail server took it."""
    Mail.objects.filter(id=mail_id, sent_at=None).update(sent_at=now, failure="")


def mark_failed(*, mail_id: int, failure: str, now: datetime) -> None:
    """The mail server did not take it: later again, with longer and longer pauses."""
    row = Mail.objects.get(id=mail_id)
    wait = min(FIRST_WAIT * (1 << min(row.try_count - 1, 10)), LONGEST_WAIT)
    Mail.objects.filter(id=mail_id, sent_at=None).update(due_at=now + wait, failure=failure[:200])


def beat(*, now: datetime) -> None:
    """An engine is at work."""
    Pulse.objects.update_or_create(id=1, defaults={"at": now})
