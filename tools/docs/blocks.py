"""Tables of the keys of a file, from its JSON Schema, with an example of each key."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.markdown import code, table


@dataclass(frozen=True)
class Reference:
    """The sections and the examples of one kind of file."""

    titles: Mapping[str, str]
    """The title of the section of each block."""
    examples: Mapping[str, Mapping[str, str]]
    inherited: Mapping[str, Collection[str]]
    """The keys of a block that come from `defaults` unless they are set."""

    def rows(self, block: str, keys: Mapping[str, Any]) -> str:
        """The table of the keys of a block."""
        return table(
            ("key", "type", "default", "meaning and example"),
            ((f"`{name}`", *self._cells(block, name, each)) for name, each in keys.items()),
        )

    def _cells(self, block: str, name: str, key: Mapping[str, Any]) -> Iterator[str]:
        yield self._type(key)
        yield self._default(block, name, key)
        yield f"{_description(key)}<br>{code(self.examples[block][name])}"

    def _default(self, block: str, name: str, key: Mapping[str, Any]) -> str:
        if key.get("required"):
            return "required"
        if not isinstance(key.get("default"), dict | list | None):
            return f"`{json.dumps(key['default'])}`" if isinstance(key["default"], bool) else f"`{key['default']}`"
        return "as in `defaults`" if name in self.inherited.get(block, ()) else "-"

    def _type(self, key: Mapping[str, Any]) -> str:
        """The type of a key, in plain words."""
        if "anyOf" in key:
            return self._alternatives([each for each in key["anyOf"] if each.get("type") != "null"])
        match key:
            case {"$ref": reference}:
                return self._link(reference)
            case {"type": "array", "items": items}:
                return f"list of {self._type(items)}"
            case {"type": "object", "additionalProperties": values}:
                return f"map of {self._type(values).replace('map of', 'maps of')}"
            case _:
                return _word(key)

    def _alternatives(self, keys: list[Mapping[str, Any]]) -> str:
        if keys[0].get("type") == "number" and len(keys) > 1 and keys[1].get("type") == "string":
            return "number" if "%" not in str(keys[1]) else "amount or share"
        types = dict.fromkeys(self._type(each) for each in keys)
        return " or ".join(each for each in types if each != "whole number" or "number" not in types)

    def _link(self, reference: str) -> str:
        name = reference.rpartition("/")[2]
        title = self.titles.get(name)
        return f"[{title}](#{title.lower().replace(' ', '-')})" if title else name.lower()


def _description(key: Mapping[str, Any]) -> str:
    inner: Mapping[str, Any] = key["anyOf"][0] if "anyOf" in key else {}
    return str(key.get("description") or inner["description"])


def _word(key: Mapping[str, Any]) -> str:
    if "ms)?" in key.get("pattern", ""):
        return "duration"
    if "enum" in key:
        return ", ".join(f"`{value}`" for value in key["enum"])
    form, kind = key.get("format"), str(key.get("type", "any JSON"))
    return {"password": "secret text", "path": "path", "date": "date"}.get(str(form)) or {"string": "text", "integer": "whole number"}.get(
        kind, kind
    )
