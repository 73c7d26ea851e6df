"""IdentityClient and NmbrsClient: one method for each thing we do with Nmbrs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Protocol, TypeVar
from urllib.parse import quote, urlencode

from nmbrs_client import auth, errors, records, waiting, wire
from nmbrs_client.auth import Addresses, Application, Tokens
from nmbrs_client.errors import Form
from nmbrs_client.records import (
    Company,
    CostCentre,
    CostUnit,
    CurrentPeriod,
    Debtor,
    Item,
    PayrollRun,
    Variant,
)
from nmbrs_client.transport import Transport

PAGE_SIZE = 100
"""The most that Nmbrs gives at once (its REST reference, "paging")."""

MOST_PAGES = 10_000
"""Where a list that does not end is given up."""

_JSON = "application/json"
_DOCUMENT = "application/octet-stream"

Pause = Callable[[int], Awaitable[None]]
"""Waits a number of whole seconds."""

Record = TypeVar("Record", Debtor, Company, PayrollRun, CostCentre, CostUnit)


class IdentityClient:
    """Trades a code or a refresh token for tokens. Nothing is ever asked twice: each of them serves once.

    After NeverLeft the code or refresh token is still good; after NoAnswer it may be used up.
    """

    def __init__(self, transport: Transport, application: Application, addresses: Addresses) -> None:
        self._transport = transport
        self._application = application
        self._addresses = addresses

    async def exchange_code(self, code: str, verifier: str) -> Tokens:
        """The first tokens of a consent. Raises ConsentEnded, ApplicationRefused and the like."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._application.redirect_url,
            "code_verifier": verifier,
        }
        return auth.tokens_of(await self._post(self._addresses.token, fields, (code, verifier)))

    async def refresh(self, refresh_token: str) -> Tokens:
        """New tokens; the refresh token given is used up. Raises as `exchange_code` does."""
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        response = await self._post(self._addresses.token, fields, (refresh_token,))
        return auth.tokens_of(response, previous=refresh_token)

    async def revoke(self, refresh_token: str) -> None:
        """Give a consent back (RFC 7009); also one that has ended already."""
        fields = {"token": refresh_token, "token_type_hint": "refresh_token"}
        await self._post(self._addresses.revocation, fields, (refresh_token,))

    async def _post(self, url: str, fields: dict[str, str], secrets: tuple[str, ...]) -> wire.Response:
        request = auth.form_post(url, self._application, fields)
        signed = request.headers["Authorization"].removeprefix("Basic ")
        response = await self._transport.send(request)
        return auth.checked(response, (*secrets, self._application.client_secret, signed))


class AccessTokens(Protocol):
    """Where access tokens come from; whoever keeps the refresh token writes this."""

    async def current(self) -> str:
        """A token that is good as far as anybody knows."""
        ...

    async def after_refusal(self, refused: str) -> str:
        """A newer token, now that Nmbrs refused this one. Asked at most once for each call."""
        ...


class NmbrsClient:
    """Nmbrs over REST, for one consent.

    Lists come page by page, as they are asked for. Every method raises the errors of `nmbrs_client.errors`.
    When Nmbrs says "later", a call waits itself, at most `waiting.LONGEST_WAIT` seconds in all; a read is
    repeated when the line drops.
    """

    def __init__(
        self,
        transport: Transport,
        addresses: Addresses,
        subscription_key: str,
        tokens: AccessTokens,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._transport = transport
        self._api = addresses.api
        self._subscription_key = subscription_key
        self._tokens = tokens
        self._pause = pause

    def debtors(self) -> AsyncIterator[Debtor]:
        """The debtors that were consented to."""
        return self._list("/api/debtors", records.debtor_of)

    async def companies_of(self, debtor_id: str) -> AsyncIterator[Company]:
        """The companies of one debtor."""
        path = f"/api/debtors/{_part(debtor_id)}/companies"
        async for company in self._list(path, records.company_of):
            yield company if company.debtor_id else replace(company, debtor_id=debtor_id)

    def companies(self) -> AsyncIterator[Company]:
        """The companies of all debtors at once. Raises SeveralDebtors where Nmbrs wants it per debtor."""
        return self._list("/api/companies", records.company_of)

    async def all_companies(self) -> AsyncIterator[Company]:
        """The companies of all debtors, by way of the debtors where Nmbrs wants that; each of them once."""
        seen = set()
        try:
            async for company in self.companies():
                seen.add(company.id)
                yield company
        except errors.SeveralDebtors:
            async for debtor in self.debtors():
                async for company in self.companies_of(debtor.id):
                    if company.id not in seen:
                        seen.add(company.id)
                        yield company

    def runs(self, company_id: str, year: int) -> AsyncIterator[PayrollRun]:
        """The payroll runs of a company in a year."""
        return self._list(f"/api/companies/{_part(company_id)}/runs", records.run_of, year=year)

    def cost_centres(self, company_id: str) -> AsyncIterator[CostCentre]:
        """The cost centres of a company."""
        return self._list(f"/api/companies/{_part(company_id)}/costCenters", records.cost_centre_of)

    def cost_units(self, company_id: str) -> AsyncIterator[CostUnit]:
        """The cost units of a company."""
        return self._list(f"/api/companies/{_part(company_id)}/costUnits", records.cost_unit_of)

    async def current_period(self, company_id: str) -> CurrentPeriod:
        """The period that a company is working in."""
        response = await self._get(f"/api/companies/{_part(company_id)}/period")
        page = wire.page_of(response)
        try:
            return records.current_period_of(page.items[0])
        except (IndexError, ValueError):
            raise wire.bad_answer(response, Form.OTHER_FIELDS) from None

    async def start_journal(self, company_id: str, run_id: str, variant: Variant, year: int) -> str:
        """Have Nmbrs make the journal of a run; gives the id of the task. It may be asked more than once."""
        path = f"/api/companies/{_part(company_id)}/runs/{_part(run_id)}/{variant.value}"
        return wire.task_of(await self._get(_with(path, year=year)))

    async def document(self, task_id: str) -> bytes | None:
        """The document of a task; None while it is being made."""
        response = await self._get(f"/api/documents/{_part(task_id)}", accept=_DOCUMENT)
        return wire.document_of(response)

    async def journal(
        self, company_id: str, run_id: str, variant: Variant, year: int, give_up_after_seconds: int
    ) -> bytes:
        """The journal document of a run, made anew: start it, and look with growing pauses until it is there.

        `give_up_after_seconds` counts the pauses between the looks. Raises TaskFailed, TaskVanished and
        TaskNeverEnded; then it can be started again.
        """
        task_id = await self.start_journal(company_id, run_id, variant, year)
        left = give_up_after_seconds
        for seconds in waiting.growing():
            if left <= 0:
                break
            await self._pause(min(seconds, left))
            left -= seconds
            document = await self._document_of_task(task_id)
            if document is not None:
                return document
        raise errors.TaskNeverEnded(f"task {task_id} was not ready after {give_up_after_seconds} seconds")

    async def _document_of_task(self, task_id: str) -> bytes | None:
        try:
            return await self.document(task_id)
        except errors.NotFound as gone:
            raise errors.TaskVanished(str(gone), evidence=gone.evidence) from gone
        except (errors.Invalid, errors.ServerFailed) as failed:
            # Nmbrs does not say how it tells of a failed task; these are the answers that fit.
            raise errors.TaskFailed(str(failed), evidence=failed.evidence) from failed

    async def _list(self, path: str, record: Callable[[Item], Record], **query: int) -> AsyncIterator[Record]:
        """Each record once, in the order of the pages; ends also where a server repeats them."""
        seen: set[Record] = set()
        for number in range(1, MOST_PAGES + 1):
            response = await self._get(_with(path, **query, pageNumber=number, pageSize=PAGE_SIZE))
            page = wire.page_of(response)
            try:
                found = [record(item) for item in page.items]
            except ValueError:
                raise wire.bad_answer(response, Form.OTHER_FIELDS) from None
            fresh = [each for each in dict.fromkeys(found) if each not in seen]
            seen.update(fresh)
            for each in fresh:
                yield each
            if page.more is False or not found or (page.more is None and not fresh):
                return
            if not fresh:
                break
        raise wire.bad_answer(response, Form.PAGES_REPEAT)

    async def _get(self, path: str, accept: str = _JSON) -> wire.Response:
        url = self._api + path
        token = await self._tokens.current()
        try:
            return await self._patiently(url, token, accept)
        except errors.TokenRefused:
            newer = await self._tokens.after_refusal(token)
            return await self._patiently(url, newer, accept)

    async def _patiently(self, url: str, token: str, accept: str) -> wire.Response:
        request = wire.get(url, token=token, subscription_key=self._subscription_key, accept=accept)
        secrets = (token, self._subscription_key)
        patience = waiting.Patience()
        while True:
            try:
                return wire.checked(await self._transport.send(request), secrets)
            except errors.LineFailed:
                seconds = patience.pause_for_dropped_line()
                if seconds is None:
                    raise
            except (errors.TooManyCalls, errors.QuotaExceeded, errors.Unavailable) as later:
                seconds = patience.pause_for(later.evidence.retry_after)
                if seconds is None:
                    raise
            await self._pause(seconds)


def _part(text: str) -> str:
    """One part of a path, whatever it holds."""
    return quote(text, safe="")


def _with(path: str, **query: int) -> str:
    return f"{path}?{urlencode(query)}"
