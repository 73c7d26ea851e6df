"""What the connectors that AFAS offers us (GET /metainfo) let the product do. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Feature(StrEnum):
    """What the product can do when the connector for it is in the app connector."""

    BOOKING = "booking"
    ADMINISTRATIONS = "administrations"
    LOOK_UP = "look_up"
    JOURNAL_CODES = "journal_codes"


class Kind(StrEnum):
    """The tab of the app connector in which the connector is added."""

    GET = "GetConnectors"
    UPDATE = "UpdateConnectors"


@dataclass(frozen=True, slots=True)
class Need:
    """One feature, and the connectors of which the first that is there gives it."""

    feature: Feature
    kind: Kind
    connectors: tuple[str, ...]
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Capability:
    """One feature with the connector that gives it here; without one, the feature is off."""

    need: Need
    connector: str = ""

    @property
    def is_there(self) -> bool:
        return bool(self.connector)


NEEDS = (
    Need(Feature.BOOKING, Kind.UPDATE, ("FiEntries",), is_required=True),
    Need(
        Feature.ADMINISTRATIONS,
        Kind.GET,
        ("Precal_Administraties", "Profit_Administrations"),
        is_required=True,
    ),
    Need(Feature.LOOK_UP, Kind.GET, ("Profit_Transactions_Allocated", "Profit_Transactions")),
    Need(Feature.JOURNAL_CODES, Kind.GET, ("Profit_Journals",)),
)


def capabilities(
    *,
    get_connectors: Collection[str],
    update_connectors: Collection[str],
    administrations_connector: str = "",
) -> tuple[Capability, ...]:
    """Every feature with the connector that gives it. A configured administrations list goes first."""
    offered = {Kind.GET: _by_name(get_connectors), Kind.UPDATE: _by_name(update_connectors)}

    def found(need: Need) -> str:
        wanted = need.connectors
        if need.feature is Feature.ADMINISTRATIONS and administrations_connector:
            wanted = (administrations_connector, *wanted)
        names = (offered[need.kind].get(name.casefold(), "") for name in wanted)
        return next(filter(None, names), "")

    return tuple(Capability(need, found(need)) for need in NEEDS)


def connector_for(feature: Feature, found: Iterable[Capability]) -> str:
    """The connector that gives this feature; empty if there is none."""
    return next(each.connector for each in found if each.need.feature is feature)


def _by_name(connectors: Collection[str]) -> dict[str, str]:
    """AFAS's spelling of each connector by its name in one case."""
    return {name.casefold(): name for name in connectors}
