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

    def text(self, name: str, *, longest: int) -> str:
        """The text of a field, without blanks around it."""
        text = self._first(name).strip()
        if not text:
            self.errors[name] = EMPTY
        elif len(text) > longest:
            self.errors[name] = TOO_LONG
        elif not text.isprintable():
            self.errors[name] = NOT_PRINTABLE
        return text

    def choice(self, name: str, allowed: Collection[str]) -> str:
        """The chosen value; it must be one of those offered."""
        text = self._first(name)
        if text not in allowed:
            self.errors[name] = NOT_A_CHOICE
        return text

    def _first(self, name: str) -> str:
        return next((text for text in self._data.getlist(name) if isinstance(text, str)), "")


async def read(request: Request) -> Form:
    """The form of a POST. Raises a calm 415 for anything else, such as an upload or a thousand fields."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(415, NOT_A_FORM)
    try:
        return Form(await request.form())
    except HTTPException:
        raise HTTPException(415, NOT_A_FORM) from None
