"""Reading a form: every field is checked, every fault is told at its field."""

from collections.abc import Collection

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

EMPTY = "Fill in this field."
TOO_LONG = "This is too long."
NOT_PRINTABLE = "This holds characters that cannot be shown."
NOT_A_FORM = "This cannot be read as a form."
NOT_A_CHOICE = "Choose one of the values that are offered."


class Form:
    """A filled-in form. `errors` holds an English text per field."""

    def __init__(self, data: FormData) -> None:
        self._data = data
        self.errors: dict[str, str] = {}

    def all(self, name: str) -> list[str]:
        """All texts that came under a name."""
        return [text for text in self._data.getlist(name) if isinstance(text, str)]

    def values(self, *, many: Collection[str] = ()) -> dict[str, str | list[str]]:
        """What was filled in, to show it again; the names in `many` are groups of boxes."""
        texts = {name: self.all(name) for name in self._data}
        return {name: found[0] for name, found in texts.items() if found} | {
            name: self.all(name) for name in many
        }

    def text(self, name: str, *, longest: int, required: bool = True) -> str:
        """The text of a field, without blanks around it."""
        text = next(iter(self.all(name)), "").strip()
        if required and not text:
            self.errors[name] = EMPTY
        elif len(text) > longest:
            self.errors[name] = TOO_LONG
        elif not text.isprintable():
            self.errors[name] = NOT_PRINTABLE
        return text

    def choice(self, name: str, allowed: Collection[str]) -> str:
        """The chosen value of a select; it must be one of those offered."""
        text = next(iter(self.all(name)), "")
        if text not in allowed:
            self.errors[name] = NOT_A_CHOICE
        return text

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.all(name))

    def chosen(self, name: str, allowed: Collection[str]) -> set[str]:
        """The ticked boxes of a group of boxes."""
        texts = set(self.all(name))
        if not texts <= set(allowed):
            self.errors[name] = NOT_A_CHOICE
        return texts


async def read(request: Request) -> Form:
    """The form of a POST. Raises a calm 415 for anything else, such as an upload or a thousand fields."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(415, NOT_A_FORM)
    try:
        return Form(await request.form())
    except HTTPException:
        raise HTTPException(415, NOT_A_FORM) from None
