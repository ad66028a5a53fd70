"""Writes docs/api.md and docs/accounts.schema.json: the reference of `/api/v1/accounts`, from the classes that it returns."""

from __future__ import annotations

import ast
import inspect
import json
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache, reduce
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from exporter.overview import facts
from exporter.overview.encoding import field_names
from exporter.overview.facts import Overview, State
from tools.docs.api_example import example

_SIMPLE: Mapping[Any, str] = {Decimal: "number", float: "number", int: "integer", bool: "boolean", str: "string"}

API = """\
<!-- Written by tools/docs/api.py from exporter/overview; do not edit. -->

# API

`GET /api/v1/accounts` returns the data about every account as JSON. It contains the same data as the status page at `/`. It never sends
a request to a vendor. `ai-account-exporter once --output json` polls each account once and prints only the list `accounts`, in the order
of the configuration.

- Unknown values are absent. They are never `null`, 0 or -1.
- Amounts are JSON numbers in the unit of the vendor.
- Fields that end with `_at` or `_until` are Unix times. Fields that end with `_seconds` are durations.
- If the data is older than `stale_after_seconds`, all fields from the vendor's last valid response are absent, except `mismatches`.
- Text from vendors is not escaped. Escape it before you show it as HTML.

A release may add fields. The changelog lists fields that are renamed or removed.
[accounts.schema.json](accounts.schema.json) is the JSON Schema (draft 2020-12) of this version. It allows no further fields.

List all accounts, those with problems first:

```sh
curl -s http://localhost:9893/api/v1/accounts | jq -r '.accounts[] | [.state, .provider, .account, .error.remedy // ""] | @tsv'
```

List the resources that end within three days:

```sh
curl -s http://localhost:9893/api/v1/accounts |
  jq -r 'now as $now | .accounts[] | . as $a | .quotas[] | select(.empty_at and .empty_at - $now < 259200 and .lasts_until_reset != true)
         | "\\($a.provider)/\\($a.account) \\(.resource): \\(.empty_at | todate)"'
```

## States

The state of an account is the first one that applies:

{states}

{kinds}## Example

```json
{example}
```
"""


def api(_path: Path) -> str:
    """The reference of the API."""
    schema = _schema()
    kinds = {"Overview": schema, **schema["$defs"]}
    return API.format(
        states=_table(("state", "meaning"), ((f"`{state}`", _docs()[State.__name__][state.name]) for state in State)),
        kinds="".join(_section(name, kind) for name, kind in kinds.items() if kind["type"] == "object"),
        example=json.dumps(example(), indent=2),
    )


def accounts_schema(_path: Path) -> str:
    """The JSON Schema of a response."""
    return f"{json.dumps(_schema(), indent=2)}\n"


def _schema() -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    root = _object(Overview, definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Accounts", **root, "$defs": definitions}


def _object(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints, docs, names = get_type_hints(kind), _docs()[kind.__name__], field_names(kind)
    members = {name: _type(hints[field], definitions) | {"description": _renamed(docs[field], names)} for field, name in names.items()}
    required = [name for field, name in names.items() if type(None) not in get_args(hints[field])]
    head = {"type": "object", "description": inspect.cleandoc(kind.__doc__ or "")}
    return head | {"properties": members, "required": required, "additionalProperties": False}


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return reduce(lambda so_far, name: so_far.replace(f"`{name}`", f"`{names[name]}`"), names, text)


def _type(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of one value. If it needs a definition of its own, that is added to the definitions."""
    hint, parts = getattr(hint, "__supertype__", hint), get_args(hint)
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        [known] = [part for part in parts if part is not type(None)]
        return _type(known, definitions)
    if origin is tuple:
        return {"type": "array", "items": _type(parts[0], definitions)}
    if origin is Mapping:
        return _mapping(parts[0], _type(parts[1], definitions))
    if is_dataclass(hint) or issubclass(hint, StrEnum):
        return _reference(hint, definitions)
    return {"type": _SIMPLE[hint]}


def _mapping(key: Any, value: dict[str, Any]) -> dict[str, Any]:
    if issubclass(key, StrEnum):
        names = [str(each) for each in key]
        return {"type": "object", "properties": dict.fromkeys(names, value), "required": names, "additionalProperties": False}
    return {"type": "object", "additionalProperties": value}


def _reference(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__.removesuffix("Facts")
    if name not in definitions:
        definitions[name] = {}  # its place in the order, before the kinds that it holds
        definitions[name] = _object(kind, definitions) if is_dataclass(kind) else {"type": "string", "enum": [str(each) for each in kind]}
    return {"$ref": f"#/$defs/{name}"}


@cache
def _docs() -> Mapping[str, Mapping[str, str]]:
    """The documentation of each field, by class: the string below the field in the source."""
    classes = [node for node in ast.parse(inspect.getsource(facts)).body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_field_docs(node)) for node in classes}


def _field_docs(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(node.body, node.body[1:], strict=False):
        target = field.target if isinstance(field, ast.AnnAssign) else field.targets[0] if isinstance(field, ast.Assign) else None
        if isinstance(target, ast.Name) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            yield target.id, inspect.cleandoc(str(below.value.value))


def _section(name: str, kind: Mapping[str, Any]) -> str:
    rows = (
        (f"`{field}`", _words(part), "always" if field in kind["required"] else "if known", part["description"])
        for field, part in kind["properties"].items()
    )
    return f"## {name}\n\n{kind['description']}\n\n{_table(('field', 'type', 'present', 'meaning'), rows)}\n\n"


def _words(part: Mapping[str, Any]) -> str:
    """The type of a field, in a word or two."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name not in {"State", "Reason"} else "string"
    if part["type"] == "array":
        return f"list of {_many(_words(part['items']))}"
    if part["type"] == "object":
        values = part["additionalProperties"] or next(iter(part["properties"].values()))
        return f"object of {_many(_words(values))}"
    return str(part["type"])


def _many(word: str) -> str:
    return word if word.endswith(")") else f"{word}s"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
