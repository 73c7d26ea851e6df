"""`/metainfo`: what an app connector may use, and the fields of it."""

from typing import Any

from afas_sandbox.access import AppConnector, Token, User
from afas_sandbox.connectors import GetConnector, get_connectors
from afas_sandbox.fi_message import FieldRule, field_rules
from afas_sandbox.world import Environment

UPDATE_CONNECTORS = {"FiEntries": "Financiële mutatie"}
"""The UpdateConnectors that the sandbox imitates."""

_CONTROL_TYPES = {"string": 1, "boolean": 2, "date": 3, "decimal": 4, "int": 5}
"""1 and 5 as in the published sample; the others are ours."""


def overview(environment: Environment, connector: AppConnector, token: Token, user: User) -> dict[str, Any]:
    """What this app connector may use; every value is text."""
    group = environment.groups.get(connector.group)
    return {
        "updateConnectors": [
            {"id": name, "description": UPDATE_CONNECTORS.get(name, name)}
            for name in sorted(connector.update_connectors)
        ],
        "getConnectors": [
            {"id": name, "description": _description(name)} for name in sorted(connector.get_connectors)
        ],
        "info": {
            "envid": environment.code,
            "appName": connector.description,
            "group": f"{group.name if group else connector.group} ({user.code})",
            # "0" as in the published sample; how AFAS writes a real end is not known.
            "tokenExpiry": f"{token.expires_at:%Y-%m-%dT%H:%M:%SZ}" if token.expires_at else "0",
        },
    }


def of_get_connector(connector: GetConnector) -> dict[str, Any]:
    return {
        "name": connector.name,
        "description": connector.description,
        "fields": [
            {
                "id": field.name,
                "fieldId": field.name,
                "dataType": field.type,
                "label": field.label,
                "length": field.length,
                "controlType": _CONTROL_TYPES[field.type],
                "decimals": 2 if field.type == "decimal" else 0,
                "decimalsFieldId": "",
            }
            for field in connector.fields
        ],
    }


def of_fi_entries(language: str) -> dict[str, Any]:
    """UpdateConnector FiEntries, with the objects under it."""
    entry_lines = _object("FiEntries", language, "FiDimEntries", "FiPrjEntries", "FiTransEntries")
    root = _object("FiEntryPar", language)
    return {
        "id": "FiEntries",
        "description": UPDATE_CONNECTORS["FiEntries"],
        "name": "FiEntryPar",
        "fields": root["fields"],
        "objects": [entry_lines],
    }


def _description(name: str) -> str:
    known = get_connectors().get(name)
    return known.description if known else name


def _object(name: str, language: str, *below: str) -> dict[str, Any]:
    fields = [_update_field(field, rule, language) for field, rule in field_rules()[name].items()]
    return {"name": name, "fields": fields, "objects": [_object(part, language) for part in below]}


def _update_field(name: str, rule: FieldRule, language: str) -> dict[str, Any]:
    values = [{"id": key, "description": text} for key, text in rule.values.items()]
    return {
        "fieldId": name,
        "primaryKey": False,
        "dataType": rule.type,
        "label": rule.label.in_language(language),
        "mandatory": rule.mandatory,
        "length": rule.length,
        "decimals": 2 if rule.type == "decimal" else 0,
        "decimalFieldId": "",
        "notzero": False,
        "controlType": _CONTROL_TYPES[rule.type],
        "values": values or None,
    }
