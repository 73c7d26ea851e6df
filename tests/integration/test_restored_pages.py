"""A restored database: every page says so, and a person or a command lets an office send again."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from tests.integration.delivery_office import NOW, POLICY, make_office
from tests.integration.two_offices import OfficeWithAll

from loonbrug.audit.models import Record
from loonbrug.cli.doctor import doctor
from loonbrug.cli.release import release as release_command
from loonbrug.delivery import installation

pytestmark = pytest.mark.django_db


def restored() -> None:
    installation.pause(policy=POLICY, now=NOW + timedelta(hours=1))


def test_every_page_says_that_nothing_is_sent_until_a_manager_releases_it(noord: OfficeWithAll) -> None:
    manager, reader = noord.manager.browser(), noord.reader.browser()
    said = "Er wordt niets verzonden"
    assert said not in manager.get("/").content.decode()
    restored()
    for address in ("/", "/deliveries/", "/settings/users/"):
        assert said in manager.get(address).content.decode()
    assert "Verzenden vrijgeven" not in reader.get("/release/").content.decode()
    assert reader.post("/release/", {"reason": "mag wel"}).status_code == 403
    page = manager.get("/release/").content.decode()
    assert "Verzenden vrijgeven" in page
    assert 'href="/release/"' in manager.get("/").content.decode()
    assert 'href="/release/"' not in page
    assert manager.post("/release/", {"reason": "oude server staat uit"}).status_code == 302
    assert said not in manager.get("/").content.decode()
    assert Record.objects.get(verb="release").details == {"reason": "oude server staat uit"}


def test_the_command_releases_all_offices_or_one() -> None:
    north, south = make_office(), make_office("Kantoor Zuid", "54321")
    restored()

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(release_command, ["--reason", "oude server uit", *arguments], obj="en")
        return done.exit_code, done.output

    assert run("--office", str(north.scope.office_id)) == (0, "Kantoor Noord: released\n")
    assert installation.unreleased_offices() == {south.scope.office_id}
    assert run() == (0, "Kantoor Zuid: released\n")
    assert run()[0] == 1


def test_the_doctor_says_which_offices_are_paused() -> None:
    make_office()
    assert CliRunner().invoke(doctor, [], obj="en").exit_code == 0
    restored()
    done = CliRunner().invoke(doctor, [], obj="en")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Kantoor Noord: Nothing is sent: the database was restored or copied." in done.stderr
