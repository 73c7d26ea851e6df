"""What an AFAS administrator does at Financieel changes the books' set-up, as the article describes it."""

from tests.contract.afas_sandbox_pages.visitor import Visitor

from afas_sandbox.books import AxisUse, JournalType, ProjectUse
from afas_sandbox.sandbox import Sandbox
from afas_sandbox.world import Environment

T = "/profit/T12345/"
A = f"{T}administrations/2/"
ACCOUNT = {
    "description": "Reiskosten",
    "type": "4",
    "kind": "G",
    "vat_code": "",
    "to_project": "N",
    "axis_1": "N",
    "axis_2": "N",
}


async def test_vat_is_unticked_on_the_tab_voorkeuren_of_one_administration(
    visitor: Visitor, environment: Environment
) -> None:
    page = await visitor.get(f"{A}settings/preferences")
    assert 'aria-label="Btw toestaan 4070" checked' in page.html
    await visitor.post(f"{A}settings/preferences", {"vat_allowed": ["8000"]})
    assert environment.accounts["4070"].vat_allowed_in == set()
    assert environment.accounts["8000"].vat_allowed_in == {1, 2, 3, 4, 5}
    await visitor.post(f"{A}settings/preferences", {})
    assert environment.accounts["8000"].vat_allowed_in == {1, 3, 4, 5}


async def test_vat_is_unticked_on_the_page_of_the_account(visitor: Visitor, environment: Environment) -> None:
    await visitor.post(f"{A}accounts/4070", ACCOUNT)
    assert environment.accounts["4070"].vat_allowed_in == set()
    await visitor.post(f"{A}accounts/4070", {**ACCOUNT, "vat_allowed": "1"})
    assert environment.accounts["4070"].vat_allowed_in == {2}


async def test_an_account_is_changed(visitor: Visitor, environment: Environment) -> None:
    changed = {"description": "Reizen", "axis_2": "B", "to_project": "V", "blocked": "1", "type": "2"}
    await visitor.post(f"{A}accounts/4070", ACCOUNT | changed)
    account = environment.accounts["4070"]
    assert (account.description, account.type, account.blocked) == ("Reizen", "2", True)
    assert account.axes[:3] == (AxisUse.NONE, AxisUse.MANUAL, AxisUse.NONE)
    assert account.to_project is ProjectUse.MANDATORY


async def test_an_account_is_added_once(visitor: Visitor, environment: Environment) -> None:
    await visitor.post(f"{A}accounts/new", {"number": "4080", **ACCOUNT})
    assert environment.accounts["4080"].description == "Reiskosten"
    again = await visitor.post(f"{A}accounts/new", {"number": "4080", **ACCOUNT, "description": "Anders"})
    assert again.status == 422
    assert environment.accounts["4080"].description == "Reiskosten"
    assert (await visitor.post(f"{A}accounts/new", {"number": "../1", **ACCOUNT})).status == 422


async def test_a_journal_is_added_and_changed(visitor: Visitor, environment: Environment) -> None:
    await visitor.post(f"{A}journals/new", {"code": "95", "description": "Lonen", "type": "M"})
    journal = environment.administrations[2].journals["95"]
    assert (journal.description, journal.type, journal.blocked) == ("Lonen", JournalType.GENERAL, False)
    form = {"description": "Lonen", "type": "I", "blocked": "1", "blocked_periods": ["2026-10", "2026-11"]}
    await visitor.post(f"{A}journals/95", form)
    assert (journal.type, journal.blocked) == (JournalType.PURCHASE, True)
    assert journal.blocked_periods == {(2026, 10), (2026, 11)}
    assert "95" not in environment.administrations[1].journals
    assert (await visitor.post(f"{A}journals/new", {**form, "code": "95"})).status == 422


async def test_periods_are_blocked_and_opened(visitor: Visitor, environment: Environment) -> None:
    administration = environment.administrations[2]
    await visitor.post(f"{A}settings/periods", {"blocked": ["2026-3"], "blocked_in_table": ["2026-4"]})
    assert [(p.year, p.number) for p in administration.periods if p.blocked] == [(2026, 3)]
    assert environment.blocked_periods == {(administration.period_table, 2026, 4)}
    await visitor.post(f"{A}settings/periods", {})
    assert not any(period.blocked for period in administration.periods)
    assert environment.blocked_periods == set()


async def test_an_administration_is_changed(visitor: Visitor, environment: Environment) -> None:
    administration = environment.administrations[2]
    await visitor.post(f"{A}settings/general", {"name": "Garage Twee", "code": "G2"})
    await visitor.post(f"{A}settings/booking", {"axis_count": "1", "interim_account": "1901"})
    assert (administration.name, administration.code) == ("Garage Twee", "G2")
    assert (administration.axis_count, administration.interim_account) == (1, "1901")
    assert (
        await visitor.post(f"{A}settings/booking", {"axis_count": "6", "interim_account": ""})
    ).status == 422


async def test_cost_centre_410_is_added_and_assigned_to_all_allocated_accounts(
    visitor: Visitor, environment: Environment
) -> None:
    form = {"axis": "1", "code": "410", "description": "Werkplaats"}
    await visitor.post(f"{A}codes", form)
    assert environment.axis_codes[1, "410"].description == "Werkplaats"
    assert (await visitor.post(f"{A}codes", form)).status == 422
    await visitor.post(f"{A}assignments", {"code": "1/410", "account": "*"})
    assigned = {account for account, _, code in environment.administrations[2].assignments if code == "410"}
    assert assigned == {"4000", "4010", "4020", "4050"}
    await visitor.post(f"{A}assignments/delete", {"assignment": "1/4000/410"})
    assert ("4000", 1, "410") not in environment.administrations[2].assignments
    assert ("4010", 1, "410") in environment.administrations[2].assignments


async def test_a_code_is_blocked_and_is_deleted_only_when_it_is_free(
    visitor: Visitor, environment: Environment
) -> None:
    await visitor.post(f"{A}codes", {"axis": "2", "code": "X/1", "description": "Los"})
    await visitor.post(f"{A}codes/change", {"axis": "2", "code": "X/1", "action": "block"})
    assert environment.axis_codes[2, "X/1"].blocked
    await visitor.post(f"{A}codes/change", {"axis": "2", "code": "X/1", "action": "unblock"})
    assert not environment.axis_codes[2, "X/1"].blocked
    await visitor.post(f"{A}codes/change", {"axis": "2", "code": "X/1", "action": "delete"})
    assert (2, "X/1") not in environment.axis_codes
    kept = await visitor.post(f"{A}codes/change", {"axis": "1", "code": "100", "action": "delete"})
    assert kept.status == 422
    assert (1, "100") in environment.axis_codes


async def test_axes_are_named_in_order(visitor: Visitor, environment: Environment) -> None:
    names = {"axis_1": "Afdeling", "axis_2": "Drager", "axis_3": "Project"}
    await visitor.post(f"{A}axes", names)
    assert environment.axis_names == ["Afdeling", "Drager", "Project"]
    assert (await visitor.post(f"{A}axes", {"axis_1": "Afdeling", "axis_3": "Project"})).status == 422
    assert environment.axis_names == ["Afdeling", "Drager", "Project"]


async def test_an_entry_is_shown_with_its_totals_and_its_voucher_number(visitor: Visitor) -> None:
    page = await visitor.get(f"{T}administrations/1/entries/77")
    assert page.html.count("1.234,50") == 4
    assert "202610-KORENAAR-1" in page.html
    found = await visitor.get(f"{T}administrations/1/entries/?journal=90&voucher=korenaar-1")
    assert "entries/77" in found.html
    assert "entries/77" not in (await visitor.get(f"{T}administrations/1/entries/?voucher=other")).html
    assert "entries/77" not in (await visitor.get(f"{T}administrations/1/entries/?journal=10")).html


async def test_an_entry_is_deleted_unless_it_is_reconciled(
    visitor: Visitor, environment: Environment
) -> None:
    entries = environment.administrations[1].entries
    entries[77].reconciled = True
    page = await visitor.post(f"{T}administrations/1/entries/77/delete")
    assert page.status == 422
    assert 77 in entries
    entries[77].reconciled = False
    await visitor.post(f"{T}administrations/1/entries/77/delete")
    assert 77 not in entries


async def test_an_entry_of_a_journal_that_is_gone_can_be_seen_but_not_deleted(
    visitor: Visitor, environment: Environment
) -> None:
    del environment.administrations[1].journals["90"]
    assert (await visitor.get(f"{T}administrations/1/entries/77")).status == 200
    assert (await visitor.post(f"{T}administrations/1/entries/77/delete")).status == 404
    assert 77 in environment.administrations[1].entries


async def test_the_log_is_searched_by_reference(visitor: Visitor, environment: Environment) -> None:
    reference = environment.logbook[0].reference
    found = await visitor.get(f"{T}logbook?reference={reference.lower()}")
    assert "VAT is verplicht voor rekening 4070" in found.html
    assert "VAT is verplicht" not in (await visitor.get(f"{T}logbook?reference=FFFF{reference}")).html


async def test_an_entry_layout_is_locked_and_released(visitor: Visitor, environment: Environment) -> None:
    journal = environment.administrations[2].journals["90"]
    await visitor.post(f"{T}locks", {"journal": "2/90", "user": "12345.beperkt"})
    assert journal.locked_by == "12345.beperkt"
    assert "in gebruik bij" in (await visitor.get(f"{A}journals/")).html
    await visitor.post(f"{T}locks/release", {"journal": "2/90"})
    assert journal.locked_by == ""
    assert (await visitor.post(f"{T}locks", {"journal": "2/zz", "user": "12345.admin"})).status == 422


async def test_after_a_reset_the_pages_show_the_new_world(visitor: Visitor, sandbox: Sandbox) -> None:
    sandbox.world = type(sandbox.world)()
    assert "Er is nog geen omgeving." in (await visitor.get("/profit/")).html
