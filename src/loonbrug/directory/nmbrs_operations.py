"""Receive what Nmbrs shows: debtors, companies, cost centres and units. Nothing is ever deleted for being gone.

Lists are whole: what a list does not hold is gone from Nmbrs, and marked so. Rights are checked by the workflows
that call these; all but the deciding is done by the service itself.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from loonbrug.access.models import Office
from loonbrug.access.rights import Scope
from loonbrug.audit.operations import write
from loonbrug.directory.matching import LONGEST_NAME, Match, Ours, match
from loonbrug.directory.models import AllocationCode, CodeKind, Company, Debtor, NmbrsCompany, NmbrsDebtor
from loonbrug.directory.nmbrs_queries import our_companies, our_debtors

#: What the list of companies tells of one; its kind of period comes from elsewhere, perhaps at the same moment.
_LISTED = ("number", "name", "debtor", "company", "gone_at")


@dataclass(frozen=True, slots=True)
class Seen:
    """A debtor or company in Nmbrs; `debtor_id` is Nmbrs's, empty for a debtor itself."""

    nmbrs_id: str
    number: str
    name: str
    debtor_id: str = ""


@transaction.atomic
def receive_debtors(*, scope: Scope, connection_id: int, seen: Iterable[Seen], now: datetime) -> None:
    """The debtors that a connection shows. One that another connection shows stays with that one.

    Whoever receives for the same office waits until this transaction is over.
    """
    Office.objects.select_for_update(no_key=True).get(id=scope.office_id)
    shown = {each.nmbrs_id: each for each in seen}
    rows = NmbrsDebtor.objects.filter(office_id=scope.office_id)
    known = {row.nmbrs_id: row for row in rows}
    ours = our_debtors(scope)
    for each in shown.values():
        row = known.get(each.nmbrs_id)
        if row is None:
            row = NmbrsDebtor(office_id=scope.office_id, nmbrs_id=each.nmbrs_id, connection_id=connection_id)
        elif row.gone_at is not None:
            row.connection_id, row.gone_at = connection_id, None
        elif row.connection_id != connection_id:
            continue
        _receive_debtor(scope, row, each, ours, now)
    mine = [row for row in known.values() if row.connection_id == connection_id and row.gone_at is None]
    gone = [row.pk for row in mine if row.nmbrs_id not in shown]
    NmbrsDebtor.objects.filter(id__in=gone).update(gone_at=now)
    NmbrsCompany.objects.filter(debtor__in=gone, gone_at=None).update(gone_at=now)


def _receive_debtor(scope: Scope, row: NmbrsDebtor, seen: Seen, ours: dict[str, Ours], now: datetime) -> None:
    row.number, row.name = seen.number[:50], seen.name[:200]
    if row.debtor is None:
        matched = match(number=seen.number, name=seen.name, debtor_id=None, ours=ours.get(seen.number))
        row.debtor = _our_debtor(scope, seen, matched, now)
    if row.debtor is not None:
        ours[row.debtor.number] = Ours(row.debtor.pk, row.debtor.name, None, is_linked=True)
        _rename(scope, "debtor", row.debtor, seen, now)
    row.save()


def _our_debtor(scope: Scope, seen: Seen, matched: Match, now: datetime) -> Debtor | None:
    if matched.doubt:
        return None
    if matched.id is not None:
        return Debtor.objects.get(id=matched.id)
    made = Debtor.objects.create(office_id=scope.office_id, number=seen.number, name=_name(seen))
    _note(scope, "debtor", made, "added", now)
    return made


def move_debtors(*, office_id: int, nmbrs_debtor_ids: Collection[str], connection_id: int) -> None:
    """From now on these debtors are seen through this connection: the newest consent covers them."""
    rows = NmbrsDebtor.objects.filter(office_id=office_id, nmbrs_id__in=nmbrs_debtor_ids)
    rows.update(connection_id=connection_id)


def mark_gone(*, scope: Scope, connection_id: int, now: datetime) -> None:
    """Nmbrs shows nothing through this connection any more."""
    debtors = NmbrsDebtor.objects.filter(office_id=scope.office_id, connection_id=connection_id)
    debtors.filter(gone_at=None).update(gone_at=now)
    NmbrsCompany.objects.filter(debtor__in=debtors, gone_at=None).update(gone_at=now)


@transaction.atomic
def receive_companies(*, scope: Scope, connection_id: int, seen: Iterable[Seen], now: datetime) -> None:
    """The companies that a connection shows, each under a debtor that was received before.

    A company that has moved is known by its id in Nmbrs, also when another connection showed it until now. To be
    called after `receive_debtors`, in the same transaction.
    """
    debtors = {
        row.nmbrs_id: row
        for row in NmbrsDebtor.objects.filter(
            office_id=scope.office_id, connection_id=connection_id, gone_at=None
        ).select_related("debtor")
    }
    shown = {each.nmbrs_id: each for each in seen if each.debtor_id in debtors}
    rows = NmbrsCompany.objects.filter(office_id=scope.office_id)
    known = {row.nmbrs_id: row for row in rows.select_related("company", "debtor")}
    ours = our_companies(scope)
    for each in shown.values():
        row = known.get(each.nmbrs_id) or NmbrsCompany(office_id=scope.office_id, nmbrs_id=each.nmbrs_id)
        _receive_company(scope, row, each, debtors[each.debtor_id], ours, now)
    mine = [row for row in known.values() if row.debtor.connection_id == connection_id]
    gone = [row.pk for row in mine if row.nmbrs_id not in shown and row.gone_at is None]
    NmbrsCompany.objects.filter(id__in=gone).update(gone_at=now)


def _receive_company(
    scope: Scope, row: NmbrsCompany, seen: Seen, debtor: NmbrsDebtor, ours: dict[str, Ours], now: datetime
) -> None:
    before = (row.pk, row.number, row.name, row.debtor_id, row.gone_at, row.company_id)
    row.number, row.name, row.debtor, row.gone_at = seen.number[:50], seen.name[:200], debtor, None
    if row.company is None and debtor.debtor_id is not None:
        matched = match(
            number=seen.number, name=seen.name, debtor_id=debtor.debtor_id, ours=ours.get(seen.number)
        )
        row.company = _our_company(scope, seen, debtor.debtor_id, matched, now)
        if row.company is not None:
            ours[row.company.number] = Ours(
                row.company.pk, row.company.name, debtor.debtor_id, is_linked=True
            )
    if row.company is not None and debtor.debtor_id is not None:
        _move(scope, row.company, debtor.debtor_id, now)
        _rename(scope, "company", row.company, seen, now)
    if before != (row.pk, row.number, row.name, row.debtor_id, row.gone_at, row.company_id):
        row.save(update_fields=None if row.pk is None else _LISTED)


def _our_company(scope: Scope, seen: Seen, debtor_id: int, matched: Match, now: datetime) -> Company | None:
    if matched.doubt:
        return None
    if matched.id is not None:
        return Company.objects.get(id=matched.id)
    made = Company.objects.create(
        office_id=scope.office_id, debtor_id=debtor_id, number=seen.number, name=_name(seen)
    )
    _note(scope, "company", made, "added", now)
    return made


def _move(scope: Scope, company: Company, debtor_id: int, now: datetime) -> None:
    if company.debtor_id != debtor_id:
        company.debtor_id = debtor_id
        company.save(update_fields=["debtor"])
        _note(scope, "company", company, "moved", now)


def _rename(scope: Scope, kind: str, ours: Debtor | Company, seen: Seen, now: datetime) -> None:
    """Nmbrs is where names are changed; our number stays what it is: mappings and vouchers carry it."""
    if ours.name != _name(seen):
        ours.name = _name(seen)
        ours.save(update_fields=["name"])
        _note(scope, kind, ours, "renamed", now)


def _name(seen: Seen) -> str:
    return seen.name[:LONGEST_NAME] or seen.number


def _note(scope: Scope, kind: str, ours: Debtor | Company, verb: str, now: datetime) -> None:
    details = {"number": ours.number, "name": ours.name, "from": "Nmbrs"}
    write(by=scope, at=now, verb=verb, subject_kind=kind, subject_id=ours.pk, details=details)


@dataclass(frozen=True, slots=True)
class CompanyCodes:
    """What Nmbrs shows of one of our companies: its codes by kind, each with its name, and its kind of period."""

    company_id: int
    codes: Mapping[CodeKind, Mapping[str, str]]
    period_type: str


def receive_codes(*, found: Sequence[CompanyCodes], now: datetime) -> frozenset[int]:
    """Keep what Nmbrs shows of these companies; the ids of those of which any code is new, other or gone.

    Codes that people made and Nmbrs does not know stay as they are.
    """
    of_company = {each.company_id: each for each in found}
    _receive_period_types(of_company)
    known: dict[tuple[int, CodeKind, str], AllocationCode] = {
        (row.company_id, CodeKind(row.kind), row.code): row
        for row in AllocationCode.objects.filter(company_id__in=of_company)
    }
    seen = {
        (each.company_id, kind, code[:50]): name[:200]
        for each in found
        for kind, named in each.codes.items()
        for code, name in named.items()
    }
    made = [
        AllocationCode(company_id=company_id, kind=kind, code=code, name=name, is_from_nmbrs=True)
        for (company_id, kind, code), name in seen.items()
        if (company_id, kind, code) not in known
    ]
    changed = [row for key, row in known.items() if _receive_code(row, seen.get(key), now)]
    AllocationCode.objects.bulk_create(made)
    if changed:
        AllocationCode.objects.bulk_update(changed, ["name", "is_from_nmbrs", "gone_at"])
    return frozenset(row.company_id for row in (*made, *changed))


def _receive_period_types(found: Mapping[int, CompanyCodes]) -> None:
    for row in NmbrsCompany.objects.filter(company_id__in=found):
        assert row.company_id is not None  # asked for by it
        told = found[row.company_id].period_type[:20]
        if row.period_type != told:
            NmbrsCompany.objects.filter(id=row.pk).update(period_type=told)


def _receive_code(row: AllocationCode, name: str | None, now: datetime) -> bool:
    before = (row.name, row.is_from_nmbrs, row.gone_at)
    if name is not None:
        row.name, row.is_from_nmbrs, row.gone_at = name, True, None
    elif row.is_from_nmbrs and row.gone_at is None:
        row.gone_at = now
    return before != (row.name, row.is_from_nmbrs, row.gone_at)
