"""The vendors' published documents: read from the folder in VENDOR_DOCS, never kept in the project."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

AFAS_DOCUMENT = "afas-openapi-subset.json"
NMBRS_DOCUMENT = "nmbrs-openapi.yaml"


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


@cache
def nmbrs() -> dict[str, Any]:
    """Nmbrs's published description of the REST API, with its references followed; empty without documents."""
    where = folder()
    if where is None:
        return {}
    content: dict[str, Any] = yaml.safe_load((where / NMBRS_DOCUMENT).read_text("utf-8"))
    paths: dict[str, Any] = _followed(content["paths"], content)
    return content | {"paths": paths}


def _followed(part: Any, document: dict[str, Any]) -> Any:
    """A part of a document with what it refers to in the place of references."""
    if isinstance(part, list):
        return [_followed(each, document) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return _followed(found, document)
    return {name: _followed(each, document) for name, each in part.items()}


def operation(path: str) -> dict[str, Any]:
    """The GET of a path of Nmbrs, with the parameters of the path among its own."""
    found = nmbrs()["paths"][path]
    parameters = [*found.get("parameters", []), *found["get"].get("parameters", [])]
    return dict(found["get"]) | {"parameters": parameters}


def strict(schema: dict[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """A schema of OpenAPI 3.0 as a JSON schema that takes no other fields, and with `whole` misses none."""
    kind = schema.get("type")
    if kind == "array":
        return schema | {"items": strict(schema["items"], whole=whole)}
    if kind == "object":
        properties = {name: strict(part, whole=whole) for name, part in schema["properties"].items()}
        required = sorted(properties) if whole else schema.get("required", [])
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
    return schema | {"type": [kind, "null"]} if schema.get("nullable") else schema
