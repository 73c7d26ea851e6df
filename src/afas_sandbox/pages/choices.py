"""What the selects of the forms offer in a place: (value, words) pairs."""

from dataclasses import dataclass

from afas_sandbox.books import Administration
from afas_sandbox.world import Environment

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of an environment and of the administration that is open in it."""

    environment: Environment
    administration: Administration | None

    @property
    def groups(self) -> Pairs:
        """User groups."""
        return [(group.code, f"{group.code} {group.name}") for group in self.environment.groups.values()]

    @property
    def users(self) -> Pairs:
        """Users."""
        return [(user.code, f"{user.code} ({user.name})") for user in self.environment.users.values()]

    @property
    def administrations(self) -> Pairs:
        """Administrations."""
        return [(str(one.id), f"{one.id} {one.name}") for one in self.environment.administrations.values()]

    @property
    def accounts(self) -> Pairs:
        """Ledger accounts."""
        accounts = sorted(self.environment.accounts.values(), key=lambda account: account.number)
        return [(account.number, f"{account.number} {account.description}") for account in accounts]

    @property
    def vat_codes(self) -> Pairs:
        """VAT codes."""
        return [(vat.code, f"{vat.code} {vat.description}") for vat in self.environment.vat_codes.values()]

    @property
    def axes(self) -> Pairs:
        """The axes in use in the environment."""
        return [
            (str(number), f"{number} {name}") for number, name in enumerate(self.environment.axis_names, 1)
        ]

    @property
    def codes(self) -> Pairs:
        """Allocation codes of all axes."""
        codes = sorted(self.environment.axis_codes.values(), key=lambda one: (one.axis, one.code))
        names = dict(self.axes)
        return [
            (
                f"{one.axis}/{one.code}",
                f"{names.get(str(one.axis), one.axis)} \\ {one.code} {one.description}",
            )
            for one in codes
        ]

    @property
    def periods(self) -> Pairs:
        """The periods of the open administration."""
        periods = self.administration.periods if self.administration else []
        return [
            (f"{one.year}-{one.number}", f"{one.year}-{one.number:02d} {one.description}") for one in periods
        ]
