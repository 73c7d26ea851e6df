"""Whatever Nmbrs or something in between sends back, no error, no evidence and no repr shows a secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.nmbrs_client.scripted import KEY, NEWER, TOKEN, Clock, Kept, Scripted

from nmbrs_client import errors, wire
from nmbrs_client.auth import NMBRS, Application
from nmbrs_client.client import IdentityClient, NmbrsClient
from nmbrs_client.errors import NmbrsError
from nmbrs_client.records import Variant
from nmbrs_client.wire import Request, Response

APPLICATION = Application("PartnerApp_x", "s*cr$t/that+nobody<may>see", KEY, "https://bridge.example/back")
CODE = "code-that-nobody-may-see"
VERIFIER = "verifier-that-nobody-may-see-because-it-is-long"
REFRESH = "refresh-token/that+nobody=may-see"


def sent_in(request: Request) -> list[str]:
    """Everything in a request that may be echoed, as it left and as whoever reads it finds it."""
    kind, _, signed = request.headers["Authorization"].partition(" ")
    decoded = base64.b64decode(signed).decode() if kind == "Basic" else ""
    form = [value for _, value in parse_qsl(request.body.decode())]
    return [*request.headers.values(), signed, decoded, *decoded.split(":"), request.body.decode(), *form]


ECHOES: list[Callable[[list[str]], bytes]] = [
    lambda sent: json.dumps({"title": " ".join(sent), "detail": sent}).encode(),
    lambda sent: json.dumps({"error": "invalid_grant", "error_description": " ".join(sent)}).encode(),
    lambda sent: json.dumps(
        {"code": 40303, "title": "x", "invalid-params": [{"name": s} for s in sent]}
    ).encode(),
    lambda sent: json.dumps(sent).replace("+", "\\u002b").encode(),
    lambda sent: json.dumps({"message": " ".join(sent)}).replace("+", "\\u002B").encode(),
    lambda sent: ("<html>" + " ".join(sent)).encode(),
    lambda sent: " ".join(sent).encode(),
]
STATUSES = st.sampled_from([200, 202, 204, 302, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503])
echoing = given(st.sampled_from(ECHOES), STATUSES)


def echo(written: Callable[[list[str]], bytes], status: int) -> Scripted:
    return Scripted(by=lambda request: Response(status, {"Location": "/x"}, written(sent_in(request))))


def assert_hidden(told: NmbrsError, *secrets: str) -> None:
    shown = f"{told!s} {told!r} {told.args} {told.evidence!r}"
    earlier = told.__cause__
    if isinstance(earlier, NmbrsError):
        shown += f"{earlier} {earlier.evidence!r}"
    assert [secret for secret in secrets if secret in shown] == []


@echoing
async def test_reads_never_show_the_token_or_the_key(
    written: Callable[[list[str]], bytes], status: int
) -> None:
    client = NmbrsClient(echo(written, status), NMBRS, KEY, Kept(), Clock().pause)
    for ask in (
        anext(client.debtors()),
        client.current_period("c"),
        client.start_journal("c", "r", Variant.COMPANY, 2026),
        client.journal("c", "r", Variant.COMPANY, 2026, 10),
    ):
        with pytest.raises(NmbrsError) as told:
            await ask
        assert_hidden(told.value, TOKEN, NEWER, KEY)


@echoing
async def test_asking_for_tokens_never_shows_what_was_given(
    written: Callable[[list[str]], bytes], status: int
) -> None:
    identity = IdentityClient(echo(written, status), APPLICATION, NMBRS)
    signed = base64.b64encode(b"PartnerApp_x:s%2Acr%24t%2Fthat%2Bnobody%3Cmay%3Esee").decode()
    secrets = (CODE, VERIFIER, REFRESH, APPLICATION.client_secret, "s%2Acr%24t%2Fthat%2Bnobody", signed)
    for ask in (identity.exchange_code(CODE, VERIFIER), identity.refresh(REFRESH)):
        with pytest.raises(NmbrsError) as told:
            await ask
        assert_hidden(told.value, *secrets)
    if status != 200:
        with pytest.raises(NmbrsError) as told:
            await identity.revoke(REFRESH)
        assert_hidden(told.value, *secrets)


@pytest.mark.parametrize("body", [b"<html>Jansen 3120.00", b'{"salary": "3120.00"}', b"3120.00"])
def test_no_success_is_ever_quoted(body: bytes) -> None:
    response = Response(200, {}, body)
    for read in (wire.page_of, wire.task_of):
        with pytest.raises(NmbrsError) as told:
            read(wire.checked(response))
        assert_hidden(told.value, "3120", "Jansen")
    assert "3120" not in repr(wire.evidence_of(response)) + repr(response)


def test_an_error_is_quoted_as_far_as_it_may_be() -> None:
    page = "<html>" + "x" * 10_000
    with pytest.raises(errors.BadAnswer) as told:
        wire.checked(Response(403, {}, page.encode()))
    assert told.value.evidence.body == page[: errors.TEXT_LIMIT]
    told_again = wire.evidence_of(Response(400, {}, json.dumps({"title": "y" * 10_000}).encode()))
    assert (told_again.title, told_again.body) == ("y" * errors.TEXT_LIMIT, "")


def test_a_secret_at_the_edge_of_what_is_quoted_is_not_half_told() -> None:
    page = "<html>" + "x" * (errors.TEXT_LIMIT - 12) + TOKEN
    told = wire.evidence_of(Response(403, {}, page.encode()), [TOKEN])
    assert told.body.strip("x") == "<html>" + "x" * (errors.TEXT_LIMIT - 12) + "[secre"
