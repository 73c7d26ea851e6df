"""What is to be booked, made from a seed before anything is queued, and the environments it goes to."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

ENVIRONMENTS = ("11111", "22222", "33333", "44444", "55555")
#: Offices and the environments they have a way into; two environments are shared.
OFFICES = {
    "Noord": ("11111", "22222"),
    "Zuid": ("11111", "33333"),
    "Oost": ("22222", "44444"),
    "West": ("55555",),
}
ADMINISTRATIONS = 12
JOURNAL_CODES = ("90", "91")
ACCOUNTS = ("4000", "4010", "4050", "1700", "2100")
#: Every journal code gets at least so many entries.
LEAST_PER_LANE = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry to be booked exactly once."""

    office: str
    environment: str
    administration: int
    journal_code: str
    day: date
    lines: tuple[tuple[str, Decimal, Decimal], ...]

    @property
    def lane(self) -> tuple[str, int, str]:
        """Where it goes; AFAS gets one call at a time there."""
        return (self.environment, self.administration, self.journal_code)

    @property
    def content(self) -> tuple[Any, ...]:
        """What AFAS's books should show of it."""
        lines = tuple(
            sorted((account, f"{debit:.2f}", f"{credit:.2f}") for account, debit, credit in self.lines)
        )
        return (self.environment, self.administration, self.journal_code, self.day.isoformat(), lines)


def entries(count: int, seed: int) -> list[Entry]:
    """That many entries in any order, each with an amount of its own; as many for each environment."""
    chance = random.Random(seed)
    lanes = {environment: _lanes(environment, count) for environment in ENVIRONMENTS}
    made = []
    for number in range(count):
        turn, at = divmod(number, len(ENVIRONMENTS))
        environment = ENVIRONMENTS[at]
        office, administration, code = lanes[environment][turn % len(lanes[environment])]
        day = date(2026, 1, 1) + timedelta(days=chance.randrange(330))
        made.append(Entry(office, environment, administration, code, day, _lines(number, chance)))
    chance.shuffle(made)
    return made


def _lanes(environment: str, count: int) -> list[tuple[str, int, str]]:
    """So many journal codes of an environment, from all its offices, that each gets its least."""
    every = [
        (office, administration, code)
        for office, environments in OFFICES.items()
        if environment in environments
        for administration in _administrations(office)
        for code in JOURNAL_CODES
    ]
    wanted = max(1, min(len(every), count // len(ENVIRONMENTS) // LEAST_PER_LANE))
    return [every[at * len(every) // wanted] for at in range(wanted)]


def _administrations(office: str) -> range:
    """Offices that share an environment have administrations of their own there."""
    first = 1 + list(OFFICES).index(office) * ADMINISTRATIONS
    return range(first, first + ADMINISTRATIONS)


def _lines(number: int, chance: random.Random) -> tuple[tuple[str, Decimal, Decimal], ...]:
    """Debits on some accounts and one credit; the first amount tells entries apart."""
    nothing = Decimal("0.00")
    amounts = [Decimal(100_000 + number) / 100, Decimal(chance.randrange(1, 99_999)) / 100]
    debits = [(ACCOUNTS[at], amount, nothing) for at, amount in enumerate(amounts)]
    return (*debits, ("2100", nothing, sum(amounts, nothing)))


def sandbox_document() -> dict[str, Any]:
    """The environments as the control port takes them."""
    return {"environments": [_environment(number) for number in ENVIRONMENTS]}


def user_of(office: str, environment: str) -> str:
    return f"{environment}.{office.lower()}"


def keys_of(office: str, environment: str) -> tuple[str, str]:
    """API key and environment key of an office's App Connector."""
    digit = f"{list(OFFICES).index(office) + 1:X}"
    return f"A{digit * 31}", f"{environment}{digit * 27}"


def _environment(number: str) -> dict[str, Any]:
    offices = [office for office, ways in OFFICES.items() if number in ways]
    return {
        "participant": number,
        "type": "T",
        "groups": [{"code": "ADM", "name": "Administratie"}],
        "users": [_user(office, number) for office in offices],
        "app_connectors": [_app_connector(office, number) for office in offices],
        "accounts": [{"number": account, "description": account} for account in ACCOUNTS],
        "administrations": [
            {
                "id": administration,
                "name": f"Administratie {administration}",
                "calendar": {"kind": "months", "years": [2026]},
                "journals": [{"code": code, "description": "Loonjournaal"} for code in JOURNAL_CODES],
            }
            for office in offices
            for administration in _administrations(office)
        ],
    }


def _user(office: str, environment: str) -> dict[str, Any]:
    code = user_of(office, environment)
    return {"code": code, "name": office, "email": f"{code}@kantoor.example", "groups": ["ADM"]}


def _app_connector(office: str, environment: str) -> dict[str, Any]:
    api_key, environment_key = keys_of(office, environment)
    return {
        "id": list(OFFICES).index(office) + 1,
        "description": f"Loonbrug {office}",
        "group": "ADM",
        "api_key": api_key,
        "environment_key": environment_key,
        "blocked": False,
        "update_connectors": ["FiEntries"],
        "get_connectors": ["Profit_Administrations", "Profit_Transactions_Allocated"],
        "users": [user_of(office, environment)],
    }
