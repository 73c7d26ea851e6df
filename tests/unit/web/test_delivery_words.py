"""How long something lasts and when it goes on, in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from loonbrug.web.deliveries.words import duration
from loonbrug.web.waiting import clock

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "english", "dutch"),
    [
        (0, "0 seconds", "0 seconden"),
        (1, "1 second", "1 seconde"),
        (59, "59 seconds", "59 seconden"),
        (60, "1 minute", "1 minuut"),
        (3_599, "59 minutes", "59 minuten"),
        (3_600, "1 hour", "1 uur"),
        (172_799, "47 hours", "47 uur"),
        (172_800, "2 days", "2 dagen"),
    ],
)
def test_how_long_is_told_in_words_that_fit(seconds: int, english: str, dutch: str) -> None:
    with translation.override("en"):
        assert duration(seconds) == english
    with translation.override("nl"):
        assert duration(seconds) == dutch


def test_a_time_of_another_day_is_told_with_its_day() -> None:
    with translation.override("nl"):
        assert clock(NOON + timedelta(hours=1), NOON) == "14:00"
        assert clock(NOON + timedelta(hours=12), NOON) == "26 november 01:00"
