"""Names and numbers that people type, made clean, with what is wrong about them. Pure."""

import unicodedata

from loonbrug.ledger.problems import Place, Problem, ProblemsError, Who, problem


class Typed:
    """Collects what is wrong in a form's texts, so that everything is told at once."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def name(self, field: str, text: str, *, longest: int) -> str:
        """Without spaces around it; printable, not empty, at most `longest` characters, no HTML."""
        clean = unicodedata.normalize("NFC", text).strip()
        if not clean:
            self.wrong(field, "text_missing")
        elif not clean.isprintable():
            self.wrong(field, "text_not_printable")
        elif "<" in clean or ">" in clean:
            self.wrong(field, "text_is_markup")
        elif len(clean) > longest:
            self.wrong(field, "text_too_long", length=len(clean), longest=longest)
        return clean

    def number(self, field: str, text: str, *, longest: int) -> str:
        """As a name, and without spaces inside: it has to equal a number in another system."""
        clean = self.name(field, text, longest=longest)
        if clean.isprintable() and " " in clean:
            self.wrong(field, "number_has_spaces")
        return clean

    def wrong(self, field: str, code: str, **params: object) -> None:
        """Something is wrong with this field."""
        self._problems.append(problem(code, place=Place(field=field), who=Who.OFFICE_ADMIN, **params))

    def done(self) -> None:
        """Raise ProblemsError if anything was wrong."""
        if self._problems:
            raise ProblemsError(*self._problems)
