"""Whatever goes wrong, a calm page says what to do, in the reader's language."""

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from tests.integration.two_offices import OfficeWithAll

from loonbrug.web.office import views


def test_an_address_that_is_not_there(noord: OfficeWithAll) -> None:
    answer = noord.manager.browser().get("/nergens/")
    assert answer.status_code == 404
    assert "Deze pagina is hier niet" in answer.content.decode()


def test_what_is_not_of_this_office_is_said_to_be_so(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    answer = noord.manager.browser().get(f"/companies/{zuid.ids['company_id']}/details/")
    assert answer.status_code == 404
    assert "niet van je kantoor" in answer.content.decode()


def test_an_address_of_a_button_opened_by_itself_says_so(noord: OfficeWithAll) -> None:
    answer = noord.manager.browser().get("/journals/1/send/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "Dit adres werkt alleen met een knop" in answer.content.decode()


def test_too_large_a_form_is_refused(noord: OfficeWithAll) -> None:
    form = {"number": "1", "name": "x" * 3_000_000}
    body = "&".join(f"{key}={value}" for key, value in form.items())
    answer = noord.manager.browser().post(
        "/debtors/add/", body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    assert "Dit is te groot" in answer.content.decode()


def test_a_fault_of_ours_shows_nothing_of_itself(
    noord: OfficeWithAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(**_: object) -> None:
        raise RuntimeError("a secret of the machine room")

    monkeypatch.setattr(views, "office_home", break_down)
    browser = noord.manager.browser()
    browser.raise_request_exception = False
    answer = browser.get("/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "Hier ging iets mis" in page
    assert "machine room" not in page


@pytest.mark.parametrize("away", [OperationalError("database or disk is full"), InterfaceError("closed")])
def test_a_database_that_takes_nothing_is_named_with_what_to_do(
    noord: OfficeWithAll, monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    def break_down(**_: object) -> None:
        raise away

    monkeypatch.setattr(views, "office_home", break_down)
    browser = noord.manager.browser()
    browser.raise_request_exception = False
    answer = browser.get("/")
    assert answer.status_code == 503
    page = answer.content.decode()
    assert "De database antwoordt nu niet" in page
    assert "disk is full" not in page


def test_before_signing_in_the_switch_chooses_the_language_of_errors(db: None) -> None:
    client = Client()
    client.cookies["language"] = "en"
    answer = client.post("/sign-in/x/", {})
    assert answer.status_code == 410
    assert "This link no longer works" in answer.content.decode()
