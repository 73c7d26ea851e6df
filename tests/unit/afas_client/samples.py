"""The answers in tests/samples/afas, as the wire sees them."""

from __future__ import annotations

import json
from pathlib import Path

from afas_client.wire import Response

SAMPLES = Path(__file__).parents[2] / "samples" / "afas"


def sample(name: str) -> Response:
    """The answer with this name; its status is the number in the name."""
    headers = json.loads((SAMPLES / f"{name}.headers.json").read_text())
    return Response(int(name.split("-")[1]), headers, (SAMPLES / f"{name}.body").read_bytes())


def names(request: str) -> set[str]:
    """The names of all answers to one kind of request."""
    return {path.name.removesuffix(".body") for path in SAMPLES.glob(f"{request}-*.body")}
