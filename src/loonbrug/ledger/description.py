"""Descriptions of booked lines by a template, such as `Loon {periode}-{jaar} {omschrijving}`.

There is no placeholder for an employee, so that no template can put one into the books.
"""

import re
from dataclasses import dataclass

from loonbrug.ledger.entry import tidy
from loonbrug.ledger.run_name import RunName

#: What each placeholder stands for. Books are kept in Dutch, so Dutch names come first; English ones do as well.
PLACEHOLDERS = {
    "jaar": "year",
    "periode": "period",
    "run": "run",
    "bedrijf": "company",
    "omschrijving": "description",
    "year": "year",
    "period": "period",
    "company": "company",
    "description": "description",
}
LONGEST_TEMPLATE = 120

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class DescriptionTemplateError(ValueError):
    """The text is not a template: `code` says why, and `name` names the placeholder that is not known."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(f"{code} {name}".rstrip())
        self.code = code
        self.name = name


@dataclass(frozen=True, slots=True)
class DescriptionTemplate:
    """A template that replaces every line's description.

    Raises DescriptionTemplateError: template_too_long, template_not_printable, template_braces (a brace without its
    other one), template_placeholder (one that is not known).
    """

    text: str

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST_TEMPLATE:
            raise DescriptionTemplateError("template_too_long")
        if not self.text.isprintable():
            raise DescriptionTemplateError("template_not_printable")
        if set("{}") & set(_PLACEHOLDER.sub("", self.text)):
            raise DescriptionTemplateError("template_braces")
        for name in _PLACEHOLDER.findall(self.text):
            if name not in PLACEHOLDERS:
                raise DescriptionTemplateError("template_placeholder", name)

    def filled(self, run: RunName, description: str) -> str:
        """The description of a line of this run whose own description is given."""
        values = {
            "year": str(run.year),
            "period": str(run.period),
            "run": str(run.number),
            "company": run.company,
            "description": description,
        }
        return tidy(_PLACEHOLDER.sub(lambda found: values[PLACEHOLDERS[found[1]]], self.text))
