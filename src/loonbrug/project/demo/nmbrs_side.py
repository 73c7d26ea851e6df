"""What the script sees and does in Nmbrs: a debtor who consents, and a payroll officer at work."""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from loonbrug.project.demo.sandbox import ask, read

#: Per date, the amount on each account and cost centre; a credit is below zero.
Amounts = Mapping[date, Mapping[tuple[str, str], Decimal]]


@dataclass(frozen=True, slots=True)
class RunInNmbrs:
    """One run of a company, as Nmbrs counts them."""

    company: str
    year: int
    period: int
    number: int

    @property
    def name(self) -> str:
        return f"{self.company} {self.year}-{self.period:02} run {self.number}"

    @property
    def path(self) -> str:
        return f"/companies/{self.company}/runs/{self.year}/{self.period}/{self.number}"


class _Stay(HTTPRedirectHandler):
    """Tells where a browser would be led to, and does not go there."""

    def redirect_request(self, *_: object) -> None:
        return None


class NmbrsSide:
    """The pages and the control port of the sandbox, over HTTP on this machine."""

    def __init__(self) -> None:
        self._control = os.environ["LOONBRUG_DEMO_NMBRS_CONTROL"]

    def consent(self, address: str, login: str) -> str:
        """Allow what the page at this address asks, with this login; the address that the browser is led back to."""
        parts = urlsplit(address)
        form = urlencode({"decision": "allow", "login": login}).encode()
        request = Request(address, data=form, headers={"Origin": f"{parts.scheme}://{parts.netloc}"})
        try:
            with build_opener(_Stay).open(request, timeout=10):
                raise ValueError(f"{login} cannot consent")
        except HTTPError as led:
            return str(led.headers["Location"])

    def newest_run(self, company: str) -> tuple[RunInNmbrs, bool]:
        """The newest run of a company, and whether it is locked."""
        runs = ask(f"{self._control}/companies/{company}/runs")["runs"]
        newest = max(runs, key=lambda run: (run["year"], run["period"], run["number"]))
        return RunInNmbrs(company, newest["year"], newest["period"], newest["number"]), newest["locked"]

    def add_run_with_correction(
        self, company: str, *, period: tuple[int, int], corrected: tuple[int, int]
    ) -> RunInNmbrs:
        """A run of this period that corrects another one, too; not locked yet."""
        year, number = period
        run = {
            "year": year,
            "period": number,
            "type": "normal_twk",
            "corrected": [corrected],
            "locked": False,
        }
        made = ask(f"{self._control}/companies/{company}/runs", "POST", run)
        return RunInNmbrs(company, year, number, made["number"])

    def lock(self, run: RunInNmbrs) -> None:
        """Vergrendelen: the payroll of this run is final."""
        ask(f"{self._control}{run.path}", "PATCH", {"locked": True})

    def amounts(self, run: RunInNmbrs) -> Amounts:
        """What the run has to book."""
        document = fromstring(read(f"{self._control}{run.path}/journalscostcenter"))
        return {
            date.fromisoformat(_text(transaction, "header/date")): _sums(transaction)
            for transaction in document.iter("transaction")
        }


def _sums(transaction: Element) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in transaction.iter("line"):
        value = Decimal(_text(line, "value"))
        is_credit = _text(line, "debitcredit") == "credit"
        sums[_text(line, "dim1"), _text(line, "dim2")] += -value if is_credit else value
    return sums


def _text(element: Element, path: str) -> str:
    return element.findtext(path, default="")
