"""`/healthz`, `/readyz` and `/metrics`: without signing in, cheap, and without anybody's name."""

import json
from datetime import timedelta
from functools import cache
from threading import Event

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from loonbrug.watch.queries import last_pulse
from loonbrug.web.monitoring.exposition import Exposition

#: An engine is seen at work every few seconds; after this long without, none is.
PULSE_LIFE = timedelta(seconds=60)
_MIGRATED = Event()
#: Set by whatever passes a request on: then it does not come from this machine, whatever the address says.
_PASSED_ON = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")


@login_not_required
@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(_request: HttpRequest) -> HttpResponse:
    """Database reachable, migrations applied, an engine at work in this process or another; 503 otherwise."""
    checks = _checks()
    is_ready = all(checks.values())
    body = json.dumps({"ready": is_ready} | checks)
    return HttpResponse(body, content_type="application/json", status=200 if is_ready else 503)


@login_not_required
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for whoever asks from this machine or shows the token."""
    if not (_is_from_here(request) or _shows_token(request)):
        return HttpResponse(
            "only from this machine, or with the token\n", status=403, content_type="text/plain"
        )
    return HttpResponse(_exposition().text(now=timezone.now()), content_type=CONTENT_TYPE_LATEST)


def _checks() -> dict[str, bool]:
    try:
        is_migrated = _is_migrated()
        pulse = last_pulse() if is_migrated else None
    except DatabaseError:
        return {"database": False, "migrations": False, "engine": False}
    is_beating = pulse is not None and pulse > timezone.now() - PULSE_LIFE
    return {"database": True, "migrations": is_migrated, "engine": is_beating}


def _is_migrated() -> bool:
    """Asked until it is so; a running process does not become older than its database by itself."""
    if not _MIGRATED.is_set():
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            _MIGRATED.set()
    return _MIGRATED.is_set()


@cache
def _exposition() -> Exposition:
    return Exposition()


def _is_from_here(request: HttpRequest) -> bool:
    is_passed_on = any(name in request.META for name in _PASSED_ON)
    return request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"} and not is_passed_on


def _shows_token(request: HttpRequest) -> bool:
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.METRICS_TOKEN) and constant_time_compare(shown, settings.METRICS_TOKEN)
