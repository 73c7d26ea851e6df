"""The mail catcher takes in every mail, shows it as text and delivers none."""

import asyncio
import json
import smtplib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from tests.contract.afas_sandbox_pages.visitor import ORIGIN, Visitor
from tests.running import free_port

from afas_sandbox.mail_catcher import LOOPBACK, MAIL_LIMIT, Mailbox, app

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(clock=lambda: NOW, kept=3)


@pytest.fixture
def visitor(mailbox: Mailbox) -> Visitor:
    return Visitor(app(mailbox, smtp_port=0))


def letter(subject: str = "Activeringscode", text: str = "Uw code is: 12345678\n") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "afas@profit.example", "anja@kantoor.example", subject
    mail.set_content(text)
    return mail


def put(mailbox: Mailbox, content: bytes, recipients: Sequence[str] = ("anja@kantoor.example",)) -> None:
    mailbox.receive(sender="afas@profit.example", recipients=recipients, content=content)


async def test_mails_are_listed_newest_first_and_read_as_text(visitor: Visitor, mailbox: Mailbox) -> None:
    put(mailbox, letter("Eerste").as_bytes())
    put(mailbox, letter("Tweede", "Geef Zoë € 5 <b>niet</b>").as_bytes())
    page = await visitor.get("/")
    assert page.html.index("Tweede") < page.html.index("Eerste")
    assert "anja@kantoor.example" in page.html
    assert "Geef Zoë € 5 &lt;b&gt;niet&lt;/b&gt;" in (await visitor.get("/mails/2")).html


async def test_markup_in_a_subject_is_shown_as_text(visitor: Visitor, mailbox: Mailbox) -> None:
    put(mailbox, letter("<script>alert(1)</script>").as_bytes(), ["<i>@kantoor.example"])
    for path in ("/mails/", "/mails/1"):
        page = await visitor.get(path)
        assert "<script" not in page.html
        assert "<i>" not in page.html


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe no headers at all",
        b"Content-Type: text/plain; charset=no-such-charset\r\n\r\ntext \xff",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nnever begins",
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Subject: =?utf-8?q?=ff=fe?=\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%",
        b"Subject: \xff\xfe\r\n\r\nx",
        b"Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\n\r\n--x--\r\n",
    ],
)
async def test_a_broken_mail_is_shown_all_the_same(
    visitor: Visitor, mailbox: Mailbox, content: bytes
) -> None:
    put(mailbox, content)
    assert (await visitor.get("/mails/1")).status == 200
    assert (await visitor.get("/mails/")).status == 200
    assert (await visitor.get("/api/mails")).status == 200


async def test_only_the_newest_are_kept(visitor: Visitor, mailbox: Mailbox) -> None:
    for number in range(1, 6):
        put(mailbox, letter(f"Mail {number}").as_bytes())
    assert [mail.number for mail in mailbox.newest_first] == [5, 4, 3]
    assert (await visitor.get("/mails/2")).status == 404


async def test_scripts_read_a_list_and_clear_it(visitor: Visitor, mailbox: Mailbox) -> None:
    put(mailbox, letter().as_bytes())
    (mail,) = json.loads((await visitor.get("/api/mails")).html)
    assert mail == {
        "number": 1,
        "received_at": "2026-11-23T08:00:00+00:00",
        "sender": "afas@profit.example",
        "recipients": ["anja@kantoor.example"],
        "subject": "Activeringscode",
        "text": "Uw code is: 12345678\n",
    }
    assert json.loads((await visitor.call("DELETE", "/api/mails", b"", {})).html) == []
    assert mailbox.newest_first == []


async def test_all_mails_are_deleted_by_hand_but_not_from_elsewhere(
    visitor: Visitor, mailbox: Mailbox
) -> None:
    put(mailbox, letter().as_bytes())
    assert (await visitor.post("/mails/delete", headers={"origin": "http://elsewhere.example"})).status == 403
    assert len(mailbox.newest_first) == 1
    page = await visitor.post("/mails/delete", headers={"origin": ORIGIN})
    assert "Nog geen mail." in page.html


async def test_a_mail_that_is_not_there_gets_a_calm_page(visitor: Visitor) -> None:
    page = await visitor.get(f"/mails/{'9' * 5000}")
    assert page.status == 404
    assert "Deze mail is hier niet (meer)." in page.html


async def test_mails_come_in_over_smtp(mailbox: Mailbox) -> None:
    port = free_port()
    pages = app(mailbox, smtp_port=port)
    async with pages.router.lifespan_context(pages):
        await asyncio.to_thread(_hand_in, port, letter())
        with pytest.raises(smtplib.SMTPSenderRefused):
            await asyncio.to_thread(_hand_in, port, letter(text="x" * (MAIL_LIMIT + 1)))
    (mail,) = mailbox.newest_first
    assert (mail.sender, mail.recipients) == ("afas@profit.example", ("anja@kantoor.example",))
    assert "Uw code is: 12345678" in mail.text


def _hand_in(port: int, mail: EmailMessage) -> None:
    with smtplib.SMTP(LOOPBACK, port, timeout=10) as connection:
        connection.send_message(mail)
