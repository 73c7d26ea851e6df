"""A line to an AFAS that keeps books: it books, shows what it has, and deletes; a test makes it fail."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from afas_client.errors import NoAnswer
from afas_client.transport import may_leave
from afas_client.wire import Request, Response

REFUSAL = {
    "externalMessage": "Journaalpost 5001 is afgeletterd en kan niet worden verwijderd",
    "errorNumber": -2147180996,
    "profitLogReference": "0123456789abcdef0123456789abcdef",
}


@dataclass
class AfasBooks:
    """Every request that left, and the booked lines as the connector shows them."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    refuses_to_delete: bool = False
    cuts_before_deleting: bool = False
    cuts_after_deleting: bool = False
    next_number: int = 5001

    @property
    def deletions(self) -> list[Request]:
        return [request for request in self.sent if request.method == "DELETE"]

    @property
    def entry_numbers(self) -> set[str]:
        return {str(line["EntryNo"]) for line in self.lines}

    async def send(self, request: Request, before_leaving: Callable[[], None] = may_leave) -> Response:
        before_leaving()
        self.sent.append(request)
        answer = {"POST": self._book, "GET": self._show, "DELETE": self._delete}[request.method]
        return answer(request)

    def book(self, body: bytes) -> int:
        """Book a message as AFAS would; its number."""
        element = json.loads(body)["FiEntryPar"]["Element"]
        header, number = element["Fields"], self.next_number
        self.next_number += 1
        for line in element["Objects"][0]["FiEntries"]["Element"]:
            fields = line["Fields"]
            self.lines.append(
                {
                    "UnitId": header["UnId"],
                    "JournalId": header["JoCo"],
                    "Year": header["Year"],
                    "EntryNo": number,
                    "VoucherNo": fields["BpNr"],
                    "AccountNo": fields["AcNr"],
                    "AmtDebit": fields["AmDe"],
                    "AmtCredit": fields["AmCr"],
                    "Description": fields.get("Ds", ""),
                }
            )
        return number

    def _book(self, request: Request) -> Response:
        number = self.book(request.body)
        return _json(201, {"results": {"FiEntryPar": {"UnId": "1", "EnNo": str(number)}}})

    def _show(self, request: Request) -> Response:
        asked = parse_qs(urlsplit(request.url).query)
        groups = [
            dict(zip(fields.split(","), values.split(","), strict=True))
            for fields, values in zip(
                asked["filterfieldids"][0].split(";"), asked["filtervalues"][0].split(";"), strict=True
            )
        ]
        rows = [
            line
            for line in self.lines
            if any(all(str(line[name]) == value for name, value in group.items()) for group in groups)
        ]
        return _json(200, {"skip": 0, "take": 1000, "rows": rows})

    def _delete(self, request: Request) -> Response:
        if self.refuses_to_delete:
            return _json(500, REFUSAL)
        if not self.cuts_before_deleting:
            number = unquote(request.url).rpartition("/")[2]
            self.lines = [line for line in self.lines if str(line["EntryNo"]) != number]
        if self.cuts_before_deleting or self.cuts_after_deleting:
            raise NoAnswer("the connection was cut")
        return Response(200, {}, b"")


def _json(status: int, content: object) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(content).encode())
