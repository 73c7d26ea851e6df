"""Parts of the product, levels of right on them, and the scope in which everything is asked and done."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What a template gives a level on."""

    AFAS_SETTINGS = "afas_settings"
    NMBRS_SETTINGS = "nmbrs_settings"
    MAPPINGS = "mappings"
    JOURNAL_EXPORT = "journal_export"
    WORKFLOW = "workflow"
    REVERSAL = "reversal"
    DIRECTORY = "directory"
    USERS = "users"


class Level(StrEnum):
    """None hides the part, read shows it, write lets the user act on it."""

    NONE = "none"
    READ = "read"
    WRITE = "write"

    def allows(self, wanted: "Level") -> bool:
        order = list(Level)
        return order.index(self) >= order.index(wanted)


class NotAllowedError(Exception):
    """The user's template does not give this level on this part; an office administrator can change it."""

    def __init__(self, part: Part, level: Level) -> None:
        super().__init__(f"{level} on {part} is needed")
        self.part = part
        self.level = level


class NotFoundError(Exception):
    """There is no such thing in this office (it may exist in another: the answer is the same)."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"no {kind} {key} in this office")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, for which office, and with which rights. Every query and operation is given one."""

    office_id: int
    user_id: int | None
    user_name: str
    rights: Mapping[Part, Level]

    def level(self, part: Part) -> Level:
        return self.rights.get(part, Level.NONE)

    def allows(self, part: Part, level: Level) -> bool:
        return self.level(part).allows(level)

    def require(self, part: Part, level: Level) -> None:
        """Raise NotAllowedError unless the template gives this level on this part."""
        if not self.allows(part, level):
            raise NotAllowedError(part, level)


def service_scope(office_id: int) -> Scope:
    """The scope in which the service itself works for an office, without a person."""
    return Scope(
        office_id=office_id, user_id=None, user_name="Loonbrug", rights=dict.fromkeys(Part, Level.WRITE)
    )
