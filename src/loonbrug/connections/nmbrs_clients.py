"""The way to Nmbrs of one connection: the application of this installation, and tokens that outlive the process."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, Protocol, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from loonbrug.access.rights import NotFoundError
from loonbrug.connections import nmbrs_operations, nmbrs_queries
from loonbrug.connections.models import NmbrsState
from loonbrug.connections.nmbrs_queries import Pair
from nmbrs_client.auth import NMBRS, Addresses, Application, Tokens
from nmbrs_client.client import IdentityClient, NmbrsClient
from nmbrs_client.errors import ConsentEnded, NmbrsError
from nmbrs_client.transport import Transport

P = ParamSpec("P")
R = TypeVar("R")

#: An access token is renewed this long before it ends.
_BEFORE_END = timedelta(minutes=5)
#: How soon to look whether somebody else's refresh is done, or to offer a new pair to the database again.
_AGAIN_SECONDS = 0.25


class NotRegisteredError(Exception):
    """This installation has no application at Nmbrs: its client id, secret or subscription key is not set."""


class Writing(Protocol):
    """Runs an operation on the database, off the event loop's thread."""

    def __call__(self, operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Awaitable[R]: ...


def is_registered() -> bool:
    """Whether this installation has its application at Nmbrs."""
    return all((settings.NMBRS_CLIENT_ID, settings.NMBRS_SECRET, settings.NMBRS_SUBSCRIPTION_KEY))


def application(*, redirect_url: str) -> Application:
    """What Nmbrs knows this installation as. Raises NotRegisteredError."""
    if not is_registered():
        raise NotRegisteredError
    return Application(
        client_id=settings.NMBRS_CLIENT_ID,
        client_secret=settings.NMBRS_SECRET,
        subscription_key=settings.NMBRS_SUBSCRIPTION_KEY,
        redirect_url=redirect_url,
    )


def addresses() -> Addresses:
    """Nmbrs's own addresses, or those of a sandbox that everything is pointed at."""
    base = settings.NMBRS_URL.rstrip("/")
    if not base:
        return NMBRS
    return Addresses(
        authorize=f"{base}/connect/authorize",
        token=f"{base}/connect/token",
        revocation=f"{base}/connect/revocation",
        api=base,
    )


class ConnectionTokens:
    """The `AccessTokens` of one connection. Whichever process needs a newer pair, one of them gets it for all."""

    def __init__(
        self,
        *,
        connection_id: int,
        identity: IdentityClient,
        write: Writing,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._connection_id = connection_id
        self._identity = identity
        self._write = write
        self._now = now
        self._new_id = new_id
        self._pair: Pair | None = None
        self._one_at_a_time = asyncio.Lock()

    async def current(self) -> str:
        """A token that has not ended. Raises ConsentEnded, NmbrsError, NotFoundError, SecretUnreadableError."""
        async with self._one_at_a_time:
            pair = self._pair or await self._read()
            if pair.ends_at - _BEFORE_END <= self._now():
                pair = await self._newer_than(pair.serial)
            self._pair = pair
        return pair.access_token

    async def after_refusal(self, refused: str) -> str:
        """A newer token than the refused one; raises as `current` does."""
        async with self._one_at_a_time:
            pair = await self._read()
            if pair.access_token == refused:
                pair = await self._newer_than(pair.serial)
            self._pair = pair
        return pair.access_token

    async def _newer_than(self, serial: int) -> Pair:
        while True:
            pair = await self._read()
            if pair.serial != serial:
                return pair
            spending_id = self._new_id()
            refresh_token = await self._claimed(serial, spending_id)
            if refresh_token is not None:
                return await self._spend(refresh_token, serial, spending_id)
            await asyncio.sleep(_AGAIN_SECONDS)
            await self._write(nmbrs_operations.stop_lost_refreshes, now=self._now())

    async def _claimed(self, serial: int, spending_id: UUID) -> str | None:
        try:
            return await self._write(
                nmbrs_operations.claim_refresh,
                connection_id=self._connection_id,
                pair_serial=serial,
                spending_id=spending_id,
                now=self._now(),
            )
        except (OperationalError, InterfaceError):
            await self._release(spending_id)  # the claim may be stored all the same
            raise

    async def _spend(self, refresh_token: str, serial: int, spending_id: UUID) -> Pair:
        try:
            tokens = await self._identity.refresh(refresh_token)
        except ConsentEnded as ended:
            await self._write(
                nmbrs_operations.stop,
                connection_id=self._connection_id,
                pair_serial=serial,
                reason=ended.key,
                now=self._now(),
            )
            raise
        except (NmbrsError, asyncio.CancelledError):
            # Cancelled means that a stop breaks the call off: nothing more leaves.
            await self._release(spending_id)
            raise
        await self._keep(tokens, spending_id)
        return await self._read()

    async def _keep(self, tokens: Tokens, spending_id: UUID) -> None:
        """The pair is the only one there is."""
        keep = partial(nmbrs_operations.record_pair, tokens=tokens, now=self._now())
        await self._offer(keep, spending_id)

    async def _release(self, spending_id: UUID) -> None:
        """A claim that stays would count as a refresh that died."""
        await self._offer(nmbrs_operations.release_refresh, spending_id)

    async def _offer(self, operation: Callable[..., object], spending_id: UUID) -> None:
        """Until the database has taken it."""
        while True:
            try:
                await self._write(operation, connection_id=self._connection_id, spending_id=spending_id)
            except (OperationalError, InterfaceError):
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    async def _read(self) -> Pair:
        pair = await self._write(nmbrs_queries.pair, connection_id=self._connection_id)
        if pair is None:
            raise NotFoundError("Nmbrs connection", self._connection_id)
        if pair.state is NmbrsState.CONSENT_NEEDED:
            raise ConsentEnded("this connection waits for a person's consent")
        return pair


def client(*, transport: Transport, tokens: ConnectionTokens) -> NmbrsClient:
    """Nmbrs as one connection may see it."""
    return NmbrsClient(transport, addresses(), settings.NMBRS_SUBSCRIPTION_KEY, tokens)
