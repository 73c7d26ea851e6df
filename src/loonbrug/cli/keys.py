"""`loonbrug rotate-keys`: what is stored is encrypted with the newest key, so that an older one may go."""

import click

from loonbrug.connections.operations import rotate_tokens
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.screens.problem_texts import Language

_DONE: dict[Language, str] = {
    "nl": "Opnieuw versleuteld met de nieuwste sleutel: {count}. De oudere sleutels kunnen uit secrets.keys; "
    "start daarna opnieuw.",
    "en": "Encrypted anew with the newest key: {count}. The older keys may be taken out of secrets.keys; "
    "start again after that.",
}
_UNREADABLE: dict[Language, str] = {
    "nl": "Een token is met geen van de sleutels te lezen; er is niets gewijzigd. Zet de sleutel waarmee het is "
    "versleuteld terug in secrets.keys, of autoriseer het AFAS-account en geef toestemming bij Nmbrs opnieuw.",
    "en": "None of the keys opens one of the tokens; nothing was changed. Put the key that it was encrypted with "
    "back into secrets.keys, or authorise the AFAS account and give consent at Nmbrs again.",
}


@click.command()
@click.pass_obj
def rotate_keys(language: Language) -> None:
    """Encrypt every stored token with the newest key of secrets.keys."""
    try:
        count = rotate_tokens()
    except SecretUnreadableError as unreadable:
        raise click.ClickException(_UNREADABLE[language]) from unreadable
    click.echo(_DONE[language].format(count=count))
