"""Change who may do what, and record signing in. Every change is written in the audit record."""

from datetime import datetime

from django.core import signing
from django.db import transaction
from django.db.models import F

from loonbrug.access.models import FailedSignIn, User
from loonbrug.access.rights import NotFoundError
from loonbrug.access.sign_in_policy import FAILURE_WINDOW, LINK_SALT


@transaction.atomic
def make_sign_in_link(*, email: str) -> str:
    """A token for a one-time sign-in link; it makes earlier links of this person worthless.

    Raises:
        NotFoundError: nobody with this e-mail address may sign in.
    """
    user = User.objects.select_for_update().filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise NotFoundError("user", email)
    user.link_serial += 1
    user.save(update_fields=["link_serial"])
    return signing.dumps([user.id, user.link_serial], salt=LINK_SALT)


def use_sign_in_link(*, user_id: int, token: str) -> bool:
    """Use the link up. False when somebody has used it, or a newer one was made, in the meantime."""
    owner, serial = signing.loads(token, salt=LINK_SALT)
    used = User.objects.filter(id=user_id, link_serial=serial).update(link_serial=F("link_serial") + 1)
    return used == 1 and owner == user_id


def record_failed_sign_in(*, address: str, account: str, now: datetime) -> None:
    """Remember a wrong password, and forget those that no longer count."""
    FailedSignIn.objects.filter(at__lte=now - FAILURE_WINDOW).delete()
    FailedSignIn.objects.create(address=address, account=account.lower()[:254], at=now)


def clear_failed_sign_ins(*, address: str, account: str) -> None:
    """Forget the wrong passwords of somebody who signed in after all."""
    FailedSignIn.objects.filter(address=address, account=account.lower()).delete()


def set_language(*, user_id: int, language: str) -> None:
    """The language in which this person reads the screens."""
    User.objects.filter(id=user_id).update(language=language)
