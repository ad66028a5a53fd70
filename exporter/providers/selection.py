"""JMESPath over JSON whose numbers are exact decimals.

Source: https://jmespath.org/specification.html. JSON numbers arrive here as `Decimal`, a type that the library does not know.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Annotated, Any, Final

import jmespath
from jmespath import exceptions, functions
from pydantic import GetPydanticSchema
from pydantic_core import core_schema

from exporter.providers.values import Mismatch, to_decimal
from exporter.validation.numbers import EXACT


class _Functions(functions.Functions):
    """The standard functions, taught that a Decimal is a number."""

    def _get_allowed_pytypes(self, types: list[str]) -> tuple[list[str], list[Any]]:
        allowed, subtypes = super()._get_allowed_pytypes(types)  # type: ignore[misc]  # missing in the stubs
        return [*allowed, "Decimal"] if "float" in allowed else allowed, [(*s, "Decimal") if "float" in s else s for s in subtypes]

    def _convert_to_jmespath_type(self, name: str) -> str:
        return "number" if name == "Decimal" else str(super()._convert_to_jmespath_type(name))  # type: ignore[misc]  # missing in the stubs

    @functions.signature({"types": []})
    def _func_to_number(self, value: Any) -> Decimal | None:
        try:
            return to_decimal(value)
        except Mismatch:
            return None

    @functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> str:
        return str(value) if isinstance(value, Decimal) else str(super()._func_to_string(value))  # type: ignore[misc]  # missing in the stubs

    @functions.signature({"types": []})
    def _func_type(self, value: Any) -> str:
        return "number" if isinstance(value, Decimal) else str(super()._func_type(value))  # type: ignore[misc]  # missing in the stubs


_OPTIONS: Final = jmespath.Options(custom_functions=_Functions())


class Selection:
    """One compiled JMESPath expression."""

    __slots__ = ("_parsed", "text")

    def __init__(self, text: str) -> None:
        """Compile; raises ValueError with the place of the fault in the expression."""
        self.text = text
        try:
            self._parsed = jmespath.compile(text)
        except exceptions.JMESPathError as error:
            raise ValueError(f"is not a JMESPath expression: {str(error).splitlines()[0]}") from None

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selection) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def of(self, body: Any) -> Any:
        """Select from decoded JSON; None where there is nothing.

        Raises:
            Mismatch: a function of the expression met a value of a kind that it cannot take.
        """
        try:
            with localcontext(EXACT):
                return self._parsed.search(body, options=_OPTIONS)
        except (exceptions.JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError):
            raise Mismatch from None


def _schema(*_: Any) -> core_schema.CoreSchema:
    text = core_schema.str_schema(min_length=1)
    return core_schema.no_info_after_validator_function(Selection, text, serialization=core_schema.to_string_ser_schema())


SelectionField = Annotated[Selection, GetPydanticSchema(_schema)]
"""A field of a definition that is written as a JMESPath expression."""
