"""`loonbrug office create`: an office with the first person who may do everything in it."""

import click
from django.utils import timezone

from loonbrug.access.operations import create_office
from loonbrug.cli.sign_in import print_link
from loonbrug.ledger.problems import ProblemsError
from loonbrug.web.field_errors import text_of


@click.group()
def office() -> None:
    """Offices on this installation."""


@office.command()
@click.argument("name")
@click.option("--email", required=True, help="E-mail address of the first user.")
@click.option("--name", "user_name", required=True, help="Name of the first user.")
def create(name: str, email: str, user_name: str) -> None:
    """Make an office, its templates and its first user; print the link by which that user comes in."""
    try:
        create_office(name=name, user_email=email, user_name=user_name, now=timezone.now())
    except ProblemsError as error:
        texts = [f"{problem.place.field}: {text_of(problem)}" for problem in error.problems]
        raise click.ClickException("\n".join(texts)) from error
    print_link(email)
