"""`loonbrug office create`: an office with the first person who may do everything in it."""

from typing import Literal

import click
from django.core.management import call_command
from django.utils import timezone

from loonbrug.access.operations import create_office
from loonbrug.cli.sign_in import print_link
from loonbrug.ledger.problems import ProblemsError
from loonbrug.screens.problem_texts import describe


@click.group()
def office() -> None:
    """Offices on this installation."""


@office.command()
@click.argument("name")
@click.option("--email", required=True, help="E-mail address of the first user.")
@click.option("--name", "user_name", required=True, help="Name of the first user.")
@click.pass_obj
def create(language: Literal["nl", "en"], name: str, email: str, user_name: str) -> None:
    """Make an office, its templates and its first user; print the link by which that user comes in."""
    call_command("migrate", verbosity=0)  # the first office is often the first command of an installation
    try:
        create_office(name=name, user_email=email, user_name=user_name, now=timezone.now())
    except ProblemsError as error:
        told = [(problem.place.field, describe(problem, language)) for problem in error.problems]
        raise click.ClickException(
            "\n".join(f"{field}: {text.message} {text.cure}" for field, text in told)
        ) from error
    print_link(email)
