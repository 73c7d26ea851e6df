"""Lanes and calls in use, and whose turn it is: what claims and questions read while nobody else can change it.

A lane is an administration and a journal code: AFAS gets one entry of it at a time.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from loonbrug.connections.models import Environment
from loonbrug.delivery.outcomes import Reason
from loonbrug.delivery.tables import one_of, stored

Lane = tuple[int, str]


class OvertakenError(Exception):
    """A newer drain of this environment has started; this one must claim nothing more."""


def locked(environment_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Epoch and number of calls of these environments, whose rows nobody else can change from here."""
    lock = "FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    asked, ids = one_of(sorted(environment_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT id, epoch, parallel_call_count FROM connections_environment
            WHERE id {asked} ORDER BY id {lock}""",
            ids,
        )
        return {pk: (epoch, calls) for pk, epoch, calls in cursor.fetchall()}


def check_epoch(*, environment_id: int, epoch: int) -> None:
    """Raises OvertakenError when a newer drain of this environment has started."""
    if not Environment.objects.filter(pk=environment_id, epoch=epoch).exists():
        raise OvertakenError


def busy_lanes(*, environment_ids: Sequence[int], now: datetime) -> defaultdict[int, set[Lane]]:
    """Lanes of calls under way, and of doubts and deletions that AFAS may still be working on.

    While AFAS may be busy with what a restored database does not know, nothing leaves at all, and these hold no
    lane. The states are written out because only then the databases use the small index of what is under way.
    """
    lanes: defaultdict[int, set[Lane]] = defaultdict(set)
    if not environment_ids:
        return lanes
    asked, ids = one_of(environment_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT environment_id, administration, journal_code FROM delivery_delivery
            WHERE environment_id {asked} AND state IN ('sending', 'in_doubt', 'reversing')
            AND (state = 'sending' OR doubt_until > %s) AND reason <> %s""",
            [*ids, stored(now), Reason.RESTORED],
        )
        for environment_id, administration, journal_code in cursor.fetchall():
            lanes[environment_id].add((administration, journal_code))
    return lanes
