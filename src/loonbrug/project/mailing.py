"""Sends the mail that waits, one by one, outside every transaction and on a thread of its own."""

from collections.abc import Callable
from datetime import datetime
from smtplib import SMTPException

import structlog
from django.core.mail import EmailMessage

from loonbrug.watch import operations
from loonbrug.watch.operations import Letter
from loonbrug.web.letters import words_of

log = structlog.get_logger()


def send_waiting_mail(*, now: Callable[[], datetime], is_stopping: Callable[[], bool]) -> None:
    """Send what is due until nothing is left. A mail may be sent twice when a process dies, never lost."""
    while not is_stopping() and (letter := operations.next_letter(now=now())) is not None:
        try:
            _send(letter)
        except (OSError, SMTPException) as error:
            operations.mark_failed(mail_id=letter.id, failure=str(error), now=now())
            log.warning("mail_not_taken", mail=letter.id, why=type(error).__name__)
        else:
            operations.mark_sent(mail_id=letter.id, now=now())
            log.info("mail_sent", mail=letter.id, about=letter.code)


def _send(letter: Letter) -> None:
    words = words_of(code=letter.code, name=letter.name, language=letter.language, params=letter.params)
    EmailMessage(words.subject, words.body, to=[letter.address]).send()
