"""The GetConnectors: which there are, their fields, and their rows as the token's user may see them.

Fields as published in AFAS's Mutaties API. Rows of administrations that the filter authorisation
hides are simply not there. Empty fields are null.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TypeAlias
from zoneinfo import ZoneInfo

from afas_sandbox.access import User
from afas_sandbox.books import AXES, Administration, EmployerCode, Entry, EntryLine
from afas_sandbox.world import Environment

Cell: TypeAlias = str | int | bool | Decimal | date | datetime | None
Row: TypeAlias = dict[str, Cell]

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True)
class ConnectorField:
    name: str
    type: str
    length: int
    label: str


@dataclass(frozen=True)
class GetConnector:
    name: str
    description: str
    fields: tuple[ConnectorField, ...]

    def field(self, name: str) -> ConnectorField | None:
        return next((field for field in self.fields if field.name.lower() == name.lower()), None)


@cache
def get_connectors() -> dict[str, GetConnector]:
    """All GetConnectors by name, from `get_connectors.toml`."""
    text = resources.files("afas_sandbox").joinpath("get_connectors.toml").read_text("utf-8")
    return {
        name: GetConnector(
            name,
            entry["description"],
            tuple(ConnectorField(field, *rest) for field, rest in entry["fields"].items()),
        )
        for name, entry in tomllib.loads(text).items()
    }


def rows(name: str, environment: Environment, user: User) -> Iterator[Row]:
    """The rows of a GetConnector, unfiltered and in no promised order."""
    return _ROWS[name](environment, user)


def moment(value: datetime) -> str:
    """A moment as AFAS writes it: Amsterdam's clock, with a Z that is not true."""
    return f"{value.astimezone(AMSTERDAM):%Y-%m-%dT%H:%M:%S}Z"


def day(value: date) -> str:
    return f"{value.isoformat()}T00:00:00Z"


def _visible(environment: Environment, user: User) -> Iterator[Administration]:
    return (a for a in environment.administrations.values() if user.may_see(a.id))


def _administrations(environment: Environment, user: User) -> Iterator[Row]:
    for administration in _visible(environment, user):
        yield {
            "AdminId": administration.id,
            "AdminNm": administration.name,
            "AdminCd": administration.code or None,
        }


def _journals(environment: Environment, user: User) -> Iterator[Row]:
    for administration in _visible(environment, user):
        for journal in administration.journals.values():
            yield {
                "UnitId": administration.id,
                "JournalId": journal.code,
                "Description": journal.description,
                "JournalType": journal.type.value,
                "Blocked": journal.blocked,
            }


def _accounts(environment: Environment, user: User) -> Iterator[Row]:
    seen = {administration.id for administration in _visible(environment, user)}
    for account in environment.accounts.values():
        axes: Row = {f"DimAx{axis}": account.axes[axis - 1].value for axis in range(1, AXES + 1)}
        row: Row = {
            "Account": account.number,
            "Description": account.description,
            "Type": account.type,
            "Sort": account.kind,
            "Blocked": account.blocked,
            "CollectAccount": False,
            "CollectAccountType": None,
            "Feature": "1",
            "CollectOn": None,
            "VatAllowed": bool(account.vat_allowed_in & seen),
            "VatCode": account.vat_code or None,
            "Budget": None,
            "ToProject": account.to_project.value,
        }
        yield row | axes


def _periods(environment: Environment, user: User) -> Iterator[Row]:
    for administration in _visible(environment, user):
        for period in administration.periods:
            yield {
                "Unit": administration.id,
                "Year": period.year,
                "Period": period.number,
                "PeriodDesc": period.description,
                "DateFrom": period.first,
                "DateTo": period.last,
                "Blocked": period.blocked,
                "Periodtable": administration.period_table,
                "TableDesc": administration.period_table_name,
            }


def _assignments(environment: Environment, user: User) -> Iterator[Row]:
    names = environment.axis_names
    for administration in _visible(environment, user):
        for account, axis, code in sorted(administration.assignments):
            known = environment.axis_codes.get((axis, code))
            yield {
                "Unit": administration.id,
                "Account": account,
                "DimAx": str(axis),
                "AxDescription": names[axis - 1] if axis <= len(names) else None,
                "DimCode": code,
                "CodeDescription": known.description if known else None,
            }


def _vat_codes(environment: Environment, _user: User) -> Iterator[Row]:
    for code in environment.vat_codes.values():
        yield {
            "VatCode": code.code,
            "Description": code.description,
            "AccountNr": code.account or None,
            "VatPerc": code.percentage,
            "VatDuty": None,
            "Blocked": code.blocked,
            "VatMethod": None,
            "VatType": code.direction.value,
        }


def _lines(environment: Environment, user: User) -> Iterator[tuple[Administration, Entry, EntryLine]]:
    for administration in _visible(environment, user):
        for entry in administration.entries.values():
            for line in entry.lines:
                yield administration, entry, line


def _transaction(administration: Administration, entry: Entry, line: EntryLine) -> Row:
    return {
        "UnitId": administration.id,
        "EntryNo": entry.number,
        "SeqNo": line.sequence,
        "Year": line.year,
        "Period": line.period,
        "JournalId": entry.journal,
        "AccountNo": line.account,
        "AmtDebit": line.debit,
        "AmtCredit": line.credit,
        "EntryDate": line.entry_date,
        "InvoiceId": line.invoice or None,
        "VoucherDate": line.voucher_date,
        "VoucherNo": line.voucher_number or None,
        "VatCode": line.vat_code or None,
        "VatAmt": line.vat_amount,
        "Description": line.description or None,
        "Created": entry.created_at,
        "Modified": entry.created_at,
    }


def _transactions(environment: Environment, user: User) -> Iterator[Row]:
    return (_transaction(*found) for found in _lines(environment, user))


def _transactions_allocated(environment: Environment, user: User) -> Iterator[Row]:
    for administration, entry, line in _lines(environment, user):
        account = environment.accounts.get(line.account) if line.ledger == "1" else None
        yield (
            _transaction(administration, entry, line)
            | {"Omschrijving": account.description if account else None}
            | {"Type": account.type if account else None, "Collect_On": None}
            | {f"DimAx{axis}": line.codes[axis - 1] or None for axis in range(1, AXES + 1)}
        )


def _changed_days(environment: Environment, user: User) -> Iterator[Row]:
    changed: dict[date, datetime] = {}
    for administration in _visible(environment, user):
        for entry_date, at in administration.changed_days.items():
            changed[entry_date] = max(at, changed.get(entry_date, at))
    for entry_date, at in changed.items():
        yield {"EntryDate": entry_date, "Modified": at}


def _employer_codes(codes: list[EmployerCode], code_field: str) -> Iterator[Row]:
    for code in codes:
        yield {
            "EmployerId": code.employer,
            code_field: code.code,
            "Description": code.description,
            "Blocked": code.blocked,
            "ModifiedDate": code.modified_at,
        }


_ROWS: dict[str, Callable[[Environment, User], Iterator[Row]]] = {
    "Precal_Administraties": _administrations,
    "Profit_Administrations": _administrations,
    "Profit_Journals": _journals,
    "Profit_Accounts": _accounts,
    "Profit_periods_per_administration": _periods,
    "Profit_Allocation_Assigments": _assignments,
    "Profit_VAT_code": _vat_codes,
    "Profit_Transactions": _transactions,
    "Profit_Transactions_Allocated": _transactions_allocated,
    "Profit_Fin_ChangedEntrydate": _changed_days,
    "Profit_CostCentre": lambda environment, _: _employer_codes(environment.cost_centres, "CostCentre"),
    "Profit_CostCarrier": lambda environment, _: _employer_codes(environment.cost_carriers, "CostCarrier"),
}
