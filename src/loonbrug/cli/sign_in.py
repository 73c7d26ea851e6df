"""`loonbrug sign-in-link`: lets somebody in who has no password, or forgot it."""

import click
from django.conf import settings
from django.urls import reverse

from loonbrug.access.rights import NotFoundError
from loonbrug.access.sign_in import make_link


@click.command()
@click.argument("email")
def sign_in_link(email: str) -> None:
    """Print a one-time address by which this user signs in; it works once, for one hour."""
    print_link(email)


def print_link(email: str) -> None:
    """Make the link and print it. A user who may not sign in gets none."""
    try:
        token = make_link(email=email)
    except NotFoundError as error:
        raise click.ClickException(f"{email}: no user with this e-mail address may sign in") from error
    click.echo(settings.ADDRESS + reverse("sign-in-link", args=[token]))
