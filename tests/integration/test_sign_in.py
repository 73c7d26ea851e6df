"""Signing in by password and by one-time link, and what keeps others out."""

import datetime
import re
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from tests.integration.two_offices import OfficeWithAll

from loonbrug.access import operations, sign_in
from loonbrug.access.models import User
from loonbrug.audit.models import Record

PASSWORD = "een lange zin als wachtwoord"
MORNING = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)


@pytest.fixture
def anna(noord: OfficeWithAll, settings: object) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
    user = User.objects.get(id=noord.manager.user_id)
    user.set_password(PASSWORD)
    user.save()
    return user


def try_password(client: Client, password: str, email: str = "Anna@Noord.nl") -> str:
    answer = client.post("/sign-in/", {"email": email, "password": password})
    return answer.content.decode() if answer.status_code == 200 else str(answer["Location"])


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_a_password_lets_in_whatever_the_case_of_the_address(anna: User) -> None:
    client = Client()
    assert try_password(client, PASSWORD) == "/"
    assert is_in(client)


def test_a_wrong_password_and_an_unknown_address_are_told_alike(anna: User) -> None:
    client = Client()
    told = "horen niet bij elkaar"
    assert told in try_password(client, "verkeerd")
    assert told in try_password(client, PASSWORD, "niemand@noord.nl")
    assert not is_in(client)


def test_guessing_has_to_wait_and_the_page_says_until_when(anna: User) -> None:
    client = Client()
    with time_machine.travel(MORNING, tick=False):
        for _ in range(5):
            assert "horen niet" in try_password(client, "verkeerd")
        assert "Om 10:15 kun je" in try_password(client, PASSWORD)
        assert "horen niet" in try_password(client, "verkeerd", "bram@noord.nl")
    with time_machine.travel(MORNING + datetime.timedelta(minutes=15, seconds=1), tick=False):
        assert try_password(client, PASSWORD) == "/"


def test_signing_in_forgets_the_wrong_tries(anna: User) -> None:
    client = Client()
    for password in ["verkeerd"] * 4 + [PASSWORD] + ["verkeerd"] * 4 + [PASSWORD]:
        last = try_password(client, password)
    assert last == "/"


def test_after_signing_in_nobody_is_sent_to_another_site(anna: User) -> None:
    answer = Client().post(
        "/sign-in/?next=https://example.com/", {"email": "anna@noord.nl", "password": PASSWORD}
    )
    assert answer["Location"] == "/"


def test_looking_at_a_link_does_not_use_it_and_its_button_does(anna: User) -> None:
    address = f"/sign-in/{sign_in.make_link(email=anna.email)}/"
    previewer, client = Client(), Client()
    for _ in range(3):
        assert previewer.get(address).status_code == 200
    assert not is_in(previewer)
    assert client.post(address)["Location"] == "/"
    assert is_in(client)
    assert previewer.post(address).status_code == 410
    assert not is_in(previewer)


def test_a_link_is_good_for_an_hour(anna: User) -> None:
    with time_machine.travel(MORNING, tick=False):
        address = f"/sign-in/{sign_in.make_link(email=anna.email)}/"
    with time_machine.travel(MORNING + datetime.timedelta(minutes=59), tick=False):
        assert Client().get(address).status_code == 200
    with time_machine.travel(MORNING + datetime.timedelta(minutes=61), tick=False):
        assert Client().get(address).status_code == 410
        assert Client().post(address).status_code == 410


def test_only_the_newest_link_works_and_a_made_up_one_never(anna: User) -> None:
    old, new = (sign_in.make_link(email=anna.email) for _ in range(2))
    assert Client().post(f"/sign-in/{old}/").status_code == 410
    assert Client().post(f"/sign-in/{new[:-1]}/").status_code == 410
    assert Client().post(f"/sign-in/{new}/").status_code == 302


def test_who_is_kept_out_is_out_at_once(noord: OfficeWithAll) -> None:
    browser = noord.reader.browser()
    link = sign_in.make_link(email=noord.reader.email)
    assert is_in(browser)
    operations.set_active(
        scope=noord.manager.scope, user_id=noord.reader.user_id, is_active=False, now=MORNING
    )
    assert not is_in(browser)
    assert Client().post(f"/sign-in/{link}/").status_code == 410


def test_signing_out_ends_the_session(noord: OfficeWithAll) -> None:
    browser = noord.manager.browser()
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
    assert not is_in(browser)


def test_the_language_switch_works_before_and_after_signing_in(anna: User) -> None:
    client = Client()
    assert "Aanmelden" in client.get("/sign-in/").content.decode()
    client.post("/language/", {"language": "en", "next": "/sign-in/"})
    assert '<html lang="en">' in client.get("/sign-in/").content.decode()
    client.force_login(anna)
    assert "Overzicht" in client.get("/").content.decode()
    client.post("/language/", {"language": "en", "next": "/"})
    assert "Overview" in client.get("/").content.decode()
    client.post("/language/", {"language": "fr", "next": "/"})
    assert "Overview" in client.get("/").content.decode()


def test_a_password_is_changed_by_who_knows_the_present_one(anna: User) -> None:
    client = Client()
    client.force_login(anna)
    new = "een andere lange zin"
    wrong = client.post("/profile/", {"present": "verkeerd", "wanted": new}).content.decode()
    assert "niet je huidige wachtwoord" in wrong
    short = client.post("/profile/", {"present": PASSWORD, "wanted": "kort"}).content.decode()
    assert "12 tekens" in short
    assert client.post("/profile/", {"present": PASSWORD, "wanted": new}).status_code == 302
    assert is_in(client)
    assert try_password(Client(), new) == "/"
    record = Record.objects.get(verb="password_changed")
    assert new not in str(record.details)


def test_a_form_that_is_not_ours_is_refused_calmly(anna: User) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": "a", "password": "b"})
    assert answer.status_code == 403
    assert "Dit formulier is niet meer geldig" in answer.content.decode()


def test_pages_forbid_everything_that_is_not_ours(noord: OfficeWithAll) -> None:
    answer = noord.manager.browser().get("/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_the_stylesheet_asks_nothing_of_anybody_else() -> None:
    static = Path(__file__).resolve().parents[2] / "src/loonbrug/web/static"
    assert "url(" not in (static / "loonbrug.css").read_text()
    assert "@import" not in (static / "loonbrug.css").read_text()


def test_an_address_to_go_on_to_that_is_none_of_our_names_breaks_nothing(anna: User) -> None:
    client = Client()
    assert client.post("/language/", {"language": "en", "next": "foo"}).status_code == 302
    known = {"email": "anna@noord.nl", "password": PASSWORD}
    assert client.post("/sign-in/?next=foo", known).status_code == 302
    assert is_in(client)


def test_no_browser_keeps_what_somebody_was_shown(noord: OfficeWithAll) -> None:
    journal_id = noord.ids["journal_id"]
    for address in ("/", f"/journals/{journal_id}/", f"/journals/{journal_id}/csv/"):
        assert "no-store" in noord.manager.browser().get(address)["Cache-Control"]
