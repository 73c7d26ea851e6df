"""What a process makes sure of before it does any work, and what it then does every few minutes."""

from typing import Any

import click
import pytest
import waitress
from click.testing import CliRunner, Result
from pytest_django import Settings
from tests.integration.delivery_office import BOOKED, make_office
from tests.integration.unguarded import sql

from loonbrug.project import durability, serving, wiring, working
from loonbrug.project.durability import NotDurableError
from loonbrug.project.engines import EngineName
from loonbrug.project.serving import serve
from loonbrug.project.working import ForeignKeysError, WorkIsNotSharedError, worker
from loonbrug.watch.models import Alarm
from loonbrug.watch.queries import last_pulse

pytestmark = pytest.mark.django_db
A_FEW_MINUTES = 300


class WorkBeganError(Exception):
    """The process went on to its work."""


@pytest.fixture
def _no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(*_: object, **__: object) -> None:
        raise WorkBeganError

    for module in (serving, working):
        monkeypatch.setattr(module, "bring_up_to_date", lambda **_: None)
    monkeypatch.setattr(wiring, "folder", begin)
    monkeypatch.setattr(wiring, "engine", begin)
    monkeypatch.setattr(waitress, "serve", begin)


def start(command: click.Command) -> Result:
    return CliRunner().invoke(command, standalone_mode=False)


@pytest.mark.usefixtures("_no_work")
@pytest.mark.parametrize(
    ("command", "engine"), [(serve, EngineName.EMBEDDED), (worker, EngineName.PROCRASTINATE)]
)
def test_nothing_starts_on_a_database_that_would_lose_commits(
    command: click.Command, engine: EngineName, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENGINE = engine
    assert isinstance(start(command).exception, WorkBeganError)
    monkeypatch.setattr(durability, "_setting", lambda _: "off")
    assert isinstance(start(command).exception, NotDurableError)


@pytest.mark.usefixtures("_no_work")
def test_a_worker_without_a_shared_table_of_work_is_told_what_to_do(settings: Settings) -> None:
    settings.ENGINE = EngineName.EMBEDDED
    refused = start(worker).exception
    assert isinstance(refused, WorkIsNotSharedError)
    assert "LOONBRUG_ENGINE=procrastinate" in refused.message


@pytest.mark.usefixtures("_no_work")
def test_a_machine_with_other_keys_does_not_join(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENGINE = EngineName.PROCRASTINATE
    monkeypatch.setattr(working, "keys_open_tokens", lambda: False)
    refused = start(worker).exception
    assert isinstance(refused, ForeignKeysError)
    assert "secrets.keys" in refused.message


def test_every_few_minutes_an_engine_looks_at_what_must_always_hold(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENGINE = EngineName.EMBEDDED
    monkeypatch.setattr(wiring, "_ground", lambda *_: None)
    monkeypatch.setattr(wiring, "_nmbrs_ground", lambda _: None)
    monkeypatch.setattr(wiring, "_round", lambda every_seconds, _thread, doing: (every_seconds, doing))
    monkeypatch.setattr(wiring, "EmbeddedEngine", lambda periodic, **_: periodic)
    rounds: Any = wiring.engine()
    delivery_id = make_office().sent(BOOKED)
    sql("UPDATE delivery_attempt SET payload_hash = %s WHERE delivery_id = %s", "0" * 64, delivery_id)
    for every_seconds, doing in (each for each in rounds if isinstance(each, tuple)):
        assert every_seconds <= A_FEW_MINUTES
        doing()
    assert Alarm.objects.get().code == "breach_sent_something_else"
    assert last_pulse() is not None
