"""`loonbrug release`: sending goes on after the database was restored or copied."""

import click
from django.utils import timezone

from loonbrug.access.queries import offices
from loonbrug.access.rights import service_scope
from loonbrug.delivery.queries import sending_is_paused
from loonbrug.ledger.problems import ProblemsError
from loonbrug.screens.problem_texts import Language, describe
from loonbrug.workflows.release import release_sending

_SAID: dict[Language, tuple[str, str]] = {
    "nl": ("vrijgegeven", "Er is niets vrij te geven: geen kantoor staat stil."),
    "en": ("released", "There is nothing to release: no office is paused."),
}


@click.command()
@click.option("--reason", required=True, help="Why sending may go on; kept with the decision.")
@click.option("--office", "office_id", type=int, help="Id of one office; all that are paused by default.")
@click.pass_obj
def release(language: Language, reason: str, office_id: int | None) -> None:
    """Let the offices send again that a restored or copied database has paused."""
    released, nothing = _SAID[language]
    wanted = [office for office in offices() if office_id in (None, office.id)]
    paused = [office for office in wanted if sending_is_paused(office_id=office.id)]
    if not paused:
        raise click.ClickException(nothing)
    for office in paused:
        try:
            release_sending(scope=service_scope(office.id), reason=reason, now=timezone.now())
        except ProblemsError as refused:
            texts = [describe(found, language) for found in refused.problems]
            raise click.ClickException(
                "\n".join(f"{text.message} {text.cure}" for text in texts)
            ) from refused
        click.echo(f"{office.name}: {released}")
