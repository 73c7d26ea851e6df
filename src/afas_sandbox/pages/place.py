"""Where a request is: which environment, which administration; and showing a page there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from afas_sandbox.books import Administration
from afas_sandbox.pages.choices import Choices
from afas_sandbox.pages.layout import Crumb, render
from afas_sandbox.pages.menu import GROUPS, Item
from afas_sandbox.sandbox import Sandbox
from afas_sandbox.world import Environment, World

ADMINISTRATION_COOKIE = "sandbox_administration"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """An environment, and the administration that is open in it (None only while it has none)."""

    environment: Environment
    administration: Administration | None
    root: str

    @property
    def key(self) -> str:
        """The environment's code without its suffix: `O12345`."""
        return f"{self.environment.type.value}{self.environment.participant}"

    @property
    def path(self) -> str:
        """Where the environment's pages start."""
        return f"{self.root}/{self.key}/"

    @property
    def opened(self) -> Administration:
        """The open administration. Raises a calm 404 while there is none."""
        if self.administration is None:
            raise HTTPException(404, "This environment has no such administration.")
        return self.administration

    @property
    def administration_path(self) -> str:
        """Where the open administration's pages start."""
        return f"{self.path}administrations/{self.opened.id}/"

    def href(self, item: Item) -> str:
        """The address of a page of the menu here."""
        if not item.of_administration:
            return self.path + item.path
        return (
            f"{self.administration_path}{item.path}"
            if self.administration
            else f"{self.path}administrations/"
        )


def sandbox_of(request: Request) -> Sandbox:
    """The sandbox that these pages show; a reset gives it another world."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def place_of(request: Request) -> Place:
    """The environment and administration that the address names. Raises a calm 404 for others."""
    environment = _environment(sandbox_of(request).world, request.path_params["environment"])
    return Place(
        environment=environment,
        administration=_administration(request, environment),
        root=request.scope.get("root_path", ""),
    )


def _environment(world: World, key: str) -> Environment:
    for environment in world.environments.values():
        if key.upper() == f"{environment.type.value}{environment.participant}":
            return environment
    raise HTTPException(404, "There is no such environment.")


def _administration(request: Request, environment: Environment) -> Administration | None:
    """The one that the address names; on other pages the one opened last, otherwise the first."""
    by_number = {str(number): one for number, one in environment.administrations.items()}
    named = request.path_params.get("administration")
    if named is None:
        opened = by_number.get(request.cookies.get(ADMINISTRATION_COOKIE, ""))
        return opened or next(iter(by_number.values()), None)
    if named not in by_number:
        raise HTTPException(404, "This environment has no such administration.")
    return by_number[named]


def show(
    request: Request,
    template: str,
    *,
    item: Item,
    title: str = "",
    above: Sequence[Crumb] = (),
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Answer with a page of the menu's `item`; `title` and `above` for a page below it.

    `values` fill the page's form; a field that is not among them stays empty.
    """
    place = place_of(request)
    steps = [Crumb(text=step) for step in item.trail[:-1]]
    crumbs = [*steps, *([Crumb(text=item.name, href=place.href(item)), *above] if title else [])]
    return render(
        request,
        template,
        title=title or item.name,
        crumbs=crumbs,
        errors=errors,
        values=defaultdict(str, values or {}),
        place=place,
        item=item,
        groups=GROUPS,
        environment=place.environment,
        administration=place.administration,
        choices=Choices(place.environment, place.administration),
        **context,
    )
