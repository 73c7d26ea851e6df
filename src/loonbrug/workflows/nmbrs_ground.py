"""What the edge gives to work with Nmbrs: clock, ids, a thread for the database, lines, the wish to stop."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loonbrug.connections.nmbrs_clients import ConnectionTokens, Writing, addresses, application, client
from nmbrs_client.client import IdentityClient, NmbrsClient
from nmbrs_client.transport import Transport
from nmbrs_client.wire import Request, Response


class PacedTransport:
    """A line that shares its calls at once with all others of this process: Nmbrs counts them per plan.

    What is posted goes to the identity service, which counts nothing: no claimed refresh token waits in a queue.
    """

    def __init__(self, transport: Transport, calls: asyncio.Semaphore) -> None:
        self._transport = transport
        self._calls = calls

    async def send(self, request: Request) -> Response:
        """See `Transport.send`."""
        if request.method == "POST":
            return await self._transport.send(request)
        async with self._calls:
            return await self._transport.send(request)


@dataclass(frozen=True, slots=True)
class Ground:
    """See the module. After `slice_seconds` work makes room when others wait for a place.

    In a rehearsal Nmbrs is looked at again `scale` times as soon.
    """

    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    write: Writing
    open_transport: Callable[[], AbstractAsyncContextManager[Transport]]
    is_stopping: Callable[[], bool]
    others_wait: Callable[[], bool]
    slice_seconds: float
    redirect_url: str
    scale: int = 1

    def tokens(self, *, connection_id: int, transport: Transport) -> ConnectionTokens:
        """The tokens of one connection. Raises NotRegisteredError."""
        registered = application(redirect_url=self.redirect_url)
        return ConnectionTokens(
            connection_id=connection_id,
            identity=IdentityClient(transport, registered, addresses()),
            write=self.write,
            now=self.now,
            new_id=self.new_id,
        )

    def client(self, *, connection_id: int, transport: Transport) -> NmbrsClient:
        """Nmbrs as one connection may see it. Raises NotRegisteredError."""
        tokens = self.tokens(connection_id=connection_id, transport=transport)
        return client(transport=transport, tokens=tokens)
