"""Consent at Nmbrs: ask for it, take it, and find out whose it is.

A person consents in the browser, with a login of the debtor. What comes back belongs to the session that asked:
its state is used once. No transaction is open while Nmbrs is asked.
"""

import asyncio
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.audit.operations import write
from loonbrug.connections import nmbrs_operations as operations
from loonbrug.connections import nmbrs_queries as queries
from loonbrug.connections.nmbrs_clients import NotRegisteredError, addresses, application
from loonbrug.connections.nmbrs_queries import NmbrsConnectionView
from loonbrug.directory import nmbrs_operations as directory
from loonbrug.directory import nmbrs_queries as seen
from loonbrug.ledger.problems import ProblemsError, Who, problem
from loonbrug.workflows.nmbrs_calls import identify
from nmbrs_client.auth import Tokens, authorize_url, challenge_of

#: A consent takes no longer than this from the click to the way back.
CONSENT_LIFE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the session keeps until the person comes back from Nmbrs."""

    state: str
    verifier: str
    at: datetime
    connection_id: int | None


def ask_consent(*, scope: Scope, asked: Asked, redirect_url: str) -> str:
    """The address at Nmbrs where a person consents. Raises ProblemsError, NotAllowedError, NotFoundError."""
    scope.require(Part.NMBRS_SETTINGS, Level.WRITE)
    if asked.connection_id is not None:
        queries.connection_of(office_id=scope.office_id, connection_id=asked.connection_id)
    try:
        registered = application(redirect_url=redirect_url)
    except NotRegisteredError as missing:
        raise ProblemsError(problem("nmbrs_not_registered", who=Who.OPERATOR)) from missing
    return authorize_url(registered, addresses(), asked.state, challenge_of(asked.verifier))
