"""The overview of the day: one mail for each person, of what that person can do something about, when there is any."""

from datetime import datetime

import msgspec
from django.db import transaction

from loonbrug.access import queries as access
from loonbrug.access import sign_in
from loonbrug.planning.plan import AMSTERDAM
from loonbrug.screens.radar import to_act_on
from loonbrug.watch import operations as watch

#: What the mail is about that tells what did not happen.
DIGEST_MAIL = "digest"


def write_digests(*, now: datetime) -> int:
    """Write the mails that are due by now; how many. Nobody gets two on a day, and nobody an empty one."""
    here = now.astimezone(AMSTERDAM)
    due = access.digests_due(day=here.date(), hour=here.hour)
    return sum(_write(user_id, here) for user_id in due)


@transaction.atomic
def _write(user_id: int, now: datetime) -> bool:
    if not sign_in.take_digest(user_id=user_id, day=now.date()):
        return False
    scope = access.scope_of(user_id=user_id)
    groups = to_act_on(scope=scope, now=now)
    if groups:
        params = {"groups": msgspec.json.encode(groups).decode(), "at": now.isoformat()}
        watch.write_mail_for(scope=scope, code=DIGEST_MAIL, params=params, now=now)
    return bool(groups)
