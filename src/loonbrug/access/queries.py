"""Who somebody is, and what the office's users and templates are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.core import signing

from loonbrug.access.models import FailedSignIn, Office, Right, Template, User
from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.access.sign_in_policy import FAILURE_LIMIT, FAILURE_WINDOW, LINK_LIFE, LINK_SALT


@dataclass(frozen=True, slots=True)
class OfficeView:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class UserView:
    id: int
    name: str
    email: str
    language: str
    is_active: bool
    template_id: int
    template_name: str
    last_sign_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class TemplateView:
    id: int
    name: str
    rights: Mapping[Part, Level]
    user_count: int


def scope_of(*, user_id: int) -> Scope:
    """The scope in which this user asks and acts.

    Raises:
        NotFoundError: there is no such active user.
    """
    user = User.objects.filter(id=user_id, is_active=True).first()
    if user is None:
        raise NotFoundError("user", user_id)
    return Scope(
        office_id=user.office_id,
        user_id=user.id,
        user_name=user.name,
        rights=_rights(user.template_id),
    )


def scope_by_email(*, email: str) -> Scope:
    """The scope of the active user with this e-mail address, whatever its case. Raises NotFoundError."""
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise NotFoundError("user", email)
    return scope_of(user_id=user.id)


def offices() -> list[OfficeView]:
    """All offices of this installation, for whoever runs it."""
    return [OfficeView(id=row.id, name=row.name) for row in Office.objects.order_by("id")]


def office(*, scope: Scope) -> OfficeView:
    """The scope's own office."""
    row = Office.objects.get(id=scope.office_id)
    return OfficeView(id=row.id, name=row.name)


def users(*, scope: Scope) -> list[UserView]:
    """All users of the office by name, those who may no longer sign in last.

    Raises:
        NotAllowedError: no read right on users.
    """
    scope.require(Part.USERS, Level.READ)
    rows = User.objects.filter(office_id=scope.office_id).select_related("template")
    return [_user_view(row) for row in rows.order_by("-is_active", "name", "id")]


def user(*, scope: Scope, user_id: int) -> UserView:
    """One user of the office.

    Raises:
        NotAllowedError: no read right on users.
        NotFoundError: no such user in this office.
    """
    scope.require(Part.USERS, Level.READ)
    row = User.objects.filter(office_id=scope.office_id, id=user_id).select_related("template").first()
    if row is None:
        raise NotFoundError("user", user_id)
    return _user_view(row)


def templates(*, scope: Scope) -> list[TemplateView]:
    """All templates of the office by name.

    Raises:
        NotAllowedError: no read right on users.
    """
    scope.require(Part.USERS, Level.READ)
    rows = Template.objects.filter(office_id=scope.office_id).order_by("name", "id")
    return [_template_view(row) for row in rows]


def template(*, scope: Scope, template_id: int) -> TemplateView:
    """One template of the office.

    Raises:
        NotAllowedError: no read right on users.
        NotFoundError: no such template in this office.
    """
    scope.require(Part.USERS, Level.READ)
    row = Template.objects.filter(office_id=scope.office_id, id=template_id).first()
    if row is None:
        raise NotFoundError("template", template_id)
    return _template_view(row)


def user_managers(*, scope: Scope) -> list[str]:
    """Names of the people who can change rights in this office: whom to ask for a right."""
    rows = User.objects.filter(
        office_id=scope.office_id,
        is_active=True,
        template__rights__part=Part.USERS,
        template__rights__level=Level.WRITE,
    )
    return list(rows.order_by("name").values_list("name", flat=True))


def people_with(*, office_id: int, part: Part, level: Level) -> list[UserView]:
    """Everybody of an office who can sign in and has at least this level on this part: whom to tell."""
    enough = [each for each in Level if each.allows(level)]
    rows = User.objects.filter(
        office_id=office_id, is_active=True, template__rights__part=part, template__rights__level__in=enough
    )
    return [_user_view(row) for row in rows.select_related("template").order_by("name", "id")]


def digests_due(*, day: date, hour: int) -> list[int]:
    """Everybody, of all offices, whose overview of this day is to be mailed from this hour on and was not seen to."""
    rows = User.objects.filter(is_active=True, digest_hour__lte=hour)
    return list(rows.exclude(digest_on__gte=day).order_by("id").values_list("id", flat=True))


def owner_of_link(*, token: str) -> UserView | None:
    """Whose sign-in link this is, or nothing when it is not (or no longer) good. Looking does not use it."""
    try:
        user_id, serial = signing.loads(token, salt=LINK_SALT, max_age=LINK_LIFE)
    except signing.BadSignature:
        return None
    row = User.objects.filter(id=user_id, link_serial=serial, is_active=True).select_related("template")
    return next((_user_view(found) for found in row), None)


def sign_in_blocked_until(*, address: str, account: str, now: datetime) -> datetime | None:
    """When this address may try this account again; nothing while it still may."""
    moments = FailedSignIn.objects.filter(
        address=address, account=account.lower(), at__gt=now - FAILURE_WINDOW
    ).order_by("-at")
    counted = list(moments.values_list("at", flat=True)[:FAILURE_LIMIT])
    return counted[-1] + FAILURE_WINDOW if len(counted) == FAILURE_LIMIT else None


def _rights(template_id: int) -> dict[Part, Level]:
    rows = Right.objects.filter(template_id=template_id).values_list("part", "level")
    return {Part(part): Level(level) for part, level in rows}


def _user_view(row: User) -> UserView:
    return UserView(
        id=row.id,
        name=row.name,
        email=row.email,
        language=row.language,
        is_active=row.is_active,
        template_id=row.template_id,
        template_name=row.template.name,
        last_sign_in_at=row.last_login,
    )


def _template_view(row: Template) -> TemplateView:
    return TemplateView(
        id=row.id,
        name=row.name,
        rights=_rights(row.id),
        user_count=row.user_set.filter(is_active=True).count(),
    )
