"""`loonbrug serve` as processes: one of them delivers, it ends in time, and a power cut sends nothing twice."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.running import Installation, Process, free_port, wait_for

SECONDS_TO_END = 10.0
#: AFAS's limit of 15 minutes becomes 7.5 s.
SCALE = 120
BAKERY, BAKERY_ADMINISTRATION = "2001", 1


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An authorised and mapped office; nobody serves it yet."""
    with Installation(tmp_path, scale=SCALE) as prepared:
        prepared.start_afas()
        prepared.found_office(authorised=True)
        yield prepared


def send_slowly(installation: Installation, delay_ms: int) -> None:
    """Send a journal, with AFAS taking its time over it; until it is on its way."""
    slow = {"kind": "latency", "administration": BAKERY_ADMINISTRATION, "delay_ms": delay_ms, "count": 1}
    installation.control("POST", "/faults", slow | {"operation": "POST FiEntries"})
    installation.in_the_office(f"send({BAKERY!r}, 'korenaar-2026-10.xml')")
    wait_for(lambda: installation.states() == ["sending"], "the journal to be under way")
    wait_for(lambda: not installation.control("GET", "/faults")["faults"], "AFAS to have begun")


def test_a_second_process_serves_pages_only_and_says_so(installation: Installation) -> None:
    first, port = installation.serve(), free_port()
    second = installation.serve(port)
    assert "serving_pages_only" in second.output
    assert "serving_pages_only" not in first.output
    with urlopen(f"{installation.address(port)}/sign-in/", timeout=60) as page:
        assert page.status == 200


def test_an_idle_process_ends_at_once(installation: Installation) -> None:
    assert ended_in(installation.serve()) < SECONDS_TO_END


def test_a_process_ends_in_time_while_afas_is_busy_and_what_it_sent_is_in_doubt(
    installation: Installation,
) -> None:
    serving = installation.serve()
    send_slowly(installation, delay_ms=60_000)
    assert ended_in(serving) < SECONDS_TO_END
    assert installation.states() == ["in_doubt"]


def ended_in(process: Process) -> float:
    """The seconds that ending took; it has to end by itself."""
    seconds = process.stop()
    assert process.popen.returncode == 0, process.output
    return seconds


def test_after_a_power_cut_while_sending_nothing_is_sent_twice(installation: Installation) -> None:
    serving = installation.serve()
    send_slowly(installation, delay_ms=2_000)
    serving.kill()
    assert installation.states() == ["sending"]
    wait_for(lambda: installation.books(BAKERY_ADMINISTRATION), "AFAS to book it all the same")
    installation.serve(free_port())
    wait_for(lambda: installation.states() in (["booked"], ["verified"]), "the doubt to end")
    time.sleep(1)  # time enough for a second sending, which must not come
    (entry,) = installation.books(BAKERY_ADMINISTRATION)
    ((_, number, attempts),) = installation.deliveries()
    assert (number, attempts) == (str(entry["number"]), 1)
