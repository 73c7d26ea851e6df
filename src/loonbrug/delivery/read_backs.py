"""Reading back what is booked: one question per administration, of as many entries as fit."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

import msgspec
from django.db import connection

from afas_client.transactions import VOUCHERS_AT_ONCE
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.questions import Kind, Question, Wanted, shown_by
from loonbrug.delivery.states import State
from loonbrug.delivery.tables import one_of, stored

#: So many booked deliveries are considered for reading back in one go.
READ_AT_ONCE = 200

_ASKED_AT_ONCE = {Kind.NUMBER_CHECK: 1, Kind.READ_BACK: VOUCHERS_AT_ONCE}

#: What is read back in one question: kind, connection, administration and, where it is asked by number, journal code.
_Batch = tuple[Kind, int, int, str]


class _Booked(NamedTuple):
    """A booked delivery, as far as it matters for how it is read back.

    `offered` are the GetConnectors of its account, as JSON; `is_kept` is None until its lane is known.
    """

    pk: int
    environment_id: int
    office_id: int
    connection_id: int
    administration: int
    journal_code: str
    voucher_number: str
    entry_number: str
    token: str
    offered: str
    is_kept: bool | None


def read_backs(free: Mapping[int, int], now: datetime) -> Iterator[tuple[int, Question]]:
    """One question per administration, of as many deliveries as fit; the first of a lane asks by its number.

    So many for each environment as it has calls free.
    """
    if not free:
        return
    found = _booked_ones(sorted(free), now)
    connectors = {
        offered: shown_by(msgspec.json.decode(offered)) for offered in {row.offered for row in found}
    }
    unreadable = []
    batches: defaultdict[int, dict[_Batch, list[_Booked]]] = defaultdict(dict)
    for row in found:
        if row.is_kept is False or not connectors[row.offered]:
            unreadable.append(row.pk)
            continue
        kind, code = (Kind.NUMBER_CHECK, row.journal_code) if row.is_kept is None else (Kind.READ_BACK, "")
        batch = kind, row.connection_id, row.administration, code
        batches[row.environment_id].setdefault(batch, []).append(row)
    if unreadable:
        rows = Delivery.objects.filter(state__in=[State.BOOKED, State.VERIFIED])
        rows.filter(pk__in=unreadable).update(due_at=None)
    for environment_id, of_it in batches.items():
        for (kind, connection_id, administration, _), booked in islice(of_it.items(), free[environment_id]):
            yield (
                environment_id,
                Question(
                    kind=kind,
                    office_id=booked[0].office_id,
                    connection_id=connection_id,
                    connector=connectors[booked[0].offered],
                    token=booked[0].token,
                    administration=administration,
                    wanted=tuple(_wanted(row) for row in booked[: _ASKED_AT_ONCE[kind]]),
                ),
            )


def _wanted(row: _Booked) -> Wanted:
    return Wanted(row.pk, row.voucher_number, row.journal_code, row.entry_number)


def _booked_ones(environment_ids: Sequence[int], now: datetime) -> list[_Booked]:
    """What is booked and due to be read back: of each environment the first."""
    asked, ids = one_of(environment_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT booked.id, booked.environment_id, booked.office_id, connection_id, booked.administration,
                booked.journal_code, voucher_number, entry_number, authorised_at, get_connectors, lane.is_kept FROM (
                SELECT d.id, d.environment_id, d.office_id, connection_id, administration, journal_code,
                    voucher_number, entry_number, due_at, account.authorised_at, account.get_connectors,
                    row_number() OVER (PARTITION BY d.environment_id ORDER BY due_at, d.id) AS place
                FROM delivery_delivery d JOIN connections_connection account ON account.id = connection_id
                JOIN delivery_payload frozen ON frozen.delivery_id = d.id
                WHERE d.environment_id {asked} AND d.state IN ('booked', 'verified') AND due_at <= %s
                AND account.state = 'authorised' AND account.capabilities_checked_at IS NOT NULL) AS booked
            LEFT JOIN delivery_numberkeeping lane ON lane.office_id = booked.office_id
                AND lane.environment_id = booked.environment_id AND lane.administration = booked.administration
                AND lane.journal_code = booked.journal_code
            WHERE place <= %s ORDER BY due_at, booked.id""",
            [*ids, stored(now), READ_AT_ONCE],
        )
        found = cursor.fetchall()
    return [
        _Booked._make((*row, str(token), offered, None if kept is None else bool(kept)))
        for *row, token, offered, kept in found
    ]
