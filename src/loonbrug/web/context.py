"""What every page shows around its content."""

from django.http import HttpRequest

from loonbrug.access.queries import office
from loonbrug.access.rights import Level, Part, Scope


def shell(request: HttpRequest) -> dict[str, object]:
    """Names for the frame of the page: `office`, and `rights.<part>.read` and `.write` to show or hide by."""
    scope: Scope | None = getattr(request, "scope", None)
    if scope is None:
        return {"office": None, "rights": {}}
    return {"office": office(scope=scope), "rights": _rights(scope)}


def _rights(scope: Scope) -> dict[str, dict[str, bool]]:
    return {
        part.value: {
            "read": scope.allows(part, Level.READ),
            "write": scope.allows(part, Level.WRITE),
        }
        for part in Part
    }
