"""The base of all blocks of a file."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from exporter.validation.described import Described


class Block(Described):
    """A block of keys. Unknown keys are refused, and a block or list that may be left out may also be empty, as in `labels:`."""

    @model_validator(mode="before")
    @classmethod
    def _accept_empty(cls, data: Any) -> Any:
        optional = cls._optional_blocks()
        return {key: value for key, value in data.items() if value is not None or key not in optional} if isinstance(data, dict) else data

    @classmethod
    @cache
    def _optional_blocks(cls) -> set[str]:
        return {name for name, field in cls.model_fields.items() if isinstance(field.default, dict | list | tuple | frozenset | BaseModel)}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Let the schema accept null where the program does."""
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name in cls._optional_blocks() & properties.keys():
            node = properties[name]
            shown = {key: node.pop(key) for key in ("default", "description", "title") if key in node}
            properties[name] = {**shown, "anyOf": [node, {"type": "null"}]}
        return schema
