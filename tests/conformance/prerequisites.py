"""What has to be in the books for a message, one thing at a time: how to take it away and what AFAS then says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.conformance.example_books import DEFAULT_INTERIM, HOST, Example

from afas_sandbox.books import Administration, Invoice, JournalType, ProjectUse
from afas_sandbox.world import Environment, World

FUNCTIONAL, NOT_THERE = -2147180996, -2147220469


@dataclass(frozen=True)
class Prerequisite:
    """`nl` and `en` are the texts known from AFAS; empty where the sandbox's own has to do."""

    name: str
    remove: Callable[[Environment, Administration], object]
    number: int
    nl: str = ""
    en: str = ""
    ours: str = ""
    """The catalogue's key, for a refusal that is the sandbox's own guess."""

    def take_from(self, world: World, unit: int) -> None:
        environment = world.environments[HOST]
        self.remove(environment, environment.administrations[unit])


def of(example: Example) -> Iterator[Prerequisite]:
    """Every prerequisite of an example."""
    yield from _of_header(example)
    yield from _of_accounts(example)
    yield from _of_vat(example)
    yield from _of_relations(example)
    yield from _of_periods(example)
    yield from _of_projects(example)
    yield from _of_allocations(example)
    yield from _of_transitories(example)


def _missing(
    name: str, remove: Callable[[Environment, Administration], object], nl: str, en: str
) -> Prerequisite:
    return Prerequisite(
        name,
        remove,
        NOT_THERE,
        f"De ingevulde waarde bij '{nl}' bestaat niet",
        f"The entered value for '{en}' does not exist",
    )


def _of_header(example: Example) -> Iterator[Prerequisite]:
    unit, journal = example.unit, example.journal
    yield Prerequisite(
        "administration",
        lambda e, _: e.administrations.pop(unit),
        FUNCTIONAL,
        "No unit available",
        "No unit available",
    )
    yield _missing("journal", lambda _, a: a.journals.pop(journal), "Dagboek", "Journal")
    yield Prerequisite(
        "journal that is not blocked",
        lambda _, a: setattr(a.journals[journal], "blocked", True),
        FUNCTIONAL,
        ours="journal_blocked",
    )
    yield Prerequisite(
        "layout that nobody has open",
        lambda _, a: setattr(a.journals[journal], "locked_by", "12345.ander"),
        FUNCTIONAL,
        ours="layout_locked",
    )
    yield Prerequisite(
        "right to FiEntries",
        lambda e, _: e.app_connectors[1].update_connectors.clear(),
        FUNCTIONAL,
        "General message: Deze UpdateConnector wordt niet ondersteund of de gebruiker is niet geautoriseerd.",
        "General message: This UpdateConnector is not supported or the user is not authorized.",
    )


def _of_accounts(example: Example) -> Iterator[Prerequisite]:
    for number in sorted({line.account for line in example.lines if line.side == "1"}):
        yield _missing(
            f"account {number}", lambda e, _, n=number: e.accounts.pop(n), "Rekeningnummer", "Account Number"
        )
        yield Prerequisite(
            f"account {number} that is not blocked",
            lambda e, _, n=number: setattr(e.accounts[n], "blocked", True),
            FUNCTIONAL,
            ours="account_blocked",
        )


def _of_vat(example: Example) -> Iterator[Prerequisite]:
    for number in sorted({line.account for line in example.lines if "VaId" in line.fields}):
        yield Prerequisite(
            f"VAT allowed on {number}",
            lambda e, _, n=number: e.accounts[n].vat_allowed_in.clear(),
            FUNCTIONAL,
            f"(AfasFiEntry)VAT is niet toegestaan voor rekening {number}.",
            f"(AfasFiEntry)Vat is not allowed for account {number}.",
        )
    first = next((line for line in example.lines if "VaId" in line.fields), None)
    if first is not None:
        yield Prerequisite(
            "VAT code",
            lambda e, _, code=str(first.fields["VaId"]): e.vat_codes.pop(code),
            FUNCTIONAL,
            f"VAT is verplicht voor rekening {first.account}",
            f"(AfasFiEntry)Vat is mandatory for account {first.account}",
        )
    without = next((ln for ln in example.lines if ln.side == "1" and "VaId" not in ln.fields), None)
    if without is not None:
        yield Prerequisite(
            f"no VAT demanded on {without.account}",
            lambda e, a, n=without.account: e.accounts[n].vat_allowed_in.add(a.id),
            FUNCTIONAL,
            f"VAT is verplicht voor rekening {without.account}",
            f"(AfasFiEntry)Vat is mandatory for account {without.account}",
        )


def _of_relations(example: Example) -> Iterator[Prerequisite]:
    for line in example.lines:
        if line.side == "1":
            continue
        rows = "debtors" if line.side == "2" else "creditors"
        yield _missing(
            f"{rows} {line.account}",
            lambda e, _, r=rows, n=line.account: getattr(e, r).pop(n),
            "Rekeningnummer",
            "Account Number",
        )
        currency = str(line.fields.get("CuId", ""))
        if currency:
            yield _missing("currency", lambda e, _, c=currency: e.currencies.pop(c), "Valuta", "Currency")
        bank_account = str(line.fields.get("BankAccount", ""))
        if bank_account:
            yield Prerequisite(
                f"bank account {bank_account}",
                lambda e, _, r=rows, n=line.account: getattr(e, r)[n].bank_accounts.clear(),
                FUNCTIONAL,
                f"Bankrekening {bank_account} niet gevonden bij rekening {line.account}.",
                f"Bank account {bank_account} not found with account {line.account}.",
            )
    yield from _of_invoices(example)


def _of_invoices(example: Example) -> Iterator[Prerequisite]:
    for line in example.lines:
        invoice = str(line.fields.get("InId", ""))
        if line.side == "1" or not invoice:
            continue
        if example.journal_type is JournalType.FINANCIAL:
            yield Prerequisite(
                f"open invoice {invoice}",
                lambda _, a, i=invoice: a.invoices.pop(i),
                NOT_THERE,
                ours="invoice_unknown",
            )
        else:
            yield _unused_invoice(line.side, invoice, line.account)


def _unused_invoice(side: str, invoice: str, relation: str) -> Prerequisite:
    who = "Creditor" if side == "3" else "Debtor"
    return Prerequisite(
        f"invoice number {invoice} that is not used",
        lambda _, a: a.invoices.update({invoice: Invoice(invoice, side, relation, Decimal(1))}),
        FUNCTIONAL,
        f"General message: Factuurnummer {invoice} wordt al gebruikt in financieel bij relatienummer {relation}",
        f"General message: Invoice number {invoice} is already used in finance for {who} {relation}",
    )


def _of_periods(example: Example) -> Iterator[Prerequisite]:
    day = date.fromisoformat(str(example.lines[0].fields["BpDa"])[:10])
    key = (day.year, day.month)
    said = f"{day.day}-{day.month}-{day.year}"
    yield Prerequisite("period", lambda _, a: a.periods.clear(), FUNCTIONAL, ours="date_outside")
    yield Prerequisite(
        "period open in the administration",
        lambda _, a: setattr(a.period(*key), "blocked", True),
        FUNCTIONAL,
        f"Voor deze administratie is periode {day.month} van jaar {day.year} geblokkeerd.",
        f"For this administration, period {day.month} of the year {day.year} is blocked.",
    )
    texts = (
        f"Datum '{said}' valt in een geblokkeerde periode",
        f"Date '{said}' belongs to a blocked period",
    )
    yield Prerequisite(
        "period open in the journal",
        lambda _, a: a.journals[example.journal].blocked_periods.add(key),
        FUNCTIONAL,
        *texts,
    )
    yield Prerequisite(
        "period open in the period table",
        lambda e, a: e.blocked_periods.add((a.period_table, *key)),
        FUNCTIONAL,
        *texts,
    )


def _of_projects(example: Example) -> Iterator[Prerequisite]:
    labels = {
        "PrId": ("projects", "Project"),
        "ItCd": ("items", "Itemcode"),
        "EmId": ("employees", "Employee"),
    }
    for line, fields in example.below("FiPrjEntries"):
        for field, (rows, en) in labels.items():
            value = str(fields.get(field, ""))
            if value:
                yield _missing(
                    f"{rows} {value}",
                    lambda e, _, r=rows, v=value: getattr(e, r).pop(v),
                    "Medewerker" if en == "Employee" else en,
                    en,
                )
        yield Prerequisite(
            "project entries allowed on the account",
            lambda e, _, n=line.account: setattr(e.accounts[n], "to_project", ProjectUse.NONE),
            FUNCTIONAL,
            ours="project_not_allowed",
        )
        yield Prerequisite(
            "project open to the administration",
            lambda e, _, p=str(fields["PrId"]): setattr(e.projects[p], "administrations", {999}),
            FUNCTIONAL,
            ours="project_not_here",
        )


def _of_allocations(example: Example) -> Iterator[Prerequisite]:
    for account, axis, code in example.codes:
        if not example.has("AdDc"):
            yield _missing(
                f"code {code}", lambda e, _, k=(axis, code): e.axis_codes.pop(k), f"As {axis}", f"As {axis}"
            )
        if not example.has("AdDa"):
            yield Prerequisite(
                f"assignment of {code}",
                lambda _, a, k=(account, axis, code): a.assignments.remove(k),
                FUNCTIONAL,
                ours="code_not_assigned",
            )


def _of_transitories(example: Example) -> Iterator[Prerequisite]:
    voucher_periods = {str(line.fields["BpDa"])[:7] for line in example.lines}
    for _, fields in example.below("FiTransEntries"):
        interim = str(fields.get("SuAc", DEFAULT_INTERIM))
        yield _missing(
            f"interim account {interim}",
            lambda e, _, n=interim: e.accounts.pop(n),
            "Tussenrekening",
            "Suspense account",
        )
        for year, number in (
            (int(fields["YeSt"]), int(fields["PeSt"])),
            (int(fields["YeEn"]), int(fields["PeEn"])),
        ):
            if f"{year}-{number:02d}" not in voucher_periods:
                yield Prerequisite(
                    f"open period {year}-{number} of the transitory entry",
                    lambda _, a, k=(year, number): setattr(a.period(*k), "blocked", True),
                    FUNCTIONAL,
                    ours="transitory_blocked",
                )
