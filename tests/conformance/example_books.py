"""The books in which a published FiEntries example can be booked, derived from the example alone.

Nothing here knows an example by its name: what the message refers to is what has to be there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from afas_sandbox import seeding
from afas_sandbox.books import JournalType
from afas_sandbox.world import World

USER = "12345.admin"
HOST = "12345.rest"
DEFAULT_INTERIM = "1999"
_BY_SIDE = {"2": "debtors", "3": "creditors"}


def listed(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]


def merged(content: Any) -> dict[str, Any]:
    """One object of what may be an object or a list of them; null and "" are as good as not there."""
    parts = [part.items() for part in listed(content or {})]
    return {key: value for part in parts for key, value in part if value not in (None, "")}


@dataclass(frozen=True)
class Line:
    fields: dict[str, Any]
    below: dict[str, list[dict[str, Any]]]

    @property
    def side(self) -> str:
        return str(self.fields["VaAs"])

    @property
    def account(self) -> str:
        return str(self.fields["AcNr"])

    def amount(self, name: str) -> Decimal:
        return Decimal(str(self.fields.get(name, 0)))


@dataclass(frozen=True)
class Example:
    """A published message, opened up."""

    header: dict[str, Any]
    lines: list[Line]

    @property
    def unit(self) -> int:
        return int(self.header.get("UnId", 1))

    @property
    def journal(self) -> str:
        return str(self.header["JoCo"])

    def has(self, flag: str) -> bool:
        return str(self.header.get(flag, "0")).lower() in ("1", "true")

    def below(self, name: str) -> Iterator[tuple[Line, dict[str, Any]]]:
        return ((line, fields) for line in self.lines for fields in line.below.get(name, []))

    @property
    def journal_type(self) -> JournalType:
        """A payment is on a relation and has no VAT, no due date and no number to be made."""
        sides = {line.side for line in self.lines}
        invoicing = self.has("AuNu") or any({"VaId", "DaEx"} & set(line.fields) for line in self.lines)
        if sides == {"1"}:
            return JournalType.GENERAL
        if not invoicing:
            return JournalType.FINANCIAL
        return JournalType.PURCHASE if "3" in sides else JournalType.SALES

    @property
    def years(self) -> list[int]:
        dates = [str(line.fields[name]) for line in self.lines for name in ("EnDa", "BpDa")]
        spread = [fields[name] for _, fields in self.below("FiTransEntries") for name in ("YeSt", "YeEn")]
        return sorted({int(self.header["Year"]), *(int(day[:4]) for day in dates), *map(int, spread)})

    @property
    def codes(self) -> list[tuple[str, int, str]]:
        """(account, axis, code) of every allocation that is kept.

        An axis is by hand on an account where every line on it has a code; elsewhere codes are dropped.
        """
        return [
            (line.account, axis, str(fields[f"DiC{axis}"]))
            for line, fields in self.below("FiDimEntries")
            for axis in range(1, 6)
            if all(self._has_code(other, axis) for other in self.lines if other.account == line.account)
        ]

    @staticmethod
    def _has_code(line: Line, axis: int) -> bool:
        return any(f"DiC{axis}" in fields for fields in line.below.get("FiDimEntries", []))


def opened(body: dict[str, Any]) -> Example:
    root = body["FiEntryPar"]["Element"]
    lines = []
    for element in listed(merged(root["Objects"])["FiEntries"]["Element"]):
        below = {
            name: [merged(part["Fields"]) for part in listed(content["Element"])]
            for name, content in merged(element.get("Objects")).items()
        }
        lines.append(Line(merged(element["Fields"]), below))
    return Example(merged(root["Fields"]), lines)


def world_for(example: Example) -> World:
    """A world that has just what the example needs."""
    world = World()
    seeding.apply(world, {"environments": [_environment(example)]})
    return world


def _environment(example: Example) -> dict[str, Any]:
    projects = [fields for _, fields in example.below("FiPrjEntries")]
    axes = max((axis for _, axis, _ in example.codes), default=0)
    return {
        "participant": "12345",
        "type": "O",
        "axis_names": [f"As {axis}" for axis in range(1, axes + 1)],
        "groups": [{"code": "ADM", "name": "Administratie"}],
        "users": [
            {"code": USER, "name": "Beheerder", "groups": ["ADM"], "last_administration": example.unit}
        ],
        "app_connectors": [_connector()],
        "accounts": _accounts(example),
        "vat_codes": _vat_codes(example),
        "projects": [{"number": n, "description": n} for n in {str(p["PrId"]) for p in projects}],
        "items": {str(fields["ItCd"]): "Item" for fields in projects},
        "employees": {str(fields["EmId"]): "Medewerker" for fields in projects if "EmId" in fields},
        "currencies": {str(line.fields["CuId"]): "1" for line in example.lines if "CuId" in line.fields},
        "axis_codes": [
            {"axis": axis, "code": code, "description": code}
            for axis, code in {(axis, code) for _, axis, code in example.codes}
        ],
        "administrations": [_administration(example)],
    } | {name: _relations(example, side) for side, name in _BY_SIDE.items()}


def _relations(example: Example, side: str) -> list[dict[str, Any]]:
    lines = [line for line in example.lines if line.side == side]
    return [
        {
            "number": number,
            "name": "Relatie",
            "bank_accounts": [
                str(line.fields["BankAccount"])
                for line in lines
                if line.account == number and "BankAccount" in line.fields
            ],
        }
        for number in sorted({line.account for line in lines})
    ]


def _connector() -> dict[str, Any]:
    return {
        "id": 1,
        "description": "Conformance",
        "group": "ADM",
        "api_key": "0" * 32,
        "environment_key": "1" * 32,
        "blocked": False,
        "update_connectors": ["FiEntries"],
    }


def _accounts(example: Example) -> list[dict[str, Any]]:
    interims = {str(f.get("SuAc", DEFAULT_INTERIM)) for _, f in example.below("FiTransEntries")}
    accounts = {number: {"number": number, "description": "Tussenrekening"} for number in interims}
    for line in example.lines:
        if line.side == "1":
            axes = {axis for account, axis, _ in example.codes if account == line.account}
            accounts[line.account] = {
                "number": line.account,
                "description": "Rekening",
                "vat_allowed_in": [example.unit] if "VaId" in line.fields else [],
                "axes": ["B" if axis in axes else "N" for axis in range(1, 6)],
                "to_project": "V" if "FiPrjEntries" in line.below else "N",
            }
    return list(accounts.values())


def _vat_codes(example: Example) -> list[dict[str, Any]]:
    direction = "I" if example.journal_type is JournalType.PURCHASE else "V"
    codes = {str(line.fields["VaId"]) for line in example.lines if "VaId" in line.fields}
    return [
        {"code": code, "description": "Btw", "account": "1500", "percentage": "21", "direction": direction}
        for code in codes
    ]


def _administration(example: Example) -> dict[str, Any]:
    return {
        "id": example.unit,
        "name": "Administratie",
        "interim_account": DEFAULT_INTERIM,
        "calendar": {"kind": "months", "years": example.years},
        "journals": [{"code": example.journal, "description": "Dagboek", "type": example.journal_type.value}],
        "assignments": [list(assignment) for assignment in example.codes],
        "invoices": _open_invoices(example),
    }


def _open_invoices(example: Example) -> list[dict[str, Any]]:
    if example.journal_type is not JournalType.FINANCIAL:
        return []
    return [
        {"number": str(ln.fields["InId"]), "ledger": ln.side, "relation": ln.account, "open_amount": "10000"}
        for ln in example.lines
        if ln.side != "1" and "InId" in ln.fields
    ]
