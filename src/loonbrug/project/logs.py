"""The log: one line of JSON per event on stderr, because stdout belongs to a command's own answer.

No line holds what was being worked on: a traceback's variables are left out, and so is all that an error says below
its first line, where PostgreSQL quotes the whole row that it refused.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import ExcInfo, Processor

_FRAMES = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def without_values(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Where an error came from, and the first line of what it says, as data."""
    chain = _FRAMES(exc_info)
    for link in chain:
        link["exc_value"] = link["exc_value"].partition("\n")[0]
    return chain


def configure() -> None:
    """Send our own events, and those of libraries from a warning on, to stderr as lines of JSON."""
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Processor] = [
        structlog.processors.ExceptionRenderer(without_values),
        structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=[*before, *rendering],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    of_libraries = logging.StreamHandler(sys.stderr)
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    of_libraries.setLevel(logging.WARNING)
    logging.getLogger().addHandler(of_libraries)
