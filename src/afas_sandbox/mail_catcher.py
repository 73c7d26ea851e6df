"""A mailbox for one machine: takes every mail that is sent to it, delivers none, shows them all.

    python -m afas_sandbox.mail_catcher --smtp-port 8125 --port 8103

It listens on the loopback address only and keeps the newest mails in memory.
"""

import argparse
import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from afas_sandbox.pages.guard import guard
from afas_sandbox.pages.layout import Crumb, explain, redirect, render

MAILS_KEPT = 200
MAIL_LIMIT = 1_000_000  # bytes; SMTP refuses a longer one
LOOPBACK = "127.0.0.1"

Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One caught mail; `number` counts from 1 and is never used again."""

    number: int
    received_at: datetime
    sender: str
    recipients: Sequence[str]
    subject: str
    text: str


class Mailbox:
    """The newest mails, the oldest falling out; also the SMTP server's handler."""

    def __init__(self, *, clock: Clock, kept: int = MAILS_KEPT) -> None:
        self._clock = clock
        self._mails: deque[Mail] = deque(maxlen=kept)
        self._last_number = 0

    @property
    def newest_first(self) -> list[Mail]:
        """All mails that are kept."""
        return list(reversed(self._mails))

    def find(self, number: str) -> Mail | None:
        """The mail with this number, if it is still kept."""
        return next((mail for mail in self._mails if str(mail.number) == number), None)

    def clear(self) -> None:
        """Throw all mails away."""
        self._mails.clear()

    def receive(self, *, sender: str, recipients: Sequence[str], content: bytes) -> Mail:
        """Keep one mail as it came over the line."""
        message = message_from_bytes(content, policy=policy.default)
        self._last_number += 1
        mail = Mail(
            number=self._last_number,
            received_at=self._clock(),
            sender=sender,
            recipients=tuple(recipients),
            subject=str(message.get("Subject", "")),
            text=_text_of(message, content),
        )
        self._mails.append(mail)
        return mail

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 (aiosmtpd's protocol)
        """Answer the SMTP command DATA."""
        content = envelope.content
        assert isinstance(content, bytes)
        mail = self.receive(sender=envelope.mail_from or "", recipients=envelope.rcpt_tos, content=content)
        return f"250 Caught as mail {mail.number}"


def _text_of(message: EmailMessage, content: bytes) -> str:
    """The readable part of a mail; a mail that cannot be taken apart is shown whole."""
    body = message.get_body(preferencelist=("plain", "html"))
    try:
        text = body.get_content() if body is not None else None
    except (LookupError, ValueError):
        text = None
    return text if isinstance(text, str) else content.decode(errors="replace")


def app(mailbox: Mailbox, *, smtp_port: int) -> Starlette:
    """The pages of `mailbox`; SMTP is listened to on `smtp_port` as long as they are served (0: nowhere)."""

    @asynccontextmanager
    async def listening(_: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(mailbox, data_size_limit=MAIL_LIMIT, enable_SMTPUTF8=True, loop=loop),
            LOOPBACK,
            smtp_port,
        )
        async with server:
            yield

    async def to_list(_: Request) -> Response:
        return RedirectResponse("/mails/", status_code=303)

    async def list_mails(request: Request) -> Response:
        return render(
            request, "mails.html", title="Caught mails", mails=mailbox.newest_first, kept=MAILS_KEPT
        )

    async def read_mail(request: Request) -> Response:
        mail = mailbox.find(request.path_params["number"])
        if mail is None:
            raise HTTPException(404, "This mail is not here (any more).")
        crumbs = [Crumb(text="Caught mails", href="/mails/")]
        return render(request, "mail.html", title="Mail", crumbs=crumbs, mail=mail)

    async def delete_mails(_: Request) -> Response:
        mailbox.clear()
        return redirect("/mails/", done="deleted")

    async def mails_as_json(request: Request) -> Response:
        if request.method == "DELETE":
            mailbox.clear()
        mails = [
            asdict(mail) | {"received_at": mail.received_at.isoformat()} for mail in mailbox.newest_first
        ]
        return JSONResponse(mails)

    return Starlette(
        routes=[
            Route("/", to_list),
            Route("/mails/", list_mails),
            Route("/mails/delete", delete_mails, methods=["POST"]),
            Route("/mails/{number}", read_mail),
            Route("/api/mails", mails_as_json, methods=["GET", "DELETE"]),
            Mount("/static", StaticFiles(packages=[("afas_sandbox", "static")])),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=guard)],
        exception_handlers={HTTPException: explain},
        lifespan=listening,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Catch mails until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m afas_sandbox.mail_catcher", description=__doc__)
    parser.add_argument("--smtp-port", type=int, default=8125, help="where mails are taken in (SMTP)")
    parser.add_argument("--port", type=int, default=8103, help="where the mails can be read (HTTP)")
    options = parser.parse_args(arguments)
    mailbox = Mailbox(clock=lambda: datetime.now(UTC))
    uvicorn.run(
        app(mailbox, smtp_port=options.smtp_port), host=LOOPBACK, port=options.port, log_level="warning"
    )


if __name__ == "__main__":
    main()
