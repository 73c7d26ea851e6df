"""The reader's language, and words on the screen for what the code knows by name."""

from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from loonbrug.access.rights import Level, Part
from loonbrug.screens.problem_texts import Language

_PARTS = {
    Part.AFAS_SETTINGS: _("AFAS Profit settings"),
    Part.NMBRS_SETTINGS: _("Nmbrs settings"),
    Part.MAPPINGS: _("Administrations (mappings)"),
    Part.JOURNAL_EXPORT: _("Journal export"),
    Part.WORKFLOW: _("Workflow"),
    Part.REVERSAL: _("Reversing what is booked"),
    Part.DIRECTORY: _("Debtors and companies"),
    Part.USERS: _("Users and templates"),
}
_LEVELS = {
    Level.NONE: pgettext_lazy("right", "None"),
    Level.READ: pgettext_lazy("right", "Read"),
    Level.WRITE: pgettext_lazy("right", "Write"),
}


def language() -> Language:
    """The reader's language."""
    return "en" if get_language() == "en" else "nl"


def part_name(part: Part) -> str:
    """What users call this part of the product."""
    return str(_PARTS[part])


def level_name(level: Level) -> str:
    """What users call this level of right."""
    return str(_LEVELS[level])
