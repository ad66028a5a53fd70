"""The JSON Schema of the chart's values, from their defaults, their comments and shapes.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from exporter.config.loading import json_schema
from tools.chart.config_rules import of_built_in_vendors, tighten
from tools.chart.shapes import FREE, SHAPES, Schema, one_of
from tools.chart.values import documented, read_values, text_of

RULES: Final = Path(__file__).resolve().parents[2] / "prometheus" / "rules"
_OMITTED: Final = frozenset({"$schema", "default", "title", "format", "writeOnly"})


def values_schema() -> Schema:
    """The JSON Schema of values.yaml, in draft 7, which Helm 3 and 4 support.

    Every value is required. The defaults supply all of them, and templates do not expect a value that was removed with null.
    """
    config = draft_7(json_schema())
    definitions = config.pop("definitions")
    tighten(definitions)
    config["properties"]["accounts"]["minItems"] = 0
    config["required"] = ["accounts"]
    shapes = SHAPES | {"config": config} | dict(_of_alerts())
    descriptions = {value.path: value.description for value in documented(text_of())}
    root = _shape("", read_values(), shapes, descriptions)
    root["properties"]["enabled"] = {"type": "boolean", "description": "Condition of a parent chart. Without effect here."}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart ai-account-exporter",
        **root,
        # A schema cannot read the names of other definitions, so their accounts are checked by the exporter only.
        "if": {"properties": {"providerDefinitions": {"maxProperties": 0}, "config": {"properties": {"provider_files": {"maxItems": 0}}}}},
        "then": {"properties": {"config": of_built_in_vendors()}},
        "definitions": definitions,
    }


def draft_7(schema: Any) -> Any:
    """Convert pydantic's schema to draft 7."""
    if isinstance(schema, list):
        return [draft_7(each) for each in schema]
    if not isinstance(schema, dict):
        return schema.replace("#/$defs/", "#/definitions/") if isinstance(schema, str) else schema
    if "properties" in schema and isinstance(schema["properties"], dict):
        properties = {name: draft_7(each) for name, each in schema["properties"].items()}
        rest = {key: each for key, each in schema.items() if key != "properties"}
        return {**draft_7(rest), "properties": properties}
    return {"definitions" if key == "$defs" else key: draft_7(each) for key, each in schema.items() if key not in _OMITTED}


def alert_names() -> list[str]:
    """The names of the alerts in the chart."""
    groups = (group for path in sorted(RULES.glob("*.yaml")) for group in yaml.safe_load(path.read_text("utf-8"))["groups"])
    return sorted({rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule})


def _of_alerts() -> Iterator[tuple[str, Schema]]:
    names = alert_names()
    duration = {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"}
    yield "prometheusRule.defaultRules.disabled", {"type": "array", "items": one_of(*names)}
    yield (
        "prometheusRule.defaultRules.forOverrides",
        {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(names, duration)},
    )


def _shape(path: str, default: object, shapes: Mapping[str, Schema], descriptions: Mapping[str, str]) -> Schema:
    described: Schema = {"description": descriptions[path]} if path in descriptions else {}
    if path in shapes:
        return {**described, **shapes[path]}
    if isinstance(default, bool):
        return {**described, "type": "boolean"}
    if isinstance(default, int):
        return {**described, "type": "integer", "minimum": 0}
    if isinstance(default, str):
        return {**described, "type": "string"}
    if not isinstance(default, dict) or not default:
        raise ValueError(f"{path}: needs a schema in shapes.py")
    properties = {key: _shape(f"{path}.{key}".lstrip("."), each, shapes, descriptions) for key, each in default.items()}
    return {
        **described,
        "type": "object",
        "additionalProperties": FREE if path == "global" else False,
        "required": [] if path == "global" else sorted(key for key in properties if key != "global"),
        "properties": properties,
    }
