"""What the exporter refuses in a configuration, as far as a schema can express it: these rules are added to the schema of `config`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from exporter.config.resources import Resource, Resources
from exporter.model import EVERY, RESERVED_LABELS
from exporter.providers.definition import Definition
from exporter.providers.library import read_definitions
from tools.chart.shapes import Schema

_LIBRARY: Final = read_definitions()
_RESOURCES: Final = Resources(_LIBRARY)
_NEVER: Final[Schema] = {"not": {}}
_NO_DURATION: Final = "^(0+[a-z]+)*$"
_BELOW_A_SECOND: Final = "^(0+[a-z]+)*(0*[0-9]{1,3}ms)?$"
_LABEL: Final = "^([a-zA-Z][a-zA-Z0-9_]*|_([a-zA-Z0-9][a-zA-Z0-9_]*)?)$"


def tighten(definitions: dict[str, Schema]) -> None:
    """Add the rules that apply to every vendor, to the definitions of the schema."""
    source, account = definitions["SecretSource"], definitions["Account"]
    source |= {"minProperties": 1, "maxProperties": 1}
    source["properties"] = {name: _without_null(each) for name, each in source["properties"].items()}
    source["properties"]["env"]["pattern"] = "^[A-Za-z_][A-Za-z0-9_]*$"
    _add(account["properties"]["labels"], {"propertyNames": {"pattern": _LABEL, "not": {"enum": sorted(RESERVED_LABELS)}}})
    _add(account["properties"]["base_url"], {"pattern": r"^https?://[^\s?#@]+$"})
    account["allOf"] = [
        {
            "if": {"properties": {"plain_http": {"const": True}}, "required": ["plain_http"]},
            "else": {"properties": {"base_url": {"pattern": r"^https://|^http://(localhost|127[.]|\[::1\])"}}},
        }
    ]
    for block in (account, definitions["Defaults"]):
        _add(block["properties"]["proxy_url"], {"pattern": "^http://[!-~]+$"})
        units = block["properties"]["budgets"]["anyOf"][0]["additionalProperties"]
        units["propertyNames"]["pattern"] = "^[a-z0-9][a-z0-9_]*$"
        for name, each in block["properties"].items():
            for schema in (each, *each.get("anyOf", ())):
                if "ms)?" in schema.get("pattern", ""):
                    schema["not"] = {"pattern": _BELOW_A_SECOND if "interval" in name else _NO_DURATION}


def of_built_in_vendors() -> Schema:
    """Return the rules of `config` that hold where every vendor is built in."""
    resources = sorted(_RESOURCES.names)
    defaults = {"thresholds": _named({EVERY, *resources}), "budgets": _named(resources)}
    return {
        "properties": {
            "accounts": {"items": {"properties": {"provider": {"enum": list(_LIBRARY.definitions)}}, "allOf": list(_of_vendors())}},
            "providers": _named(_LIBRARY.definitions),
            "defaults": {"properties": defaults},
        }
    }


def _of_vendors() -> Iterator[Schema]:
    """Yield one rule for all vendors to which it applies."""
    for rule in _RULES:
        vendors: defaultdict[str, list[str]] = defaultdict(list)
        schemas: dict[str, Schema] = {}
        for name, definition in _LIBRARY.definitions.items():
            schema = rule(definition)
            schemas[repr(schema)] = schema
            vendors[repr(schema)].append(name)
        for text, names in vendors.items():
            if schemas[text]:
                yield {"if": {"properties": {"provider": {"enum": names}}, "required": ["provider"]}, "then": schemas[text]}


def _credentials(definition: Definition) -> Schema:
    sources = {
        name: {"properties": {"oauth2": _NEVER}} for name, credential in definition.credentials.items() if credential.token_url is None
    }
    return {"properties": {"credentials": {**_named(definition.credentials), **({"properties": sources} if sources else {})}}}


def _region(definition: Definition) -> Schema:
    return {"properties": {"region": {"enum": [*sorted(definition.regions), None]}}}


def _params(definition: Definition) -> Schema:
    if not definition.params:
        return {"properties": {"params": {"maxProperties": 0}}}
    names = sorted(definition.params)
    patterns = {name: {"pattern": f"^({fields.pattern})$"} for name, fields in definition.params.items() if fields.pattern}
    params = {"type": "object", "additionalProperties": False, "required": names, "properties": {key: {} for key in names} | patterns}
    return {"required": ["params"], "properties": {"params": params}}


def _address(definition: Definition) -> Schema:
    if definition.base_url is None:
        return {"required": ["base_url"], "properties": {"base_url": {"type": "string"}}}
    return {"properties": {"plain_http": {"const": False}}}


def _resources(definition: Definition) -> Schema:
    resources: Mapping[str, Resource] = _RESOURCES.of(definition.name) or {}
    remaining = {name for name, each in resources.items() if each.has_remaining}
    used = {name: _units(each) for name, each in resources.items() if "used" in each.parts}
    return {"properties": {"thresholds": _named({EVERY, *remaining}), "budgets": {**_named(used), "properties": used}}}


def _units(resource: Resource) -> Schema:
    return {} if resource.has_other_units else _named(resource.units)


_RULES: Final[tuple[Callable[[Definition], Schema], ...]] = (_credentials, _region, _params, _address, _resources)


def _named(names: Collection[str]) -> Schema:
    return {"propertyNames": {"enum": sorted(names)}} if names else {"maxProperties": 0}


def _without_null(schema: Schema) -> Schema:
    return {**{key: each for key, each in schema.items() if key != "anyOf"}, **schema["anyOf"][0]}


def _add(schema: Schema, rule: Schema) -> None:
    """Add a rule to the alternative that is not null."""
    schema["anyOf"][0] |= rule
