"""Models whose JSON Schema describes each key with the docstring below it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
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
        for name, text in attribute_docstrings(cls).items():
            if name in properties:
                properties[name].setdefault("description", text)
        return schema


def attribute_docstrings(model: type[Described]) -> dict[str, str]:
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
