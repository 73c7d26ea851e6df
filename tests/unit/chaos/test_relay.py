"""The network of a storm: what it forgets, and what it passes on."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from benchmarks.chaos.relay import IDLE_SECONDS, Relay
from tests.running import wait_for

POST = b"POST /11111.resttest/ProfitRestServices/connectors/FiEntries HTTP/1.1\r\n\r\n"
LOOK = b"GET /11111.resttest/ProfitRestServices/connectors/Profit_Transactions_Allocated HTTP/1.1\r\n\r\n"


def echo(listening: socket.socket) -> None:
    while True:
        try:
            line, _ = listening.accept()
        except OSError:
            return
        with line:
            while received := line.recv(65_536):
                line.sendall(received)


@pytest.fixture
def afas() -> Iterator[tuple[str, int]]:
    """Answers with what it was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=echo, args=(listening,), daemon=True).start()
        yield listening.getsockname()
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def is_silent() -> bool:
    return False


@pytest.fixture
def relay(afas: tuple[str, int], is_silent: bool) -> Iterator[Relay]:
    relay = Relay(afas, lambda: is_silent)
    yield relay
    relay.close()


def connected(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.open()), timeout=5)


def exchange(line: socket.socket, sent: bytes) -> bytes:
    line.sendall(sent)
    return line.recv(65_536)


def test_a_post_on_a_connection_that_was_idle_meets_a_reset(relay: Relay) -> None:
    relay.forget(1)
    with connected(relay) as line:
        assert exchange(line, LOOK) == LOOK
        time.sleep(2 * IDLE_SECONDS)
        with pytest.raises(ConnectionResetError):
            exchange(line, POST)
    assert relay.struck == 1
    with connected(relay) as line:
        assert exchange(line, LOOK) == LOOK
        time.sleep(2 * IDLE_SECONDS)
        assert exchange(line, POST) == POST


@pytest.mark.parametrize("is_silent", [True])
def test_or_it_meets_silence(relay: Relay) -> None:
    relay.forget(1)
    with connected(relay) as line:
        assert exchange(line, LOOK) == LOOK
        time.sleep(2 * IDLE_SECONDS)
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            exchange(line, POST)


def test_the_first_request_of_a_connection_and_a_look_are_passed_on(relay: Relay) -> None:
    relay.forget(1)
    with connected(relay) as line:
        assert exchange(line, POST) == POST
        time.sleep(2 * IDLE_SECONDS)
        assert exchange(line, LOOK) == LOOK
    assert relay.struck == 0


@pytest.mark.parametrize("is_silent", [True])
def test_who_waits_for_the_answer_to_an_entry_is_known_by_his_port(relay: Relay) -> None:
    relay.forget(1)
    port, of_another = relay.open(), relay.open()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        assert exchange(line, LOOK) == LOOK
        assert not relay.is_booking(port)
        time.sleep(2 * IDLE_SECONDS)
        line.sendall(POST)
        wait_for(lambda: relay.is_booking(port), "the relay to see the entry")
        assert not relay.is_booking(of_another)
