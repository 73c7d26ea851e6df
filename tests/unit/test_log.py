"""What a log line may hold."""

import structlog

from loonbrug.project import settings


def test_a_traceback_in_the_log_tells_no_values() -> None:
    token = "<token>SECRET</token>"
    try:
        raise RuntimeError(f"{len(token)} characters")
    except RuntimeError as error:
        told = settings.WITHOUT_VALUES((RuntimeError, error, error.__traceback__))
    assert "21 characters" in str(told)
    assert "SECRET" not in str(told)
    processors = structlog.get_config()["processors"]
    transformers = [getattr(each, "format_exception", None) for each in processors]
    assert settings.WITHOUT_VALUES in transformers
