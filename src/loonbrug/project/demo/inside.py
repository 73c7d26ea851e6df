"""The parts of the demo that need the product: run as processes of their own, with the demo's settings."""

import os
import signal

import click
import django
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse


@click.group()
def inside() -> None:
    """Set up the product."""
    django.setup()


@inside.command()
def office() -> None:
    """Make the sample office in a fresh database, and print the link that signs its first user in."""
    from loonbrug.access.sign_in import make_link  # noqa: PLC0415 (needs the apps to be loaded)
    from loonbrug.project.demo.office import EMAIL, found_office  # noqa: PLC0415
    from loonbrug.project.wiring import now  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    found_office(now=now())
    click.echo(settings.ADDRESS + reverse("sign-in-link", args=[make_link(email=EMAIL)]))


@inside.command()
def nmbrs() -> None:
    """Wait until a debtor has consented in the browser; map its companies, and let everything go by itself."""
    from loonbrug.access.queries import scope_by_email  # noqa: PLC0415 (needs the apps to be loaded)
    from loonbrug.project.demo import nmbrs_way  # noqa: PLC0415
    from loonbrug.project.demo.office import EMAIL  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the demo; this part of it has nothing to say
    nmbrs_way.set_up_after_consent(scope_by_email(email=EMAIL))


@inside.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def rehearsal(context: click.Context, as_json: bool) -> None:
    """Do the main job by script; exit code 0 only when AFAS's books hold what was expected."""
    from loonbrug.project.demo.rehearsal import rehearse  # noqa: PLC0415 (needs the apps to be loaded)

    call_command("migrate", verbosity=0)
    context.exit(0 if rehearse(as_json=as_json) else 1)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loonbrug.project.settings")
    inside()
