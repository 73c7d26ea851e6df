"""The only writers of mappings. Rights, and what AFAS says, are checked by the workflows that call them."""

import datetime
from dataclasses import asdict

from django.db import IntegrityError, transaction

from loonbrug.access.rights import NotFoundError
from loonbrug.ledger.problems import ProblemsError
from loonbrug.mappings.checks import MappingValues, company_is_mapped, problems_of
from loonbrug.mappings.models import Mapping
from loonbrug.mappings.queries import MappingView, view_of


def add_mapping(
    *, office_id: int, company_id: int, values: MappingValues, now: datetime.datetime
) -> MappingView:
    """A mapping for a company of this office that had none. Raises ProblemsError."""
    _check(values)
    try:
        with transaction.atomic():
            row = Mapping.objects.create(
                office_id=office_id, company_id=company_id, changed_at=now, **asdict(values)
            )
    except IntegrityError as twice:
        raise ProblemsError(company_is_mapped()) from twice
    return view_of(row)


def change_mapping(
    *, office_id: int, mapping_id: int, values: MappingValues, now: datetime.datetime
) -> MappingView:
    """Another way for the same company; what was sent or approved before stays as it was.

    Raises ProblemsError, NotFoundError.
    """
    _check(values)
    with transaction.atomic():
        row = _row(office_id, mapping_id)
        for name, value in asdict(values).items():
            setattr(row, name, value)
        row.changed_at = now
        row.save()
    return view_of(row)


def remove_mapping(*, office_id: int, mapping_id: int) -> None:
    """The company goes nowhere from now on. Raises NotFoundError."""
    with transaction.atomic():
        _row(office_id, mapping_id).delete()


def _check(values: MappingValues) -> None:
    if problems := problems_of(values):
        raise ProblemsError(*problems)


def _row(office_id: int, mapping_id: int) -> Mapping:
    rows = Mapping.objects.select_for_update(of=("self",)).select_related("company")
    row = rows.filter(office_id=office_id, id=mapping_id).first()
    if row is None:
        raise NotFoundError("mapping", mapping_id)
    return row
