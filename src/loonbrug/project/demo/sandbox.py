"""What the script sees and does outside the product: AFAS's books and settings, and the mailbox."""

import json
import os
import re
from typing import Any
from urllib.request import Request, urlopen

HOST = "12345.resttest"


class AfasSide:
    """The sandbox's control port and the mail catcher, over HTTP on this machine."""

    def __init__(self) -> None:
        self._control = os.environ["LOONBRUG_DEMO_CONTROL"]
        self._mail = os.environ["LOONBRUG_DEMO_MAIL"]

    def keys(self) -> tuple[str, str]:
        """API key and environment key, as tab General of the App Connector shows them."""
        environments = _ask(f"{self._control}/world")["environments"]
        test = next(found for found in environments if found["type"] == "T")
        connector = test["app_connectors"][0]
        return connector["api_key"], connector["environment_key"]

    def mailed_code(self) -> str:
        """The newest activation code in the mailbox; empty while there is none."""
        mails = _ask(f"{self._mail}/api/mails")
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
