"""Commands for whoever installs: an office, a sign-in link."""

import pytest
from click.testing import CliRunner, Result
from django.test import Client
from tests.integration.two_offices import OfficeWithAll

from loonbrug.access.models import Office
from loonbrug.project.main import main


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.mark.django_db
def test_an_office_is_made_with_a_link_for_its_first_user() -> None:
    result = run("office", "create", "Kantoor West", "--email", "els@west.nl", "--name", "Els")
    assert result.exit_code == 0
    address = result.output.strip().removeprefix("http://127.0.0.1:8000")
    client = Client()
    assert client.post(address).status_code == 302
    assert "Kantoor West" in client.get("/").content.decode()


@pytest.mark.django_db
def test_what_is_wrong_is_told_in_the_language_that_was_asked_for() -> None:
    words = ("office", "create", "Kantoor West", "--email", "els", "--name", "Els")
    dutch, english = run(*words), run("--language", "en", *words)
    assert (dutch.exit_code, english.exit_code) == (1, 1)
    assert "email: Dit is geen e-mailadres." in dutch.output
    assert "email: This is not an e-mail address." in english.output
    assert not Office.objects.exists()


def test_a_link_is_made_only_for_who_may_sign_in(noord: OfficeWithAll) -> None:
    assert run("sign-in-link", noord.reader.email).output.startswith("http://127.0.0.1:8000/sign-in/")
    unknown = run("sign-in-link", "niemand@noord.nl")
    assert unknown.exit_code == 1
    assert "no user with this e-mail address" in unknown.output
