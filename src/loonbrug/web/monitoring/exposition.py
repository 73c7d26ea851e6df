"""The figures in the form that Prometheus reads.

Attempts are counted from the database, so that whichever process is asked counts those of all processes. Counting
begins at the first question; Prometheus looks at increases only.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import version
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from loonbrug.delivery.outcomes import Outcome
from loonbrug.delivery.states import State
from loonbrug.screens.figures import Figures, attempts_after, figures, newest_attempt_id

#: Attempts can become visible later than others with a higher number; this many are looked at again.
OVERLAP = 1_000
#: An attempt without an answer for this long belongs to a process that died: nobody will report it.
PENDING_LIFE = timedelta(hours=2)
BUCKETS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 4 * 3600, 24 * 3600)


class Exposition:
    """Counts attempts as they end, and tells all figures at each question."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._registry = CollectorRegistry()
        self._attempts = Counter(
            "loonbrug_attempts", "Attempts by what they came to", ["outcome"], registry=self._registry
        )
        for outcome in Outcome:
            self._attempts.labels(outcome.value)
        self._seconds = Histogram(
            "loonbrug_queued_to_booked_seconds",
            "From approval until AFAS answered that it booked the entry",
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._floor: int | None = None
        self._counted: set[int] = set()
        self._pending: set[int] = set()

    def text(self, *, now: datetime) -> bytes:
        """All figures at this moment."""
        with self._lock:
            self._count_attempts(now)
            moment = CollectorRegistry()
            moment.register(_Moment(figures(now=now), now))
            return generate_latest(self._registry) + generate_latest(moment)

    def _count_attempts(self, now: datetime) -> None:
        newest = newest_attempt_id()
        if self._floor is None:
            self._floor = newest
        for attempt in attempts_after(after_id=self._floor, or_ids=self._pending):
            if attempt.id in self._counted:
                continue
            if attempt.is_ended:
                self._attempts.labels(attempt.outcome).inc()
                if attempt.queued_to_booked_seconds is not None:
                    self._seconds.observe(attempt.queued_to_booked_seconds)
                self._counted.add(attempt.id)
                self._pending.discard(attempt.id)
            elif attempt.claimed_at > now - PENDING_LIFE:
                self._pending.add(attempt.id)
            else:
                self._pending.discard(attempt.id)
        self._floor = max(self._floor, newest - OVERLAP)
        self._counted = {id_ for id_ in self._counted if id_ > self._floor}


class _Moment(Collector):
    """The figures of one moment as gauges."""

    def __init__(self, found: Figures, now: datetime) -> None:
        self._found = found
        self._now = now

    def collect(self) -> Iterator[Metric]:
        found = self._found
        doubts = found.deliveries[State.IN_DOUBT] + found.deliveries[State.UNDECIDED]
        yield _by("loonbrug_deliveries", "Deliveries by state", "state", found.deliveries)
        yield _by(
            "loonbrug_breaches", "What breaks a rule that must always hold", "invariant", found.breaches
        )
        yield _by("loonbrug_build_info", "The version that runs", "version", {version("loonbrug"): 1})
        for name, said, value in (
            ("loonbrug_deliveries_in_doubt", "Deliveries that AFAS may or may not have booked", doubts),
            (
                "loonbrug_oldest_due_age_seconds",
                "Since when the oldest due work waits",
                self._age(found.oldest_due_at),
            ),
            (
                "loonbrug_paused_connections",
                "AFAS accounts that no longer let us in",
                found.paused_connection_count,
            ),
            (
                "loonbrug_paused_offices",
                "Offices that send nothing because the database was restored or copied",
                found.paused_office_count,
            ),
            ("loonbrug_unsent_mails", "Mails that no mail server has taken", found.unsent_mail_count),
        ):
            yield GaugeMetricFamily(name, said, value=value)
        if found.pulse_at is not None:
            said = "Since when no engine was seen at work"
            yield GaugeMetricFamily(
                "loonbrug_engine_pulse_age_seconds", said, value=self._age(found.pulse_at)
            )

    def _age(self, moment: datetime | None) -> int:
        return 0 if moment is None else max(0, round((self._now - moment).total_seconds()))


def _by(name: str, said: str, label: str, counts: dict[str, int] | dict[State, int]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=[label])
    for key, count in counts.items():
        family.add_metric([str(key)], count)
    return family
