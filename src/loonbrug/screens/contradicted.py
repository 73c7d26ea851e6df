"""Journals of which Nmbrs says something else by now, or nothing any more, and about which nobody has decided."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from loonbrug.access.rights import Scope
from loonbrug.payroll.models import Journal, JournalLife, JournalSource
from loonbrug.payroll.nmbrs_models import LookSubject, NmbrsLook, NmbrsRun
from loonbrug.screens.run_export import ExportLine, lines_of_journals


def contradicted(*, scope: Scope) -> tuple[ExportLine, ...]:
    """The runs of the office of which a person still has to decide, the oldest first. Raises NotAllowedError."""
    lines = lines_of_journals(scope=scope, journal_ids=list(_suspects(scope).values_list("pk", flat=True)))
    undecided = (line for line in lines if line.is_changed or line.stops)
    return tuple(sorted(undecided, key=lambda line: (line.run.year, line.run.period, line.run.number)))


def _suspects(scope: Scope) -> QuerySet[Journal]:
    """What may be contradicted: few journals, found cheaply among all of an office."""
    offered = Journal.objects.filter(office_id=scope.office_id, life=JournalLife.OFFERED)
    gone = NmbrsRun.objects.filter(office_id=scope.office_id, gone_at__isnull=False)
    looked_at = NmbrsLook.objects.filter(
        company__company_id=OuterRef("run__company_id"),
        year=OuterRef("run__year"),
        subject=LookSubject.RUNS,
        looked_at__isnull=False,
    )
    is_alone = Q(Exists(looked_at), ~Exists(_same(NmbrsRun.objects.all())), source=JournalSource.FILE)
    return Journal.objects.filter(
        Q(run_id__in=offered.values("run_id")) | Q(Exists(_same(gone))) | is_alone,
        office_id=scope.office_id,
        life=JournalLife.LIVE,
    )


def _same(runs: QuerySet[NmbrsRun]) -> QuerySet[NmbrsRun]:
    """Those with the identity of the journal's run."""
    names = ("company_id", "year", "period", "number")
    return runs.filter(**{name: OuterRef(f"run__{name}") for name in names})
