"""What AFAS demands of the lines of a journal entry, against the books of one administration.

Every rule raises `Refusal` or returns what is to be booked; none changes the books.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from afas_sandbox.books import (
    Account,
    Administration,
    AxisCode,
    Invoice,
    Journal,
    JournalType,
    Period,
    ProjectLine,
    ProjectUse,
    Relation,
    Transitory,
    VatDirection,
)
from afas_sandbox.fi_message import EntryMessage, Fields, MessageLine, field_rules
from afas_sandbox.messages import Refusal
from afas_sandbox.world import Environment

LEDGER_ACCOUNT, DEBTOR, CREDITOR = "1", "2", "3"


@dataclass
class Draft:
    """A journal entry on its way into the books, with all that it would add to them."""

    environment: Environment
    administration: Administration
    journal: Journal
    message: EntryMessage
    generated_invoice: str = ""
    codes: dict[tuple[int, str], AxisCode] = field(default_factory=dict)
    assignments: set[tuple[str, int, str]] = field(default_factory=set)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    settlements: list[tuple[str, Decimal]] = field(default_factory=list)
    """(invoice number, what is paid off)."""

    @property
    def direction(self) -> VatDirection | None:
        """Purchase or sales, by the journal or else by the relations on the lines."""
        sides = {line.fields.text("VaAs") for line in self.message.lines}
        if self.journal.type is JournalType.PURCHASE or sides >= {CREDITOR}:
            return VatDirection.PURCHASE
        if self.journal.type is JournalType.SALES or sides >= {DEBTOR}:
            return VatDirection.SALES
        return None


def account(draft: Draft, fields: Fields) -> Account | Relation:
    """The ledger account, debtor or creditor of a line."""
    number = fields.text("AcNr")
    found: Account | Relation | None = {
        LEDGER_ACCOUNT: draft.environment.accounts.get(number),
        DEBTOR: draft.environment.debtors.get(number),
        CREDITOR: draft.environment.creditors.get(number),
    }[fields.text("VaAs")]
    if found is None:
        raise Refusal("account_unknown")
    if found.blocked:
        raise Refusal("account_blocked", account=number)
    return found


def period(draft: Draft, day: date) -> Period:
    """The period that a voucher date books into; the header's own is looked at in strict mode only."""
    found = demand_open(draft.environment, draft.administration, draft.journal, day)
    header = draft.message.header
    asked = (header.whole("Year"), header.whole("Peri"))
    if draft.environment.strict_period and asked != (found.year, found.number):
        raise Refusal("period_differs", day=day, period=found.number, year=found.year)
    return found


def demand_open(
    environment: Environment, administration: Administration, journal: Journal, day: date
) -> Period:
    """The period of a day, which has to be open in the period table, the administration and the journal."""
    found = administration.period_of(day)
    if found is None:
        raise Refusal("date_outside", day=day)
    key = (found.year, found.number)
    in_table = (administration.period_table, *key) in environment.blocked_periods
    if in_table or key in journal.blocked_periods:
        raise Refusal("date_blocked", day=day)
    if found.blocked:
        raise Refusal("period_blocked", period=found.number, year=found.year)
    return found


def amounts(draft: Draft, line: MessageLine) -> tuple[Decimal, Decimal]:
    """Debit and credit of a line: one of them, and not zero unless the environment allows it."""
    debit, credit = line.fields.amount("AmDe"), line.fields.amount("AmCr")
    if debit and credit:
        raise Refusal("two_amounts", line=line.position)
    if not (debit or credit or draft.environment.allow_zero_amount):
        raise Refusal("no_amount")
    return debit, credit


def vat(draft: Draft, line: MessageLine, on: Account | Relation) -> tuple[str, Decimal]:
    """The VAT code of a line and the VAT on its amount.

    Demanded where *Btw toestaan* is ticked, refused elsewhere. AFAS calls a missing, an unknown and a
    code for the other direction all by one name.
    """
    code = line.fields.text("VaId")
    allowed = isinstance(on, Account) and draft.administration.id in on.vat_allowed_in
    if not allowed:
        if code:
            raise Refusal("vat_not_allowed", account=on.number)
        return "", Decimal(0)
    found = draft.environment.vat_codes.get(code)
    if found is None or found.blocked or draft.direction not in (None, found.direction):
        raise Refusal("vat_mandatory", account=on.number)
    amount = line.fields.amount("AmDe") + line.fields.amount("AmCr")
    return code, round(amount * found.percentage / 100, 2)


def currency(draft: Draft, fields: Fields) -> str:
    code = fields.text("CuId")
    if code and code not in draft.environment.currencies:
        raise Refusal("value_unknown", label=field_rules()["FiEntries"]["CuId"].label)
    return code


def bank_account(fields: Fields, on: Account | Relation) -> None:
    """A deviating bank account has to be one of the relation's own."""
    number = fields.text("BankAccount")
    if not number:
        return
    if isinstance(on, Account):
        raise Refusal("bank_account_not_allowed")
    if number not in on.bank_accounts:
        raise Refusal("bank_account_unknown", bank_account=number, account=on.number)


def projects(draft: Draft, line: MessageLine, on: Account | Relation) -> list[ProjectLine]:
    """The project lines under a line: demanded, allowed or refused by its account."""
    use = on.to_project if isinstance(on, Account) else ProjectUse.NONE
    if use in (ProjectUse.MANDATORY, ProjectUse.INVESTMENT) and not line.projects:
        raise Refusal("project_mandatory", account=on.number)
    if use is ProjectUse.NONE and line.projects:
        raise Refusal("project_not_allowed", account=on.number)
    return [_project(draft, part) for part in line.projects]


def _project(draft: Draft, part: Fields) -> ProjectLine:
    environment, labels = draft.environment, field_rules()["FiPrjEntries"]
    project = environment.projects.get(part.text("PrId"))
    if project is None:
        raise Refusal("value_unknown", label=labels["PrId"].label)
    if project.administrations is not None and draft.administration.id not in project.administrations:
        raise Refusal("project_not_here", project=project.number)
    if part.text("ItCd") not in environment.items:
        raise Refusal("value_unknown", label=labels["ItCd"].label)
    if "EmId" in part and part.text("EmId") not in environment.employees:
        raise Refusal("value_unknown", label=labels["EmId"].label)
    return ProjectLine(
        project.number,
        part.text("ItCd"),
        part.text("Ds"),
        part.amount("Qu"),
        part.amount("AmCo"),
        part.text("EmId"),
    )


def transitory(draft: Draft, line: MessageLine, on: Account | Relation) -> Transitory | None:
    """The spreading of a line over periods; all of them have to be there and open."""
    if not line.transitories:
        return None
    if len(line.transitories) > 1 or not isinstance(on, Account):
        raise Refusal("transitory_not_here", line=line.position)
    part = line.transitories[0]
    first = (part.whole("YeSt"), part.whole("PeSt"))
    last = (part.whole("YeEn"), part.whole("PeEn"))
    _demand_range_open(draft, first, last)
    interim = part.text("SuAc") or draft.administration.interim_account
    if interim not in draft.environment.accounts:
        raise Refusal("value_unknown", label=field_rules()["FiTransEntries"]["SuAc"].label)
    return Transitory(first, last, interim, part.text("VaRo"))


def _demand_range_open(draft: Draft, first: tuple[int, int], last: tuple[int, int]) -> None:
    administration = draft.administration
    table = {(period.year, period.number): period for period in administration.periods}
    if first not in table or last not in table or first > last:
        raise Refusal("transitory_outside")
    for key, found in table.items():
        in_table = (administration.period_table, *key) in draft.environment.blocked_periods
        blocked = found.blocked or in_table or key in draft.journal.blocked_periods
        if blocked and first <= key <= last:
            raise Refusal("transitory_blocked", period=found.number, year=found.year)


def invoice(draft: Draft, line: MessageLine, on: Account | Relation) -> str:
    """The invoice number of a line: a new invoice, or one that is paid off.

    A purchase or sales journal makes invoices, a financial journal pays them off, a general journal
    does either.
    """
    fields = line.fields
    if "InId" in fields and "InI2" in fields:
        raise Refusal("invoice_numbers_both")
    number = fields.text("InId")
    if isinstance(on, Account):
        return number
    number = number or draft.generated_invoice
    if not number:
        return ""
    known = draft.administration.invoices.get(number)
    makes = draft.journal.type in (JournalType.PURCHASE, JournalType.SALES)
    if known is None and draft.journal.type is JournalType.FINANCIAL:
        raise Refusal("invoice_unknown")
    of_relation = known is None or (known.ledger, known.relation) == (fields.text("VaAs"), on.number)
    if known is not None and (makes or not of_relation):
        by = "debtor" if known.ledger == DEBTOR else "creditor"
        raise Refusal(f"invoice_used_by_{by}", invoice=number, relation=known.relation)
    _note_invoice(draft, number, fields, on, is_new=known is None)
    return number


def _note_invoice(draft: Draft, number: str, fields: Fields, on: Relation, *, is_new: bool) -> None:
    owed = fields.amount("AmDe") - fields.amount("AmCr")
    if fields.text("VaAs") == CREDITOR:
        owed = -owed
    if not is_new:
        draft.settlements.append((number, owed))
        return
    made = draft.invoices.setdefault(number, Invoice(number, fields.text("VaAs"), on.number, Decimal(0)))
    made.open_amount += owed
