"""`loonbrug nmbrs-sandbox`: the sandbox of Nmbrs by itself, as a process of its own."""

import subprocess
import sys

import click


@click.command("nmbrs-sandbox", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def nmbrs_sandbox(arguments: tuple[str, ...]) -> None:
    """A sandbox of Nmbrs on this machine. Takes the options of `python -m nmbrs_sandbox`."""
    command = [sys.executable, "-m", "nmbrs_sandbox", *arguments]
    process = subprocess.Popen(command)
    try:
        sys.exit(process.wait())
    except KeyboardInterrupt:
        sys.exit(process.wait())
