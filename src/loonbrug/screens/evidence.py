"""Everything that is known of one journal, from its source document to AFAS's numbers, as frozen values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from loonbrug.access.queries import office
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.audit.queries import RecordView, of_subject
from loonbrug.delivery import queries as deliveries
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.queries import DeliveryView
from loonbrug.directory import queries as directory
from loonbrug.directory.queries import CompanyView
from loonbrug.ledger.entry import Entry
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.queries import JournalView

#: Acts on one thing that are told; more than anybody does.
ACT_COUNT = 1_000


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One file that the evidence rests on: its name beside the evidence, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class SentEntry:
    """One delivery: what its view tells, the bytes that were approved, and how they were made."""

    view: DeliveryView
    payload: EvidenceFile
    attempt_hashes: Mapping[int, str]
    look_ups: tuple[Mapping[str, Any], ...]
    mapping: Mapping[str, Any]
    participant_number: str
    environment_type: str
    afas_user: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One journal with all that happened to it; `last_at` is when the last of it happened."""

    office: str
    company: CompanyView
    journal: JournalView
    source: EvidenceFile
    sent: tuple[SentEntry, ...]
    acts: tuple[RecordView, ...]
    last_at: datetime

    @property
    def files(self) -> tuple[EvidenceFile, ...]:
        return (self.source, *(each.payload for each in self.sent))


def evidence(*, scope: Scope, journal_id: int) -> Evidence:
    """The evidence of one journal. Raises NotFoundError and NotAllowedError (wants read on journal export)."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    journal = payroll.journal(scope=scope, journal_id=journal_id)
    views = deliveries.of_journals(scope=scope, journal_ids=[journal_id]).get(journal_id, ())
    source = payroll.source_bytes(scope=scope, journal_id=journal_id)
    acts = _acts(scope, journal_id, views)
    moments = [journal.imported_at, *(view.changed_at for view in views), *(act.at for act in acts)]
    answers = [attempt.ended_at for view in views for attempt in view.attempts if attempt.ended_at]
    return Evidence(
        office=office(scope=scope).name,
        company=directory.company(scope=scope, company_id=journal.run.company_id),
        journal=journal,
        source=EvidenceFile(f"source/{_file_name(journal.file_name)}", source),
        sent=_sent(scope, views),
        acts=acts,
        last_at=max([*moments, *answers]),
    )


def as_json(found: Evidence) -> bytes:
    """The evidence as JSON: the same bytes for the same evidence."""
    facts = {
        "office": found.office,
        "company": asdict(found.company),
        "journal": asdict(found.journal) | {"entries": [_entry(each) for each in found.journal.entries]},
        "source": {"file": found.source.name, "sha256": sha256(found.source.data).hexdigest()},
        "deliveries": [_delivery(each) for each in found.sent],
        "acts": [asdict(act) for act in found.acts],
    }
    return (json.dumps(facts, ensure_ascii=False, indent=2, default=_text) + "\n").encode()


def _delivery(sent: SentEntry) -> dict[str, Any]:
    """What the view of a delivery tells, but for what happens next, and what lies beside it."""
    attempts = [
        asdict(attempt) | {"payload_hash": sent.attempt_hashes[attempt.number]}
        for attempt in sent.view.attempts
    ]
    facts = asdict(sent.view)
    del facts["awaited"]
    return facts | {
        "attempts": attempts,
        "look_ups": sent.look_ups,
        "payload_file": sent.payload.name,
        "mapping_as_used": sent.mapping,
        "participant_number": sent.participant_number,
        "environment_type": sent.environment_type,
        "afas_user": sent.afas_user,
    }


def _sent(scope: Scope, views: Sequence[DeliveryView]) -> tuple[SentEntry, ...]:
    rows = Delivery.objects.filter(office_id=scope.office_id).select_related("environment", "connection")
    found = rows.prefetch_related("attempts", "look_ups").in_bulk([view.id for view in views])
    return tuple(
        SentEntry(
            view=view,
            payload=EvidenceFile(
                f"payloads/entry-{view.ordinal}-{view.voucher_number}.json", found[view.id].payload
            ),
            attempt_hashes={each.number: each.payload_hash for each in found[view.id].attempts.all()},
            look_ups=tuple(
                {"at": each.at, "question": each.question, "has_sight": each.has_sight}
                for each in sorted(found[view.id].look_ups.all(), key=lambda each: each.pk)
            ),
            mapping=found[view.id].mapping,
            participant_number=found[view.id].environment.participant_number,
            environment_type=found[view.id].environment.type,
            afas_user=found[view.id].connection.afas_user,
        )
        for view in views
    )


def _acts(scope: Scope, journal_id: int, views: Sequence[DeliveryView]) -> tuple[RecordView, ...]:
    """Who did what to the journal and its deliveries, oldest first."""
    subjects = [("journal", journal_id), *(("delivery", view.id) for view in views)]
    found = [
        record
        for kind, subject_id in subjects
        for record in of_subject(
            office_id=scope.office_id, subject_kind=kind, subject_id=subject_id, count=ACT_COUNT
        )
    ]
    return tuple(sorted(found, key=lambda record: (record.at, record.subject_kind, record.subject_id)))


def _entry(entry: Entry) -> dict[str, Any]:
    debit, credit = entry.totals()
    return {"date": entry.date, "line_count": len(entry.lines), "total_debit": debit, "total_credit": credit}


def _text(value: object) -> str:
    """What JSON does not know itself: amounts as text, moments in UTC."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"evidence cannot tell a {type(value).__name__}")


def _file_name(name: str) -> str:
    """The name of the source document without a path, as any computer takes it."""
    last = name.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    clean = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in last)
    return clean.strip(". ") or "document"
