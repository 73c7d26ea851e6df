"""`loonbrug`: every command, each loaded when it is asked for.

Commands that wire the whole service together live beside this file, all others in `cli`.
"""

import importlib
import os
import sys

import click
import django
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

COMMANDS = {
    "demo": "loonbrug.project.demo.command:demo",
    "doctor": "loonbrug.cli.doctor:doctor",
    "journal": "loonbrug.cli.journal:journal",
    "migrate": "loonbrug.cli.database:migrate",
    "nmbrs-sandbox": "loonbrug.project.demo.nmbrs_sandbox:nmbrs_sandbox",
    "office": "loonbrug.cli.office:office",
    "release": "loonbrug.cli.release:release",
    "rotate-keys": "loonbrug.cli.keys:rotate_keys",
    "serve": "loonbrug.project.serving:serve",
    "sign-in-link": "loonbrug.cli.sign_in:sign_in_link",
    "worker": "loonbrug.project.working:worker",
}
#: Commands that only start other processes, and must not touch this installation's own data.
WITHOUT_PRODUCT = {"demo", "nmbrs-sandbox"}


class Commands(click.Group):
    """Commands by name; Django is set up before one that needs it is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's own signature)
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in WITHOUT_PRODUCT and not apps.ready:
            _set_up()
        module, name = COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


def _set_up() -> None:
    try:
        django.setup()
    except ImproperlyConfigured as wrong:
        raise click.ClickException(str(wrong)) from wrong
    except OSError as wrong:
        raise click.ClickException(
            f"the data folder, or a file that is named, cannot be used: {wrong}"
        ) from wrong


@click.command(cls=Commands)
@click.option("--language", type=click.Choice(["nl", "en"]), default="nl", show_default=True)
@click.pass_context
def main(context: click.Context, language: str) -> None:
    """Payroll journals into AFAS Profit, each of them exactly once."""
    context.obj = language  # in which commands tell what is wrong


def run() -> None:
    """The console script."""
    os.umask(0o077)  # the database that a command makes holds salaries: its owner alone may read it
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loonbrug.project.settings")
    try:
        _run()
    except (OperationalError, InterfaceError) as away:
        sys.exit(f"Error: the database cannot be reached, or takes nothing in: {away}")


def _run() -> None:
    try:
        main()
    except DatabaseError:
        if not _is_behind():
            raise
        sys.exit("Error: the database is not there yet, or of an older version: run `loonbrug migrate`")


def _is_behind() -> bool:
    """Has the database to be brought up to this version?"""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


if __name__ == "__main__":
    run()
