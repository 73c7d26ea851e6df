"""The log has one line per attempt, and no line holds an amount, account, description or token."""

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

import pytest
import structlog
from tests.integration.delivery_office import NOW, TOKEN, make_office
from tests.integration.test_drain import Line, ground

from afas_client.transport import Request, Response
from loonbrug.delivery import operations
from loonbrug.delivery.drain import drain
from loonbrug.delivery.operations import Approved, Target
from loonbrug.delivery.payload import RunKey
from loonbrug.delivery.writer import Writer
from loonbrug.ledger.entry import Posting, PostingLine

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = ("7345.67", "7345", "4711", "Nettoloon", "J. Jansen", TOKEN.xml, "AB" * 16)


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What the log writes, through the processors that are in use."""
    before = structlog.get_config()
    found = StringIO()
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=found))
    yield found
    structlog.configure(**before)


def queue_a_salary() -> int:
    office = make_office()
    amount, nothing = Decimal("7345.67"), Decimal(0)
    lines = (
        PostingLine("4711", amount, nothing, description="Nettoloon J. Jansen"),
        PostingLine("1600", nothing, amount, description="Nettoloon J. Jansen"),
    )
    run = RunKey(office.company.pk, office.company.number, 2026, 10, 1)
    entry = Approved(1, 1, run, 1, Posting(NOW.date(), 2026, 10, lines))
    target = Target(office.environment_id, office.connection_id, 1, "90", {})
    operations.queue(office_id=office.scope.office_id, target=target, entries=[entry], by="Anna", now=NOW)
    return office.environment_id


def refusal(_request: Request) -> Response:
    """AFAS's words at a refusal, with a line of the entry in them."""
    said = "(AfasFiEntry)Rekening 4711: bedrag 7345.67 van Nettoloon J. Jansen"
    body = {"externalMessage": said, "profitLogReference": "ABC-1"}
    return Response(500, {"Content-Type": "application/json"}, json.dumps(body).encode())


def odd(_request: Request) -> Response:
    return Response(200, {"Content-Type": "text/html"}, b"<html>Nettoloon J. Jansen 7345.67</html>")


@pytest.mark.parametrize("answer", [None, refusal, odd])
def test_an_attempt_is_one_line_without_salary_or_token(
    writer: Writer, written: StringIO, answer: object
) -> None:
    environment_id = queue_a_salary()
    line = Line(answer=answer)  # type: ignore[arg-type]
    asyncio.run(drain(environment_id=environment_id, ground=ground(line, writer)))
    assert b"7345.67" in line.sent[0].body
    text = written.getvalue()
    (attempt,) = [json.loads(each) for each in text.splitlines() if '"attempt"' in each]
    assert {"delivery", "office", "connection", "claim", "outcome", "state", "timestamp"} <= set(attempt)
    assert attempt["claimed_at"] == NOW.isoformat()
    assert [secret for secret in SECRETS if secret in text] == []
