"""Errors at once: what could not be done by itself is mailed, each time in one mail for everybody it concerns."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import transaction

from loonbrug.access.rights import Part, service_scope
from loonbrug.ledger.problems import Problem
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.planning import operations
from loonbrug.planning.plan import Step
from loonbrug.screens.planned import Standing, standings
from loonbrug.watch import operations as watch

#: What the mail is about that tells of steps that could not be taken.
FAILED_MAIL = "workflow_failed"
#: So many failures are told in a round, and so many of them named in one mail.
TOLD_COUNT, NAMED_COUNT = 1000, 25

#: Whom a failure is told to: an office, and the addresses that were given; without any all who may send.
_Readers = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FailedRun:
    """One run that could not go on, as a mail tells of it; without a journal it leads to its company."""

    company_id: int
    company: str
    year: int
    period: int
    number: int
    journal_id: int | None
    step: Step
    problems: tuple[Problem, ...]


@transaction.atomic
def tell_failures(*, now: datetime) -> int:
    """Write the mails about what has failed since the last round; how many runs they tell of."""
    found = operations.take_untold(count=TOLD_COUNT)
    by_office: defaultdict[int, list[int]] = defaultdict(list)
    for office_id, run_id in NmbrsRun.objects.filter(pk__in=found).values_list("office_id", "pk"):
        by_office[office_id].append(run_id)
    by_readers: defaultdict[_Readers, list[FailedRun]] = defaultdict(list)
    for office_id, run_ids in by_office.items():
        for each in standings(scope=service_scope(office_id), run_ids=run_ids):
            if (failed := _failed(each)) is not None:
                by_readers[office_id, each.choice.emails].append(failed)
    for (office_id, addresses), runs in by_readers.items():
        _write(office_id, addresses, runs, now)
    return len(found)


def _failed(found: Standing) -> FailedRun | None:
    failure = found.track.failure if found.track else None
    if failure is None:
        return None
    return FailedRun(
        company_id=found.company.id,
        company=f"{found.company.number} {found.company.name}",
        year=found.run.year,
        period=found.run.period,
        number=found.run.number,
        journal_id=found.journal.id if found.journal else None,
        step=failure.step,
        problems=failure.problems,
    )


def _write(office_id: int, addresses: Sequence[str], runs: Sequence[FailedRun], now: datetime) -> None:
    named = msgspec.json.encode(runs[:NAMED_COUNT]).decode()
    params = {"runs": named, "count": str(len(runs)), "at": now.isoformat()}
    if addresses:
        watch.write_mail_to(
            office_id=office_id, addresses=addresses, code=FAILED_MAIL, params=params, now=now
        )
    else:
        watch.write_mail(
            office_id=office_id, part=Part.JOURNAL_EXPORT, code=FAILED_MAIL, params=params, now=now
        )
