"""Every screen: where it is, what it shows, and what of it no picture may show."""

from dataclasses import dataclass

PROFIT = "/profit/T12345"


@dataclass(frozen=True)
class Screen:
    """One screen; `secret` says what is covered in pictures (a CSS selector)."""

    name: str
    address: str
    shows: str
    place: str = "loonbrug"
    signed_in: bool = True
    secret: str = ""
    status: int = 200


#: The journals are in the order in which `test_screens.state` reads them in.
BOOKED, REFUSED, LOST, PARTLY, TEST_COMPANY, READY = range(1, 7)

LOONBRUG = (
    Screen("sign-in", "/sign-in/", "Signing in by password", signed_in=False),
    Screen(
        "sign-in-link-used",
        "/sign-in/used/",
        "A one-time link that no longer works",
        signed_in=False,
        status=410,
    ),
    Screen("home", "/", "The office at a glance: what waits, what is in doubt, what is booked"),
    Screen(
        "missing",
        "/missing/",
        "What did not happen: runs, bookings, steps, connections, with who can solve it",
    ),
    Screen("calendar", "/workflow/", "The calendar of what is done by itself, and when"),
    Screen("workflows", "/workflow/companies/", "One workflow for many companies"),
    Screen("find", "/find/?q=20", "Finding a company by number or name"),
    Screen("find-nothing", "/find/?q=niets", "Nothing found, and what to try"),
    Screen("profile", "/profile/", "One's own details and password"),
    Screen("debtors", "/debtors/", "Debtors and their companies, with the switches blocked and test company"),
    Screen("debtor", "/debtors/1/", "The companies of one debtor"),
    Screen("debtor-blocked", "/debtors/2/", "A blocked debtor says that nothing of it is sent"),
    Screen("debtor-new", "/debtors/add/", "A new debtor"),
    Screen("debtor-change", "/debtors/1/change/", "A debtor, and the switch blocked"),
    Screen("company-new", "/debtors/1/companies/add/", "A new company"),
    Screen("company", "/companies/1/details/", "A company, and the switch test company"),
    Screen("company-test", "/companies/5/details/", "A test company says that its journals cannot be sent"),
    Screen(
        "cost-centres",
        "/companies/1/cost-centres/",
        "Cost centres, with the guide to Verbijzondering beside them",
    ),
    Screen("cost-units", "/companies/1/cost-units/", "Cost units of a company"),
    Screen("cost-centre-change", "/companies/1/codes/1/", "Changing a cost centre"),
    Screen("cost-centres-none", "/companies/2/cost-centres/", "A company without cost centres"),
    Screen("cost-unit-delete", "/companies/1/codes/5/delete/", "Deleting a cost unit that no journal uses"),
    Screen("payroll", "/companies/1/payroll/", "Tab Loonopdracht with the dashlet Journaalposten Export"),
    Screen(
        "workflow",
        "/companies/1/workflow/",
        "The workflow of a company: by hand or by itself, and where its runs stand",
    ),
    Screen("payroll-empty", "/companies/6/payroll/", "A company without journals, and what to do"),
    Screen("import", "/companies/1/payroll/import/", "Choosing a journal file"),
    Screen("journal-booked", f"/journals/{BOOKED}/", "A booked journal: blue-red, with AFAS's entry number"),
    Screen("journal-as-sent", f"/journals/{BOOKED}/?lines=sent", "The lines as they were sent, with axes"),
    Screen(
        "journal-refused",
        f"/journals/{REFUSED}/",
        "Melding, Oorzaak, Oplossing of a refusal by AFAS, and Opnieuw",
    ),
    Screen(
        "journal-in-doubt", f"/journals/{LOST}/", "A lost answer: nothing is sent again before it is known"
    ),
    Screen("journal-partly", f"/journals/{PARTLY}/", "One of two entries is booked"),
    Screen(
        "journal-blocked", f"/journals/{TEST_COMPANY}/", "A journal of a test company cannot be sent, and why"
    ),
    Screen("journal-ready", f"/journals/{READY}/", "A journal that is ready to be sent"),
    Screen("doubt", "/deliveries/3/doubt/", "Where to look in AFAS, and saying what was found"),
    Screen("afas-accounts", "/settings/afas/accounts/", "AFAS accounts with their marks"),
    Screen(
        "afas-account-new", "/settings/afas/accounts/new/", "Nieuw account, with where AFAS shows each field"
    ),
    Screen("afas-account", "/settings/afas/accounts/1/", "An authorised account, and what it may do"),
    Screen(
        "afas-account-grey", "/settings/afas/accounts/3/", "The dialogue that asks for an activation code"
    ),
    Screen(
        "afas-account-half",
        "/settings/afas/accounts/4/",
        "Wachtwoord aangevraagd: both keys again, and the code",
    ),
    Screen(
        "afas-mappings",
        "/settings/afas/administrations/?account=1",
        "Tab Administraties: companies and their administrations",
    ),
    Screen("afas-mapping-new", "/settings/afas/administrations/new/?account=1", "Nieuwe mapping"),
    Screen("afas-mapping", "/settings/afas/administrations/1/?account=1", "Changing a mapping"),
    Screen("users", "/settings/users/", "The users of the office"),
    Screen("user-new", "/settings/users/add/", "A new user"),
    Screen("user", "/settings/users/2/", "A user, and letting in or keeping out"),
    Screen("templates", "/settings/templates/", "Templates of rights: none, read or write per part"),
    Screen("template", "/settings/templates/2/", "Setting a part of a template to Schrijven"),
    Screen("not-found", "/journals/999/", "What is not there, or belongs to another office", status=404),
)

AFAS = (
    Screen("afas-environments", "/profit/", "The sandbox: choice of environment", "afas"),
    Screen("afas-start", f"{PROFIT}/", "The sandbox's menu, as AFAS names it", "afas"),
    Screen("afas-connectors", f"{PROFIT}/app-connectors/", "App Connectors", "afas"),
    Screen(
        "afas-connector",
        f"{PROFIT}/app-connectors/1/general",
        "App Connector, tab General, with both keys",
        "afas",
        secret="#api-key, #environment-key",
    ),
    Screen(
        "afas-get-connectors",
        f"{PROFIT}/app-connectors/1/get-connectors",
        "App Connector, tab GetConnectors",
        "afas",
    ),
    Screen(
        "afas-user-tokens", f"{PROFIT}/app-connectors/1/user-tokens", "App Connector, tab User tokens", "afas"
    ),
    Screen("afas-users", f"{PROFIT}/users/", "Authorisation Tool", "afas"),
    Screen("afas-user", f"{PROFIT}/users/12345.admin", "A user: e-mail address and groups", "afas"),
    Screen(
        "afas-information",
        f"{PROFIT}/information",
        "Participant number, mail server, and our own switches",
        "afas",
    ),
    Screen(
        "afas-preferences",
        f"{PROFIT}/administrations/2/settings/preferences",
        "Btw toestaan, tab Voorkeuren",
        "afas",
    ),
    Screen("afas-entries", f"{PROFIT}/administrations/1/entries/", "Booked journal entries", "afas"),
    Screen(
        "afas-entry", f"{PROFIT}/administrations/1/entries/1", "One booked entry with its allocations", "afas"
    ),
    Screen("afas-codes", f"{PROFIT}/administrations/1/codes", "Allocation codes", "afas"),
    Screen("afas-assignments", f"{PROFIT}/administrations/1/assignments", "Allocation assignments", "afas"),
    Screen("afas-logbook", f"{PROFIT}/logbook", "The environment logbook, with log references", "afas"),
    Screen("mails", "/mails/", "The mail catcher", "mail"),
    Screen("mail", "/mails/{mail}", "The mail with the activation code", "mail", secret="pre"),
)

SCREENS = (*LOONBRUG, *AFAS)
