"""The activation mail, handed in at a real mail server."""

import smtplib
from email.message import EmailMessage

from afas_sandbox.access import ActivationCode, AppConnector, User
from afas_sandbox.sandbox import MailServer
from afas_sandbox.world import Environment

_SENDER = "noreply@profit.example"
_SECONDS_TO_WAIT = 10


def activation_mail(connector: AppConnector, user: User, code: ActivationCode, language: str) -> EmailMessage:
    """The mail with the code; its subject holds the app connector's description."""
    mail = EmailMessage()
    mail["From"] = _SENDER
    mail["To"] = user.email
    if language == "nl":
        mail["Subject"] = f"Activeringscode voor {connector.description}"
        text = f"Beste {user.name},\n\nUw activeringscode voor {connector.description} is: {code.code}\n"
    else:
        mail["Subject"] = f"Activation code for {connector.description}"
        text = f"Dear {user.name},\n\nYour activation code for {connector.description} is: {code.code}\n"
    mail.set_content(text)
    return mail


def send(server: MailServer, mail: EmailMessage) -> None:
    """Hand the mail in. Raises OSError (smtplib's errors are such) when the server does not take it."""
    with smtplib.SMTP(server.host, server.port, timeout=_SECONDS_TO_WAIT) as connection:
        connection.send_message(mail)


def may_be_mailed(environment: Environment, connector: AppConnector, user: User) -> bool:
    """Whether AFAS mails a code to this user: all conditions hold. The caller never learns which do not."""
    return (
        environment.mail_server
        and not connector.blocked
        and not user.blocked
        and connector.group in user.groups
        and user.code in connector.users
        and bool(user.email)
        and user.email_in_subscription
        and not user.collaboration
    )
