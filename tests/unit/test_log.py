"""What a log line may hold."""

from typing import Any

import structlog
from django.conf import settings


def test_a_failure_is_logged_without_the_values_of_variables() -> None:
    assert settings.configured
    line: Any = {"event": "work_failed", "exc_info": True}
    salary = "4321.98"
    try:
        raise ZeroDivisionError("no division")
    except ZeroDivisionError:
        for processor in structlog.get_config()["processors"]:
            line = processor(None, "error", line)
    assert "no division" in line
    assert salary not in line
