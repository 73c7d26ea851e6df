"""What every page shows around its content."""

from functools import partial

from django.http import HttpRequest

from loonbrug.access.queries import office
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.delivery.queries import sending_is_paused


def shell(request: HttpRequest) -> dict[str, object]:
    """Names for the frame of the page: `office`, `rights.<part>.read` and `.write` to show or hide by, and
    `sending_is_paused`, which is asked only where it is shown.
    """
    scope: Scope | None = getattr(request, "scope", None)
    if scope is None:
        return {"office": None, "rights": {}}
    return {
        "office": office(scope=scope),
        "rights": _rights(scope),
        "sending_is_paused": partial(sending_is_paused, office_id=scope.office_id),
    }


def _rights(scope: Scope) -> dict[str, dict[str, bool]]:
    return {
        part.value: {
            "read": scope.allows(part, Level.READ),
            "write": scope.allows(part, Level.WRITE),
        }
        for part in Part
    }
