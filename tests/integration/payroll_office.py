"""An office with companies, and journals to read in; built straight on the tables."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from loonbrug.access.models import Office
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.directory.models import Company, Debtor
from loonbrug.ledger.entry import Entry, line_of
from loonbrug.payroll import operations
from loonbrug.payroll.operations import Imported
from loonbrug.payroll.queries import RunDraft, RunIdentity

NOW = datetime.datetime(2026, 11, 20, 9, 30, tzinfo=datetime.UTC)
HEADING = "bedrijf;jaar;periode;run;datum;grootboekrekening;kostenplaats;omschrijving;debet;credit\n"


@dataclass(frozen=True)
class PayrollOffice:
    """Two companies under one debtor, and the scope of somebody who may do everything there."""

    scope: Scope
    bakery_id: int
    garage_id: int


def make_office(name: str = "Kantoor De Brug", level: Level = Level.WRITE) -> PayrollOffice:
    office = Office.objects.create(name=name)
    debtor = Debtor.objects.create(office=office, number="100", name="Van Dam Holding")
    bakery = Company.objects.create(office=office, debtor=debtor, number="1001", name="Bakkerij Van Dam")
    garage = Company.objects.create(office=office, debtor=debtor, number="1002", name="Garage Van Dam")
    scope = Scope(office.pk, 7, "Anna de Vries", dict.fromkeys(Part, level))
    return PayrollOffice(scope, bakery.pk, garage.pk)


def entry(amount: str = "1000.00", *, day: int = 25, cost_centre: str = "100") -> Entry:
    gross = line_of("4000", Decimal(amount), cost_centre=cost_centre, description="Bruto lonen")
    net = line_of("2100", -Decimal(amount), description="Nettoloon")
    return Entry(datetime.date(2026, 11, day), (gross, net))


def draft(company_id: int, *entries: Entry, number: int = 1, period: int = 11, year: int = 2026) -> RunDraft:
    return RunDraft(RunIdentity(company_id, year, period, number), "November", entries or (entry(),))


def keep(
    office: PayrollOffice, *drafts: RunDraft, replace: bool = False, sent: tuple[int, ...] = ()
) -> Imported:
    """Import the drafts; what came of the first of them."""
    return operations.import_drafts(
        scope=office.scope,
        drafts=drafts,
        file_name="journaal.csv",
        data=b"the file",
        now=NOW,
        replace=replace,
        sent=sent,
    )[0]


def csv_file(*rows: str) -> bytes:
    """A CSV file in our layout; the rows are in the order of HEADING."""
    return (HEADING + "\n".join(rows)).encode()
