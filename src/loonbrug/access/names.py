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
        place = Place(field=field)
        if not clean:
            self.wrong(problem("typed_nothing", place=place, who=Who.OFFICE_ADMIN))
        elif not clean.isprintable():
            self.wrong(problem("typed_invisible", place=place, who=Who.OFFICE_ADMIN))
        elif "<" in clean or ">" in clean:
            self.wrong(problem("typed_markup", place=place, who=Who.OFFICE_ADMIN))
        elif len(clean) > longest:
            self.wrong(
                problem("typed_too_long", place=place, who=Who.OFFICE_ADMIN, length=len(clean), limit=longest)
            )
        return clean

    def number(self, field: str, text: str, *, longest: int) -> str:
        """As a name, and without spaces inside: it has to equal a number in another system."""
        clean = self.name(field, text, longest=longest)
        if clean.isprintable() and " " in clean:
            self.wrong(problem("typed_with_spaces", place=Place(field=field), who=Who.OFFICE_ADMIN))
        return clean

    def wrong(self, found: Problem) -> None:
        """Something more is wrong."""
        self._problems.append(found)

    def done(self) -> None:
        """Raise ProblemsError if anything was wrong."""
        if self._problems:
            raise ProblemsError(*self._problems)
