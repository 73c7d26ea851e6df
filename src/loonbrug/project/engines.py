"""Which engine does the work of an installation."""

from enum import StrEnum
from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

#: The Django app that keeps the table of jobs.
JOBS_APP = "procrastinate.contrib.django"


class EngineName(StrEnum):
    """Inside `loonbrug serve`, or in any number of `loonbrug worker` processes."""

    EMBEDDED = "embedded"
    PROCRASTINATE = "procrastinate"


def chosen_engine(*, name: str, is_postgresql: bool) -> EngineName:
    """The engine of this name. Raises ImproperlyConfigured when it is not known or cannot work here."""
    if name not in set(EngineName):
        raise ImproperlyConfigured(f"LOONBRUG_ENGINE must be one of {', '.join(EngineName)}")
    engine = EngineName(name)
    if engine is EngineName.PROCRASTINATE and not is_postgresql:
        raise ImproperlyConfigured(
            "LOONBRUG_ENGINE=procrastinate needs a PostgreSQL: name its address in LOONBRUG_DATABASE"
        )
    if engine is EngineName.PROCRASTINATE and find_spec("procrastinate") is None:
        raise ImproperlyConfigured(
            "LOONBRUG_ENGINE=procrastinate needs its library: pip install loonbrug[postgresql]"
        )
    return engine


def apps_of(engine: EngineName) -> list[str]:
    """The Django apps that this engine adds."""
    return [JOBS_APP] if engine is EngineName.PROCRASTINATE else []
