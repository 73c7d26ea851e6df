"""What AFAS, or the line to it, can tell us.

The tree answers one question about a write: is it booked?

    AfasError
    ├── Refused               surely not booked, and never again by itself
    ├── NotBooked             surely not booked, may be tried later
    │   ├── NeverLeft           no byte of the request left this machine
    │   ├── Unavailable         maintenance, with the number of seconds to wait
    │   └── LayoutLocked        somebody works in the journal's entry layout
    ├── NotLetIn              surely not booked; the sign-in must be mended first
    │   ├── TokenRefused        401
    │   ├── IpRefused           403; worth one more try
    │   └── ConnectorMissing    not in the app connector, or the user not in its group
    ├── Unknown               it may be booked: look it up, never send it again blindly
    │   └── NoAnswer            the line broke, or stayed silent, after the request left
    ├── ActivationCodeRefused  (no write) the code from the mail is wrong
    └── BadAnswer              (no write) a read was answered with something else than data
        └── BadLine              there are rows, and one does not tell what was booked
"""

# ruff: noqa: N818 - an error is named after what happened to the write, as the tree above reads

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from afas_client.catalogue import Finding

BODY_LIMIT = 4_000
"""Characters of an answer that an error keeps."""

_UNTOLD_HEADERS = frozenset({"authorization", "proxy-authorization", "set-cookie"})
# A classic token is XML around 64 hexadecimal digits; a log reference has 32, and stays readable.
_TOKEN = re.compile(r"<token>.*?(?:</token>|$)|\b[0-9a-f]{40,}\b", re.IGNORECASE | re.DOTALL)


def without_tokens(text: str) -> str:
    """The text with everything that looks like a classic token taken out."""
    return _TOKEN.sub("[token]", text)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What came back, as it came back; never a token.

    `external_message`, `error_number` and `log_reference` are AFAS's `externalMessage`, `errorNumber` and
    `profitLogReference` (AFAS "Troubleshooting": the log reference leads the administrator to the line in the
    environment log). `retry_after` is in seconds.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: str = ""
    external_message: str | None = None
    error_number: int | None = None
    log_reference: str | None = None
    retry_after: int | None = None


NO_EVIDENCE = Evidence()
"""Nothing came back."""


def told_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of an answer that may be kept as evidence."""
    return MappingProxyType(
        {
            name: without_tokens(value)
            for name, value in headers.items()
            if name.lower() not in _UNTOLD_HEADERS
        }
    )


class AfasError(Exception):
    """Anything that keeps us from a plain answer of AFAS.

    `evidence` is what came back; `finding` is what the catalogue knows about its text, if anything. An
    unknown text is never hidden: it is in `evidence.external_message`.
    """

    def __init__(
        self, what: str, *, evidence: Evidence = NO_EVIDENCE, finding: Finding | None = None
    ) -> None:
        super().__init__(what)
        self.evidence = evidence
        self.finding = finding


class Refused(AfasError):
    """AFAS looked at the content and refused it: surely not booked. Somebody has to mend something first."""


class NotBooked(AfasError):
    """Surely not booked; the same request may be tried later."""


class NeverLeft(NotBooked):
    """No byte left: connection refused, DNS, TLS on a new connection, or too late to send."""


class Unavailable(NotBooked):
    """AFAS is down for maintenance and says for how many seconds (`evidence.retry_after`)."""


class LayoutLocked(NotBooked):
    """Somebody works in the entry layout of this journal; AFAS itself advises to try again later."""


class NotLetIn(AfasError):
    """AFAS did not let us in: surely not booked, and nothing else will be until the sign-in is mended."""

    try_once_more: ClassVar[bool] = False


class TokenRefused(NotLetIn):
    """401: the token is missing, withdrawn, expired or of another environment."""


class IpRefused(NotLetIn):
    """403: the app connector refuses our address. Seen under load as well, hence worth one more try."""

    try_once_more: ClassVar[bool] = True


class ConnectorMissing(NotLetIn):
    """The connector is not in the app connector, or the user is not in its group. AFAS says so with a 500."""


class Unknown(AfasError):
    """Nobody can tell from this answer whether it is booked. Look it up before anything else."""


class NoAnswer(Unknown):
    """The request left, and no whole answer came back. For a read it only means: ask again."""


class ActivationCodeRefused(AfasError):
    """AFAS gave no token for this activation code: it is wrong, used or too old."""


class BadAnswer(AfasError):
    """A read was answered with something that is not the data asked for."""


class BadLine(BadAnswer):
    """There is data, but one of its rows does not tell what was booked: the others may be asked for without it."""
