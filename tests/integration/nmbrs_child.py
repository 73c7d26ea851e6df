"""A process of its own that wants an access token, and can be made to stand still at one point to be killed there.

    python -m tests.integration.nmbrs_child prepare COUNT
    python -m tests.integration.nmbrs_child token CONNECTION POINT SECONDS_LATER

Everything that refreshes is the product's own; only the line and the database's thread are watched.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import django

from nmbrs_client import wire
from nmbrs_client.auth import Tokens
from nmbrs_client.client import IdentityClient
from nmbrs_client.errors import ConsentEnded
from nmbrs_client.transport import AiohttpTransport


def stand_still(point: str, wanted: str) -> None:
    """Say where we are and wait to be killed, when this is the point."""
    if point == wanted:
        sys.stdout.write(f"{point}\n")
        sys.stdout.flush()
        time.sleep(60)


class WatchedLine:
    """The real line, with a point before the token leaves and one after the answer came."""

    def __init__(self, transport: AiohttpTransport, wanted: str) -> None:
        self._transport = transport
        self._wanted = wanted

    async def send(self, request: wire.Request) -> wire.Response:
        stand_still("claimed", self._wanted)
        answer = await self._transport.send(request)
        stand_still("spent", self._wanted)
        return answer


def prepare(count: int) -> list[int]:
    """An office with so many connections, whose access tokens have ended."""
    from django.core.management import call_command

    from loonbrug.access.operations import create_office
    from loonbrug.connections.nmbrs_operations import record_consent

    call_command("migrate", verbosity=0)
    now = datetime.now(UTC)
    office = create_office(name="Noord", user_email="a@noord.example", user_name="Anna", now=now)
    made = (
        record_consent(
            office_id=office.id,
            tokens=Tokens(f"access-{number}-0", f"refresh-{number}-0", timedelta(0), frozenset()),
            by="Anna",
            renews_id=None,
            now=now,
        )
        for number in range(count)
    )
    return [each.id for each in made]


async def token(connection_id: int, wanted: str, later: timedelta) -> str:
    """What `ConnectionTokens` gives at that moment."""
    from loonbrug.connections.nmbrs_clients import ConnectionTokens, addresses, application
    from loonbrug.connections.nmbrs_operations import claim_refresh, record_pair

    async def write(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        inner = getattr(operation, "func", operation)
        if inner is claim_refresh:
            stand_still("asked", wanted)
        done = await asyncio.to_thread(partial(operation, *args, **kwargs))
        if inner is record_pair:
            stand_still("kept", wanted)
        return done

    async with AiohttpTransport() as transport:
        registered = application(redirect_url="http://127.0.0.1/")
        tokens = ConnectionTokens(
            connection_id=connection_id,
            identity=IdentityClient(WatchedLine(transport, wanted), registered, addresses()),
            write=write,
            now=lambda: datetime.now(UTC) + later,
            new_id=uuid4,
        )
        try:
            return await tokens.current()
        except ConsentEnded:
            return "consent ended"


def show(connection_id: int) -> dict[str, str | int]:
    """What the office sees of the connection."""
    from loonbrug.connections.models import NmbrsConnection
    from loonbrug.watch.models import Mail

    row = NmbrsConnection.objects.get(id=connection_id)
    mails = Mail.objects.filter(params__connection_id=str(connection_id))
    return {"state": row.state, "reason": row.reason, "mails": mails.count()}


def main() -> None:
    django.setup()
    what, *words = sys.argv[1:]
    told: object
    if what == "prepare":
        told = prepare(int(words[0]))
    else:
        got = asyncio.run(token(int(words[0]), words[1], timedelta(seconds=int(words[2]))))
        told = {"got": got, **show(int(words[0]))}
    sys.stdout.write(f"{json.dumps(told)}\n")


if __name__ == "__main__":
    main()
