"""Writes docs/api.md and docs/accounts.schema.json: the reference of `/api/v1/accounts`, from the classes that it returns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from exporter.overview.encoding import adapter
from exporter.overview.facts import Overview, State
from tools.docs.api_example import example
from tools.markdown import table

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

The parameters of the status page select and sort the accounts: `/api/v1/accounts?team=video&state=failing&sort=runway`. [HTTP
endpoints](serving.md#status-page) lists them. The summary then contains the selected accounts only. If a parameter, a state or an
order does not exist, the response has status 400 and the body `{{"problems": ["..."]}}`.

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
        states=table(("state", "meaning"), ((f"`{state}`", state.meaning) for state in State)),
        kinds="".join(_section(name, kind) for name, kind in kinds.items() if kind["type"] == "object"),
        example=json.dumps(example(), indent=2),
    )


def accounts_schema(_path: Path) -> str:
    """The JSON Schema of a response."""
    return f"{json.dumps(_schema(), indent=2)}\n"


class _Schema(GenerateJsonSchema):
    """Describes what is returned: a field that may be None is absent then, and `Facts` is not part of a name."""

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: FBT001, ARG002 -- pydantic calls it
        inner = field["schema"]
        return bool((inner["schema"] if inner["type"] == "default" else inner)["type"] != "nullable")

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 -- pydantic calls it
        return False

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(name).removesuffix("Facts")

    def sort(self, value: dict[str, Any], parent_key: str | None = None) -> dict[str, Any]:  # noqa: ARG002 -- pydantic calls it
        return value


def _schema() -> dict[str, Any]:
    schema = adapter(Overview).json_schema(mode="serialization", schema_generator=_Schema)
    definitions = schema.pop("$defs")
    for kind in definitions.values():
        del kind["title"]
    order = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Accounts"}
    return {**order, "$defs": {name: definitions[name] for name in _order(schema, definitions)}}


def _order(part: Any, definitions: Mapping[str, Any]) -> dict[str, None]:
    """The names of the definitions, each before those that it refers to."""
    names: dict[str, None] = {}
    for key, value in part.items() if isinstance(part, dict) else ():
        if key == "$ref":
            name = value.rpartition("/")[2]
            names |= {name: None, **_order(definitions[name], definitions)}
        else:
            names |= _order(value, definitions)
    return names


def _section(name: str, kind: Mapping[str, Any]) -> str:
    rows = (
        (f"`{field}`", _words(part), "always" if field in kind["required"] else "if known", part["description"])
        for field, part in kind["properties"].items()
    )
    return f"## {name}\n\n{kind['description']}\n\n{table(('field', 'type', 'present', 'meaning'), rows)}\n\n"


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
