"""`loonbrug nmbrs-sandbox`: the sandbox of Nmbrs by itself."""

import os
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def nmbrs_sandbox(arguments: tuple[str, ...]) -> None:
    """A sandbox of Nmbrs on this machine. Takes the options of `python -m nmbrs_sandbox`."""
    # This process becomes the sandbox, so that signals reach it; the product itself never loads it.
    command = [sys.executable, "-m", "nmbrs_sandbox", *arguments]
    os.execv(sys.executable, command)  # noqa: S606 - our own module, without a shell
