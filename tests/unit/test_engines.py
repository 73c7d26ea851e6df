"""Which engine an installation has, and what only that engine brings along."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from loonbrug.project import engines
from loonbrug.project.engines import JOBS_APP, EngineName, apps_of, chosen_engine


@pytest.mark.parametrize("is_postgresql", [True, False])
def test_the_engine_in_the_serving_process_works_on_either_database(*, is_postgresql: bool) -> None:
    assert chosen_engine(name="embedded", is_postgresql=is_postgresql) is EngineName.EMBEDDED


def test_many_processes_need_a_postgresql() -> None:
    assert chosen_engine(name="procrastinate", is_postgresql=True) is EngineName.PROCRASTINATE
    with pytest.raises(ImproperlyConfigured, match="LOONBRUG_DATABASE"):
        chosen_engine(name="procrastinate", is_postgresql=False)


def test_an_engine_that_is_not_known_or_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="embedded, procrastinate"):
        chosen_engine(name="celery", is_postgresql=True)
    monkeypatch.setattr(engines, "find_spec", lambda _: None)
    with pytest.raises(ImproperlyConfigured, match=r"loonbrug\[postgresql\]"):
        chosen_engine(name="procrastinate", is_postgresql=True)


def test_the_table_of_jobs_is_there_only_where_processes_share_it() -> None:
    assert apps_of(EngineName.EMBEDDED) == []
    assert apps_of(EngineName.PROCRASTINATE) == [JOBS_APP]
