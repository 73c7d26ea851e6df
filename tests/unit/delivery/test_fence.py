"""Nothing leaves after its moment, whichever clock says so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from afas_client.errors import NeverLeft
from loonbrug.delivery.calls import Fence

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def passes(by: Callable[[Any], None]) -> SimpleNamespace:
    """Two clocks, and a fence of thirty seconds that was put up before they were moved."""
    clocks = SimpleNamespace(at=NOW, up=1000.0)
    ground: Any = SimpleNamespace(now=lambda: clocks.at, boot_seconds=lambda: clocks.up)
    clocks.fence = Fence(NOW + timedelta(seconds=30), ground)
    by(clocks)
    return clocks


def later(clocks: Any, wall: float, boot: float) -> None:
    clocks.at += timedelta(seconds=wall)
    clocks.up += boot


def test_within_its_time_it_may_leave() -> None:
    passes(lambda clocks: later(clocks, 29, 29)).fence()


@pytest.mark.parametrize(("wall", "boot"), [(30, 5), (5, 30), (-3600, 31)])
def test_the_stricter_clock_wins(wall: float, boot: float) -> None:
    with pytest.raises(NeverLeft, match="too late"):
        passes(lambda clocks: later(clocks, wall, boot)).fence()
