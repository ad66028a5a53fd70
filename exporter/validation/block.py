"""The base of all blocks of a file. The JSON Schema describes each key with the docstring below it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema


class Described(BaseModel):
    """A frozen model without further keys, built when it is first used.

    The docstrings are read for the schema only: `use_attribute_docstrings` would read the source of each class when it is imported.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Add the descriptions."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in _attribute_docstrings(cls).items():
            if name in properties:
                properties[name].setdefault("description", text)
        return schema


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


def _attribute_docstrings(model: type[Described]) -> dict[str, str]:
    """Return the docstring below each attribute of a model, those of its bases included."""
    found = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Described):
            [definition] = ast.parse(textwrap.dedent(inspect.getsource(base))).body
            for statement, following in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
                match statement, following:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found[name] = inspect.cleandoc(text)
                    case _:
                        pass
    return found
