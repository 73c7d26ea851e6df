"""A paused account: told once to those who can mend it, through a real mail server on loopback."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connection
from django.test import Client, override_settings
from structlog.testing import capture_logs
from tests.integration.delivery_office import NOT_LET_IN, NOW, TOKEN, make_office
from tests.integration.two_offices import OfficeWithAll

from loonbrug.access import operations as access
from loonbrug.access.models import Right, Template, User
from loonbrug.access.rights import Level, Part
from loonbrug.connections import operations as connections
from loonbrug.project.mailing import send_waiting_mail
from loonbrug.watch import operations as watch
from loonbrug.watch.models import Mail

pytestmark = pytest.mark.django_db
REASON = "Token expired, 'Geen toegang'"


class Postbox:
    """A mail server's rooms: what came in, and whether it takes anything at all."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.is_open = True

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        if not self.is_open:
            return "451 try again later"
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    found = Postbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        ADDRESS="https://loonbrug.example",
        DEFAULT_FROM_EMAIL="loonbrug@example.nl",
    ):
        yield found
    controller.stop()


def send(*, at: datetime = NOW) -> None:
    send_waiting_mail(now=lambda: at, is_stopping=lambda: False)


def break_account(office: OfficeWithAll) -> bool:
    ids = {"office_id": office.manager.scope.office_id, "connection_id": office.ids["connection_id"]}
    connections.record_authorised(**ids, token=TOKEN, now=NOW)
    return connections.mark_broken(**ids, reason=REASON, now=NOW)


def test_everybody_who_can_mend_it_gets_one_mail_and_nobody_else(
    noord: OfficeWithAll, zuid: OfficeWithAll, postbox: Postbox
) -> None:
    scope = noord.manager.scope
    template_id = User.objects.get(id=noord.manager.user_id).template_id
    for name in ("Dirk", "Weg"):
        access.add_user(scope=scope, email=f"{name}@noord.nl", name=name, template_id=template_id, now=NOW)
    User.objects.filter(name="Weg").update(is_active=False)
    assert break_account(noord)
    send()
    send()
    assert sorted(str(mail["To"]) for mail in postbox.taken) == ["anna@noord.nl", "dirk@noord.nl"]


def test_a_second_refusal_of_a_paused_account_tells_nobody(noord: OfficeWithAll, postbox: Postbox) -> None:
    break_account(noord)
    ids = {"office_id": noord.manager.scope.office_id, "connection_id": noord.ids["connection_id"]}
    assert not connections.mark_broken(**ids, reason=REASON, now=NOW)
    send()
    assert len(postbox.taken) == 1


def test_an_account_that_breaks_again_after_it_was_mended_is_told_again(
    noord: OfficeWithAll, postbox: Postbox
) -> None:
    break_account(noord)
    break_account(noord)
    send()
    assert len(postbox.taken) == 2


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        (
            "nl",
            "AFAS 12345: de verbinding van 12345.admin is onderbroken",
            "Authenticeer het account hier opnieuw",
        ),
        ("en", "AFAS 12345: the connection of 12345.admin is interrupted", "Authorise it again here"),
    ],
)
def test_the_mail_says_in_the_readers_language_which_account_why_and_what_to_do(
    noord: OfficeWithAll, postbox: Postbox, language: str, subject: str, words: str
) -> None:
    User.objects.update(language=language)
    break_account(noord)
    send()
    (mail,) = postbox.taken
    body = mail.get_content()
    assert mail["Subject"] == subject
    assert mail["From"] == "loonbrug@example.nl"
    assert words in body
    assert REASON in body
    account = f"https://loonbrug.example/settings/afas/accounts/{noord.ids['connection_id']}/"
    assert account in body
    assert noord.manager.browser().get(account.removeprefix("https://loonbrug.example")).status_code == 200


def test_a_mail_that_was_not_taken_is_sent_later(noord: OfficeWithAll, postbox: Postbox) -> None:
    break_account(noord)
    postbox.is_open = False
    with capture_logs() as lines:
        send()
    assert [line["event"] for line in lines] == ["mail_not_taken"]
    assert Mail.objects.get().sent_at is None
    postbox.is_open = True
    send(at=NOW + timedelta(seconds=59))
    assert postbox.taken == []
    send(at=NOW + timedelta(seconds=60))
    assert len(postbox.taken) == 1
    assert Mail.objects.get().sent_at == NOW + timedelta(seconds=60)


def test_a_mail_server_that_is_away_loses_no_mail(noord: OfficeWithAll, postbox: Postbox) -> None:
    break_account(noord)
    with override_settings(EMAIL_PORT=1):
        for minutes in (0, 1, 3, 7):
            send(at=NOW + timedelta(minutes=minutes))
    assert Mail.objects.get().try_count == 4
    send(at=NOW + timedelta(minutes=15))
    assert len(postbox.taken) == 1


def test_a_mail_whose_sender_died_is_sent_again(noord: OfficeWithAll, postbox: Postbox) -> None:
    break_account(noord)
    assert watch.next_letter(now=NOW) is not None
    assert watch.next_letter(now=NOW) is None
    send(at=NOW + watch.SENDING_LIFE)
    assert len(postbox.taken) == 1


def test_old_news_is_not_mailed(noord: OfficeWithAll, postbox: Postbox) -> None:
    break_account(noord)
    send(at=NOW + watch.MAIL_LIFE)
    assert postbox.taken == []


def test_who_stops_sends_nothing_more(noord: OfficeWithAll, postbox: Postbox) -> None:
    break_account(noord)
    send_waiting_mail(now=lambda: NOW, is_stopping=lambda: True)
    assert postbox.taken == []
    assert Mail.objects.get().try_count == 0


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_mail_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    office = make_office()
    template = Template.objects.create(office_id=office.scope.office_id, name="Beheerder")
    Right.objects.create(template=template, part=Part.AFAS_SETTINGS, level=Level.WRITE)
    User.objects.create(
        office_id=office.scope.office_id, template=template, email="anna@noord.nl", name="Anna"
    )
    office.sent(NOT_LET_IN)
    seen: list[bool] = []
    monkeypatch.setattr(
        "django.core.mail.EmailMessage.send", lambda _mail: seen.append(connection.in_atomic_block)
    )
    send()
    assert seen == [False]


def first_page(office: OfficeWithAll, who: str) -> str:
    browser: Client = getattr(office, who).browser()
    return browser.get("/").content.decode()


def test_the_first_page_says_it_to_those_who_can_mend_it(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    break_account(noord)
    User.objects.update(language="en")
    page = first_page(noord, "manager")
    assert "The connection of AFAS account 12345.admin is interrupted." in page
    assert f'href="/settings/afas/accounts/{noord.ids["connection_id"]}/">To the AFAS account' in page
    assert "1 entry waits for it." in page
    for other in (first_page(noord, "reader"), first_page(zuid, "manager")):
        assert "is interrupted" not in other
