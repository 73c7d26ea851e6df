"""People of an office, and the browser in which one of them is signed in."""

from collections.abc import Mapping

from django.test import Client

from loonbrug.access.models import Right, Template, User
from loonbrug.access.rights import Level, Part


def everywhere(level: Level) -> dict[str, Level]:
    """This right on every part."""
    return {part: level for part in Part if level is not Level.NONE}


def person(office_id: int, rights: Mapping[str, Level], *, name: str = "Anna", language: str = "nl") -> User:
    """One more person of this office, with a template of their own that gives these rights."""
    number = User.objects.count() + 1
    template = Template.objects.create(office_id=office_id, name=f"{name} {number}")
    Right.objects.bulk_create(
        Right(template=template, part=part, level=level) for part, level in rights.items()
    )
    return User.objects.create(
        office_id=office_id,
        template=template,
        name=name,
        email=f"person-{number}@example.nl",
        language=language,
    )


def browser_of(user: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(user)
    return client
