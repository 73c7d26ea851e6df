"""Who calls the API, and whether the consent reaches so far."""

from uuid import UUID

from starlette.requests import Request

from nmbrs_sandbox.identity import Consent
from nmbrs_sandbox.problems import Problem
from nmbrs_sandbox.sandbox import Sandbox
from nmbrs_sandbox.world import Company, Debtor


def admit(sandbox: Sandbox, request: Request, *scopes: str) -> Consent:
    """The consent of the caller, with one of the scopes. Raises Problem."""
    if request.headers.get("x-subscription-key", "") not in sandbox.world.subscription_keys:
        raise Problem("key")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem("token_missing")
    consent = sandbox.identity.admitted(token.strip(), sandbox.now())
    if consent is None:
        raise Problem("token")
    if not sandbox.world.enabled:
        raise Problem("subscription")
    if not set(scopes) & set(consent.scopes):
        raise Problem("scope")
    return consent


def named_id(request: Request, name: str) -> UUID:
    """An id in the address. Raises Problem where it is none."""
    try:
        return UUID(request.path_params[name])
    except ValueError:
        raise Problem("parameter", {name: "It has to be a UUID."}) from None


def named_debtor(sandbox: Sandbox, request: Request, consent: Consent) -> Debtor:
    """The debtor in the address. Raises Problem where there is none, or consent does not reach it."""
    wanted = named_id(request, "debtorId")
    found = next((debtor for debtor in sandbox.world.debtors.values() if debtor.id == wanted), None)
    if found is None:
        raise Problem("not_found")
    if found.number not in consent.debtors:
        raise Problem("data")
    return found


def named_company(sandbox: Sandbox, request: Request, consent: Consent) -> Company:
    """The company in the address. Raises Problem where there is none, or consent does not reach it."""
    wanted = named_id(request, "companyId")
    found = next((company for company in sandbox.world.companies.values() if company.id == wanted), None)
    if found is None:
        raise Problem("company")
    if found.debtor not in consent.debtors:
        raise Problem("data")
    return found
