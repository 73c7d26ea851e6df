"""Change who may do what in an office. Each act is written in the audit record, without any secret.

Those with a scope want write on users and templates, and raise NotAllowedError, NotFoundError (for what is not in
this office) or ProblemsError (which names each field that is wrong). Nobody can take away the last user who can manage
users.
"""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from loonbrug.access import queries
from loonbrug.access.models import Office, Right, Template, User
from loonbrug.access.names import Typed
from loonbrug.access.queries import OfficeView, TemplateView, UserView
from loonbrug.access.rights import Level, NotFoundError, Part, Scope, service_scope
from loonbrug.audit.operations import write
from loonbrug.ledger.problems import Place, ProblemsError, Who, problem

_NAME = 120
_TEMPLATE_NAME = 80
_FIRST_TEMPLATES: dict[str, dict[Part, Level]] = {
    "Beheerder": dict.fromkeys(Part, Level.WRITE),
    "Salarisadministrateur": {
        Part.AFAS_SETTINGS: Level.READ,
        Part.NMBRS_SETTINGS: Level.WRITE,
        Part.MAPPINGS: Level.READ,
        Part.JOURNAL_EXPORT: Level.WRITE,
        Part.WORKFLOW: Level.WRITE,
        Part.REVERSAL: Level.READ,
        Part.DIRECTORY: Level.WRITE,
        Part.USERS: Level.NONE,
    },
    "Alleen lezen": dict.fromkeys(Part, Level.READ) | {Part.USERS: Level.NONE},
}


@transaction.atomic
def create_office(*, name: str, user_email: str, user_name: str, now: datetime) -> OfficeView:
    """A new office with its first user, who may do everything, and three templates to start from.

    Raises ProblemsError.
    """
    typed = Typed()
    office = Office(name=typed.name("office", name, longest=_NAME))
    typed.done()
    office.save()
    scope = service_scope(office.id)
    write(by=scope, at=now, verb="added", subject_kind="office", subject_id=office.id)
    made = [
        add_template(scope=scope, name=template, rights=rights, now=now)
        for template, rights in _FIRST_TEMPLATES.items()
    ]
    add_user(scope=scope, email=user_email, name=user_name, template_id=made[0].id, now=now)
    return OfficeView(id=office.id, name=office.name)


@transaction.atomic
def add_user(*, scope: Scope, email: str, name: str, template_id: int, now: datetime) -> UserView:
    """A new user without a password: a one-time link lets the person in the first time."""
    scope.require(Part.USERS, Level.WRITE)
    row = User(office_id=scope.office_id)
    row.set_unusable_password()
    return _save_user(scope, row, email, name, template_id, now)


@transaction.atomic
def change_user(
    *, scope: Scope, user_id: int, email: str, name: str, template_id: int, now: datetime
) -> UserView:
    """Another e-mail address, name or template."""
    scope.require(Part.USERS, Level.WRITE)
    return _save_user(scope, _user_row(scope, user_id), email, name, template_id, now)


def _save_user(scope: Scope, row: User, email: str, name: str, template_id: int, now: datetime) -> UserView:
    verb = "added" if row.pk is None else "changed"
    typed = Typed()
    row.email = typed.number("email", email, longest=254).lower()
    row.name = typed.name("name", name, longest=_NAME)
    row.template = _template_row(scope, template_id)
    if not _is_email(row.email):
        typed.wrong(problem("email_unreadable", place=Place(field="email"), who=Who.OFFICE_ADMIN))
    elif User.objects.filter(email__iexact=row.email).exclude(id=row.pk).exists():
        typed.wrong(problem("email_taken", place=Place(field="email"), who=Who.OFFICE_ADMIN))
    typed.done()
    row.save()
    _require_manager(scope)
    details = {"email": row.email, "name": row.name, "template": row.template.name}
    write(by=scope, at=now, verb=verb, subject_kind="user", subject_id=row.id, details=details)
    return queries.user(scope=scope, user_id=row.id)


@transaction.atomic
def set_active(*, scope: Scope, user_id: int, is_active: bool, now: datetime) -> UserView:
    """Let somebody sign in, or no longer; a deactivated user's session and links end at once."""
    scope.require(Part.USERS, Level.WRITE)
    row = _user_row(scope, user_id)
    row.is_active = is_active
    row.link_serial += 1
    row.save()
    _require_manager(scope)
    verb = "activated" if is_active else "deactivated"
    write(by=scope, at=now, verb=verb, subject_kind="user", subject_id=row.id, details={"email": row.email})
    return queries.user(scope=scope, user_id=row.id)


@transaction.atomic
def add_template(*, scope: Scope, name: str, rights: Mapping[Part, Level], now: datetime) -> TemplateView:
    """A new template; parts that are not named get none."""
    scope.require(Part.USERS, Level.WRITE)
    return _save_template(scope, Template(office_id=scope.office_id), name, rights, now)


@transaction.atomic
def change_template(
    *, scope: Scope, template_id: int, name: str, rights: Mapping[Part, Level], now: datetime
) -> TemplateView:
    """Another name or other rights, for everybody who has this template, from their next click."""
    scope.require(Part.USERS, Level.WRITE)
    return _save_template(scope, _template_row(scope, template_id), name, rights, now)


def _save_template(
    scope: Scope, row: Template, name: str, rights: Mapping[Part, Level], now: datetime
) -> TemplateView:
    verb = "added" if row.pk is None else "changed"
    typed = Typed()
    row.name = typed.name("name", name, longest=_TEMPLATE_NAME)
    typed.done()  # SQLite compares no texts of any length
    others = Template.objects.filter(office_id=scope.office_id, name__iexact=row.name)
    if others.exclude(id=row.pk).exists():
        typed.wrong(problem("name_taken", place=Place(field="name"), who=Who.OFFICE_ADMIN))
    typed.done()
    row.save()
    for part in Part:
        level = rights.get(part, Level.NONE)
        Right.objects.update_or_create(template=row, part=part, defaults={"level": level})
    if verb == "changed":
        _require_manager(scope)
    details: dict[str, str | int | bool | None] = {part: rights.get(part, Level.NONE) for part in Part}
    write(
        by=scope,
        at=now,
        verb=verb,
        subject_kind="template",
        subject_id=row.id,
        details={"name": row.name} | details,
    )
    return queries.template(scope=scope, template_id=row.id)


def hold_office(*, office_id: int) -> None:
    """What people do that looks at several rows before it acts waits here for each other, within one office.

    Until the end of the caller's transaction. SQLite lets only one write at a time anyhow.
    """
    Office.objects.select_for_update(no_key=True).filter(id=office_id).first()


def _require_manager(scope: Scope) -> None:
    hold_office(office_id=scope.office_id)
    if not queries.user_managers(scope=scope):
        raise ProblemsError(problem("last_manager", place=Place(field="template_id"), who=Who.OFFICE_ADMIN))


def _user_row(scope: Scope, user_id: int) -> User:
    row = User.objects.filter(office_id=scope.office_id, id=user_id).first()
    if row is None:
        raise NotFoundError("user", user_id)
    return row


def _template_row(scope: Scope, template_id: int) -> Template:
    row = Template.objects.filter(office_id=scope.office_id, id=template_id).first()
    if row is None:
        raise NotFoundError("template", template_id)
    return row


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
