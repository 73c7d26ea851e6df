"""Signing in: one-time links, wrong passwords, and what people change for themselves."""

from datetime import date, datetime

from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.db import transaction
from django.db.models import F

from loonbrug.access.models import FailedSignIn, User
from loonbrug.access.queries import UserView, user
from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.access.sign_in_policy import FAILURE_WINDOW, LINK_SALT
from loonbrug.audit.operations import write


class WrongPasswordError(Exception):
    """The present password was not typed right; nothing was changed."""


@transaction.atomic
def make_link(*, email: str) -> str:
    """A token for a one-time sign-in link; it makes earlier links of this person worthless.

    Raises:
        NotFoundError: nobody with this e-mail address may sign in.
    """
    row = User.objects.filter(email__iexact=email, is_active=True).first()
    if row is None:
        raise NotFoundError("user", email)
    row.link_serial += 1
    row.save(update_fields=["link_serial"])
    return signing.dumps([row.id, row.link_serial], salt=LINK_SALT)


@transaction.atomic
def make_link_for(*, scope: Scope, user_id: int, now: datetime) -> tuple[UserView, str]:
    """A sign-in link to hand over to a user of one's office.

    Raises NotAllowedError, NotFoundError (also for a user who may not sign in).
    """
    scope.require(Part.USERS, Level.WRITE)
    owner = user(scope=scope, user_id=user_id)
    token = make_link(email=owner.email)
    write(by=scope, at=now, verb="link_made", subject_kind="user", subject_id=owner.id)
    return owner, token


def use_link(*, user_id: int, token: str) -> bool:
    """Use the link up. False when it was used, or a newer one was made, in the meantime."""
    owner, serial = signing.loads(token, salt=LINK_SALT)
    if owner != user_id:
        return False
    fresh = User.objects.filter(id=user_id, link_serial=serial, is_active=True)
    return fresh.update(link_serial=F("link_serial") + 1) == 1


def record_failure(*, address: str, account: str, now: datetime) -> None:
    """Remember a wrong password, and forget those that no longer count."""
    FailedSignIn.objects.filter(at__lte=now - FAILURE_WINDOW).delete()
    FailedSignIn.objects.create(address=address, account=account.lower(), at=now)


def clear_failures(*, address: str, account: str) -> None:
    """Forget the wrong passwords of somebody who signed in after all."""
    FailedSignIn.objects.filter(address=address, account=account.lower()).delete()


def set_language(*, user_id: int, language: str) -> None:
    """The language in which this person reads the screens."""
    User.objects.filter(id=user_id).update(language=language)


def set_digest_hour(*, user_id: int, hour: int | None) -> None:
    """From which hour in Amsterdam this person is mailed the day's overview; None is never."""
    User.objects.filter(id=user_id).update(digest_hour=hour)


def take_digest(*, user_id: int, day: date) -> bool:
    """Whether this person's overview of a day is the caller's to mail; nobody else is given it."""
    waiting = User.objects.filter(id=user_id, is_active=True).exclude(digest_on__gte=day)
    return bool(waiting.update(digest_on=day))


@transaction.atomic
def change_password(*, scope: Scope, present: str, wanted: str, now: datetime) -> None:
    """A new password for oneself; the present one is asked where there is one.

    Raises:
        WrongPasswordError: the present password is not right.
        ValidationError: the new one is too short or too common.
    """
    row = User.objects.get(id=scope.user_id or 0, office_id=scope.office_id)
    if row.has_usable_password() and not row.check_password(present):
        raise WrongPasswordError
    validate_password(wanted, row)
    row.set_password(wanted)
    row.link_serial += 1
    row.save(update_fields=["password", "link_serial"])
    write(by=scope, at=now, verb="password_changed", subject_kind="user", subject_id=row.id)
