"""What the script sees and does outside the product: AFAS's books and settings, and the mailbox."""

import json
import os
import re
from typing import Any
from urllib.request import Request, urlopen

HOST = "12345.resttest"
SMALLEST_USER = "12345.noor"


class AfasSide:
    """The sandbox's control port and the mail catcher, over HTTP on this machine."""

    def __init__(self) -> None:
        self._control = os.environ["LOONBRUG_DEMO_CONTROL"]
        self._mail = os.environ["LOONBRUG_DEMO_MAIL"]

    def keys(self, app_connector: int = 1) -> tuple[str, str]:
        """API key and environment key, as tab General of the App Connector shows them."""
        environments = _ask(f"{self._control}/world")["environments"]
        test = next(found for found in environments if found["type"] == "T")
        connector = next(found for found in test["app_connectors"] if found["id"] == app_connector)
        return connector["api_key"], connector["environment_key"]

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

    def mailed_code(self) -> str:
        """The newest activation code, taken out of the mailbox; empty while there is none."""
        mails = _ask(f"{self._mail}/api/mails")
        if mails:
            _ask(f"{self._mail}/api/mails", "DELETE")
        found = re.search(r"\b[0-9]{8}\b", mails[0]["text"]) if mails else None
        return found.group() if found else ""

    def books(self) -> list[dict[str, Any]]:
        """Every booked entry, with its lines and allocations."""
        entries: list[dict[str, Any]] = _ask(f"{self._control}/books/{HOST}")["entries"]
        return entries

    def change(self, part: dict[str, Any]) -> None:
        """Mend something in the environment, as its administrator would."""
        document = {"environments": [{"participant": "12345", "type": "T", **part}]}
        _ask(f"{self._control}/world", "POST", document)

    def lose_next_answer(self, *, administration: int) -> None:
        """The next entry in this administration is booked, but its answer does not arrive."""
        _ask(
            f"{self._control}/faults",
            "POST",
            {"kind": "cut_after", "administration": administration, "count": 1},
        )


def _ask(url: str, method: str = "GET", document: object = None) -> Any:
    body = None if document is None else json.dumps(document).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(url, data=body, method=method, headers=headers)
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)
