"""What the script sees and does outside the product: AFAS's books and settings, and the mailbox."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

HOST = "12345.resttest"
JOURNAL = {"code": "90", "description": "Loonjournaal"}
WAGES = ("4000", "4010", "4020", "4050")
SMALLEST_USER = "12345.noor"


@dataclass(frozen=True, slots=True)
class Books:
    """An administration to be made; its periods are `months` or `four_weeks`."""

    id: int
    name: str
    code: str
    periods: str


class AfasSide:
    """The sandbox's control port and the mail catcher, over HTTP on this machine."""

    def __init__(self) -> None:
        self._control = os.environ["LOONBRUG_DEMO_CONTROL"]
        self._mail = os.environ["LOONBRUG_DEMO_MAIL"]

    def keys(self, app_connector: int = 1) -> tuple[str, str]:
        """API key and environment key, as tab General of the App Connector shows them."""
        connectors = self._environment()["app_connectors"]
        connector = next(found for found in connectors if found["id"] == app_connector)
        return connector["api_key"], connector["environment_key"]

    def _environment(self) -> dict[str, Any]:
        environments = ask(f"{self._control}/world")["environments"]
        test: dict[str, Any] = next(found for found in environments if found["type"] == "T")
        return test

    def add_smallest_connector(self) -> int:
        """An App Connector with no more than the article asks for, and its user; the connector's number."""
        user = {"code": SMALLEST_USER, "name": "Noor", "email": "noor@kantoor.example", "groups": ["ADM"]}
        connector = {
            "id": 2,
            "description": "Loonbrug, het minste",
            "group": "ADM",
            "api_key": "2" * 32,
            "environment_key": "3" * 32,
            "blocked": False,
            "update_connectors": ["FiEntries"],
            "get_connectors": ["Precal_Administraties"],
            "users": [SMALLEST_USER],
        }
        self.change({"users": [user], "app_connectors": [connector]})
        return 2

    def add_books(self, books: Iterable[Books], centres: Mapping[str, str], *, user: str, year: int) -> int:
        """Administrations with these cost centres, and a user for them; the number of its App Connector."""
        whole = next(found for found in self._environment()["app_connectors"] if found["id"] == 1)
        allocation = {"accounts": WAGES, "axis": 1, "codes": list(centres)}
        self.change(
            {
                "users": [
                    {"code": user, "name": "Koppeling", "email": "salaris@kantoor.example", "groups": ["ADM"]}
                ],
                "app_connectors": [
                    whole
                    | {
                        "id": 3,
                        "description": "Loonbrug, horeca",
                        "api_key": "4" * 32,
                        "environment_key": "5" * 32,
                        "users": [user],
                    }
                ],
                "axis_codes": [
                    {"axis": 1, "code": code, "description": name} for code, name in centres.items()
                ],
                "administrations": [
                    {
                        "id": each.id,
                        "name": each.name,
                        "code": each.code,
                        "calendar": {"kind": each.periods, "years": [year - 1, year, year + 1]},
                        "journals": [JOURNAL],
                        "allocations": [allocation],
                    }
                    for each in books
                ],
            }
        )
        return 3

    def mailed_code(self) -> str:
        """The newest activation code, taken out of the mailbox; empty while there is none."""
        mails = ask(f"{self._mail}/api/mails")
        if mails:
            ask(f"{self._mail}/api/mails", "DELETE")
        found = re.search(r"\b[0-9]{8}\b", mails[0]["text"]) if mails else None
        return found.group() if found else ""

    def books(self) -> list[dict[str, Any]]:
        """Every booked entry, with its lines and allocations."""
        entries: list[dict[str, Any]] = ask(f"{self._control}/books/{HOST}")["entries"]
        return entries

    def change(self, part: dict[str, Any]) -> None:
        """Mend something in the environment, as its administrator would."""
        document = {"environments": [{"participant": "12345", "type": "T", **part}]}
        ask(f"{self._control}/world", "POST", document)

    def lose_next_answer(self, *, administration: int) -> None:
        """The next entry in this administration is booked, but its answer does not arrive."""
        ask(
            f"{self._control}/faults",
            "POST",
            {"kind": "cut_after", "administration": administration, "count": 1},
        )


def ask(url: str, method: str = "GET", document: object = None) -> Any:
    """JSON over HTTP, on this machine."""
    return json.loads(read(url, method, document))


def read(url: str, method: str = "GET", document: object = None) -> bytes:
    """What is answered, whatever it is."""
    body = None if document is None else json.dumps(document).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(url, data=body, method=method, headers=headers), timeout=10) as answer:
        found: bytes = answer.read()
    return found
