"""Connections with Nmbrs: what each shows, how far it has been brought over, and what a person has to decide."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections.models import NmbrsState
from loonbrug.connections.nmbrs_queries import NmbrsConnectionView, connection, connections
from loonbrug.directory.nmbrs_queries import NmbrsDebtorView, Undecided, nmbrs_debtors, undecided
from loonbrug.payroll.run_queries import Progress, progress

#: From so many days before its end a connection asks for attention.
SOON_DAYS = 7
PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Connected:
    """One connection with what it shows; gone debtors are not counted.

    `meant_for` names the debtors for which the consent was asked, while those still wait for one.
    """

    connection: NmbrsConnectionView
    debtors: tuple[NmbrsDebtorView, ...]
    undecided: tuple[Undecided, ...]
    progress: Progress
    days_left: int
    meant_for: str

    @property
    def name(self) -> str:
        """The names of its debtors; empty until they have been read."""
        return _names(self.debtors)

    @property
    def company_count(self) -> int:
        return sum(each.company_count for each in self.debtors)

    @property
    def has_stopped(self) -> bool:
        return self.connection.state is NmbrsState.CONSENT_NEEDED

    @property
    def ends_soon(self) -> bool:
        return not self.has_stopped and self.days_left <= SOON_DAYS

    @property
    def is_busy(self) -> bool:
        """Whether what was asked is still being brought over."""
        if self.has_stopped:
            return False
        asked = self.connection.asked_at
        read = self.connection.lists_read_at
        return read is None or read < asked or not self.progress.is_done


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the office's connections, and how many pages of them there are."""

    rows: tuple[Connected, ...]
    number: int
    count: int


def connected(*, scope: Scope, page: int, now: datetime) -> Page:
    """A page of the connections, those first that need somebody; the last one when there are fewer pages.

    Wants read on Nmbrs settings.
    """
    found = connections(scope=scope)
    count = max(1, -(-len(found) // PER_PAGE))
    number = min(max(page, 1), count)
    shown = found[(number - 1) * PER_PAGE : number * PER_PAGE]
    return Page(_connected(scope, shown, now), number, count)


def one_connected(*, scope: Scope, connection_id: int, now: datetime) -> Connected:
    """One connection. Wants read on Nmbrs settings. Raises NotFoundError."""
    (found,) = _connected(scope, [connection(scope=scope, connection_id=connection_id)], now)
    return found


def stopped(*, scope: Scope, now: datetime) -> tuple[Connected, ...]:
    """The connections that wait for a person's consent, for whoever may ask for it; nothing for others."""
    if not scope.allows(Part.NMBRS_SETTINGS, Level.WRITE):
        return ()
    waiting = _waiting(scope)
    found = [each for each in connections(scope=scope) if each.id in waiting]
    return _connected(scope, found, now) if found else ()


def connection_of_debtor(*, scope: Scope, debtor_id: int, now: datetime) -> Connected | None:
    """The connection that shows one of our debtors, for whoever may see connections; None for others."""
    if not scope.allows(Part.NMBRS_SETTINGS, Level.READ):
        return None
    of_debtor = {each.connection_id for each in nmbrs_debtors(scope=scope) if each.debtor_id == debtor_id}
    found = [each for each in connections(scope=scope) if each.id in of_debtor]
    return _connected(scope, found, now)[0] if found else None


def _connected(scope: Scope, found: Sequence[NmbrsConnectionView], now: datetime) -> tuple[Connected, ...]:
    debtors, open_questions = defaultdict(list), defaultdict(list)
    for debtor in nmbrs_debtors(scope=scope):
        if debtor.gone_at is None:
            debtors[debtor.connection_id].append(debtor)
    for question in undecided(scope=scope):
        open_questions[question.connection_id].append(question)
    waiting = _waiting(scope) if any(each.renews_id for each in found) else frozenset()
    how_far = progress(asked_at={each.id: each.asked_at for each in found})
    return tuple(
        Connected(
            connection=each,
            debtors=tuple(debtors[each.id]),
            undecided=tuple(open_questions[each.id]),
            progress=how_far[each.id],
            days_left=each.days_left(now),
            meant_for=_names(debtors[each.renews_id]) if each.renews_id in waiting - {each.id} else "",
        )
        for each in found
    )


def _waiting(scope: Scope) -> frozenset[int]:
    return frozenset(each.id for each in connections(scope=scope) if each.state is NmbrsState.CONSENT_NEEDED)


def _names(debtors: Iterable[NmbrsDebtorView]) -> str:
    return ", ".join(each.name for each in debtors)
