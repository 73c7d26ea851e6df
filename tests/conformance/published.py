"""The vendors' published documents: read from the folder in VENDOR_DOCS, never kept in the project."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

AFAS_DOCUMENT = "afas-openapi-subset.json"


def folder() -> Path | None:
    name = os.environ.get("VENDOR_DOCS")
    return Path(name) if name else None


def demand() -> None:
    """Skip with one line where there are no documents; fail where they have to be there."""
    if folder() is not None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail("VENDOR_DOCS is not set: name the folder with the vendors' published documents.")
    pytest.skip("not run: VENDOR_DOCS names no folder with the vendors' published documents")


@cache
def afas() -> dict[str, Any]:
    """AFAS's published description of the REST services; empty when there are no documents."""
    where = folder()
    if where is None:
        return {}
    content: dict[str, Any] = json.loads((where / AFAS_DOCUMENT).read_text("utf-8"))
    return content


def examples(path: str, method: str = "post") -> dict[str, Any]:
    """The published request bodies of an operation, by name."""
    operation = afas().get("paths", {}).get(path, {}).get(method, {})
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {name: example["value"] for name, example in media.get("examples", {}).items()}


def get_connectors() -> list[str]:
    """The names of the published GetConnectors."""
    paths = afas().get("paths", {})
    return [path.rsplit("/", 1)[1] for path in paths if path.startswith("/connectors/Profit_")]


def row_schema(connector: str) -> dict[str, Any]:
    """The published schema of a GetConnector's answer, in which every field may also be null.

    AFAS answers null for an empty field, which the published schema forgets.
    """
    response = afas()["paths"][f"/connectors/{connector}"]["get"]["responses"]["200"]
    schema: dict[str, Any] = json.loads(json.dumps(response["content"]["application/json"]["schema"]))
    fields = schema["properties"]["rows"]["items"]["properties"]
    for field in fields.values():
        field["type"] = [field["type"], "null"]
    schema["properties"]["rows"]["items"] |= {"required": sorted(fields), "additionalProperties": False}
    return schema | {"required": ["skip", "take", "rows"]}


def error_schema(status: str) -> dict[str, Any]:
    schema: dict[str, Any] = afas()["components"]["responses"][status]["content"]["application/json"][
        "schema"
    ]
    return schema | {"required": sorted(schema["properties"]), "additionalProperties": False}
