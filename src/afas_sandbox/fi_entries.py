"""Books and deletes journal entries, as UpdateConnector FiEntries does.

A message is one transaction: all of it is checked before the first change to the books.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from afas_sandbox import fi_rules
from afas_sandbox.access import User
from afas_sandbox.books import Administration, Entry, EntryLine, Journal
from afas_sandbox.fi_allocation import allocate
from afas_sandbox.fi_message import EntryMessage, MessageLine, field_rules, read
from afas_sandbox.fi_rules import Draft
from afas_sandbox.messages import Refusal
from afas_sandbox.world import Environment

GREATEST_LINE_COUNT = 1000


@dataclass(frozen=True)
class Booked:
    """What AFAS answers with: the keys of the booked entry."""

    administration: int
    entry_number: int
    invoice: str


@dataclass(frozen=True)
class Place:
    """Where a message wants to be booked."""

    administration: Administration
    journal: Journal


def place_of(environment: Environment, user: User, message: EntryMessage) -> Place:
    """The administration and journal of a message. Without `UnId`: where the user last logged on."""
    header = message.header
    unit = header.whole("UnId") if "UnId" in header else user.last_administration
    return place(environment, user, unit, header.text("JoCo"))


def place(environment: Environment, user: User, unit: int | None, journal_code: str) -> Place:
    """The journal of an administration that the user may see. Raises Refusal."""
    administration = environment.administrations.get(unit) if unit is not None else None
    if administration is None or not user.may_see(administration.id):
        raise Refusal("no_unit")
    journal = administration.journals.get(journal_code)
    if journal is None:
        raise Refusal("value_unknown", label=field_rules()["FiEntryPar"]["JoCo"].label)
    if journal.blocked:
        raise Refusal("journal_blocked", journal=journal.code)
    return Place(administration, journal)


def book(environment: Environment, user: User, body: object, now: datetime) -> Booked:
    """Book the entry in `body`. Raises Refusal, and then nothing has changed."""
    message = read(body)
    where = place_of(environment, user, message)
    if where.journal.locked_by:
        raise Refusal("layout_locked")
    draft = Draft(environment, where.administration, where.journal, message)
    if message.header.flag("AuNu"):
        draft.generated_invoice = f"{now.year}{where.administration.next_invoice:06d}"
    _demand_line_count(message)
    lines = [_line(draft, line) for line in message.lines]
    _demand_balance(lines)
    return _enter(draft, lines, user, now)


def delete(
    environment: Environment, where: Place, now: datetime, *, number: int | None = None, invoice: str = ""
) -> None:
    """Take one whole entry out of a journal, by its number or its invoice number. Raises Refusal."""
    administration = where.administration
    if where.journal.locked_by:
        raise Refusal("layout_locked")
    entry = _find(where, number, invoice)
    if entry.reconciled:
        raise Refusal("entry_reconciled", entry=entry.number)
    for line in entry.lines:
        fi_rules.demand_open(environment, administration, where.journal, line.voucher_date)
    del administration.entries[entry.number]
    administration.invoices = {
        key: made for key, made in administration.invoices.items() if made.entry_number != entry.number
    }
    _note_change(administration, entry.lines, now)


def _find(where: Place, number: int | None, invoice: str) -> Entry:
    for entry in where.administration.entries_of(where.journal.code):
        if entry.number == number or (invoice and any(line.invoice == invoice for line in entry.lines)):
            return entry
    raise Refusal("entry_unknown")


def _demand_line_count(message: EntryMessage) -> None:
    if not message.lines:
        raise Refusal("no_lines")
    if len(message.lines) > GREATEST_LINE_COUNT:
        raise Refusal("too_many_lines", count=len(message.lines))


def _demand_balance(lines: list[EntryLine]) -> None:
    debit = sum((line.debit for line in lines), Decimal(0))
    credit = sum((line.credit for line in lines), Decimal(0))
    if debit != credit:
        raise Refusal("not_balanced", debit=debit, credit=credit)


def _line(draft: Draft, line: MessageLine) -> EntryLine:
    fields = line.fields
    if "EnNo" in fields:
        raise Refusal("entry_number_given")
    on = fi_rules.account(draft, fields)
    period = fi_rules.period(draft, fields.day("BpDa"))
    debit, credit = fi_rules.amounts(draft, line)
    vat_code, vat_amount = fi_rules.vat(draft, line, on)
    allocation = allocate(draft, line, on)
    fi_rules.bank_account(fields, on)
    return EntryLine(
        sequence=line.position,
        ledger=fields.text("VaAs"),
        account=on.number,
        debit=debit,
        credit=credit,
        entry_date=fields.day("EnDa"),
        voucher_date=fields.day("BpDa"),
        year=period.year,
        period=period.number,
        voucher_number=fields.text("BpNr"),
        invoice=fi_rules.invoice(draft, line, on),
        description=fields.text("Ds"),
        vat_code=vat_code,
        vat_amount=vat_amount,
        currency=fi_rules.currency(draft, fields),
        due_date=fields.day("DaEx") if "DaEx" in fields else None,
        codes=allocation.codes,
        allocated_debit=allocation.debit,
        allocated_credit=allocation.credit,
        projects=fi_rules.projects(draft, line, on),
        transitory=fi_rules.transitory(draft, line, on),
    )


def _enter(draft: Draft, lines: list[EntryLine], user: User, now: datetime) -> Booked:
    administration = draft.administration
    number = administration.next_entry
    administration.next_entry += 1
    draft.environment.axis_codes.update(draft.codes)
    administration.assignments |= draft.assignments
    entry = Entry(
        number, draft.journal.code, lines[0].year, lines[0].period, lines, now, user.code,
        reconciled=bool(draft.settlements),
    )  # fmt: skip
    administration.entries[number] = entry
    _enter_invoices(draft, number)
    _note_change(administration, lines, now)
    return Booked(administration.id, number, next((line.invoice for line in lines if line.invoice), ""))


def _enter_invoices(draft: Draft, entry_number: int) -> None:
    administration = draft.administration
    if draft.generated_invoice in draft.invoices:
        administration.next_invoice += 1
    for number, invoice in draft.invoices.items():
        invoice.entry_number = entry_number
        administration.invoices[number] = invoice
    for number, amount in draft.settlements:
        paid = administration.invoices[number]
        paid.open_amount += amount
        if paid.entry_number in administration.entries:
            administration.entries[paid.entry_number].reconciled = True


def _note_change(administration: Administration, lines: list[EntryLine], now: datetime) -> None:
    days: set[date] = {line.entry_date for line in lines}
    administration.changed_days.update(dict.fromkeys(days, now))
