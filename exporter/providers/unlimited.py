"""How a vendor reports that there is no limit: with a text or a number in place of the amount, or by a condition."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import PlainSerializer, PlainValidator, ValidationInfo

from exporter.providers.expressions import IDENTIFIER, compile_expression, is_expression, selects_list
from exporter.providers.selection import Selection
from exporter.providers.strict import Condition
from exporter.providers.values import Mismatch, to_decimal

_OPERATORS: Final = re.compile(r"[=<>()\[\]|&!?`'\"@]")


@dataclass(frozen=True, slots=True)
class Unlimited:
    """What means "no limit"."""

    text: str
    """As it is written in the definition; the vendor may send it in place of the amount."""
    number: Decimal | None = None
    """The number that the vendor may send in place of the amount."""
    condition: Condition | None = None
    field: Selection | None = None
    """A field that is true where there is no limit, if the text may also be its name."""

    def __str__(self) -> str:
        return self.text

    def applies(self, value: Any, body: Any) -> bool:
        """Whether the response reports that there is no limit. `value` was selected as the amount.

        Raises:
            Mismatch: the condition selects neither true nor false nor null.
        """
        if isinstance(value, str) and value == self.text:
            return True
        if self.number is not None:
            return _number(value) == self.number
        if self.field is not None:
            return self.field.of(body) is True
        return self.condition is not None and self.condition.holds(body)


def parse_unlimited(value: object, amount: object) -> Unlimited:
    """Read a text, a number or a condition. `amount` is the expression of the amount, for the message.

    Raises:
        ValueError: it is none of these.
    """
    if value is None:
        raise ValueError(f"null cannot be compared with a value: write a condition such as `{amount} == null`")
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError(f"expected a text, a number, or a condition such as `{amount} == null`")  # noqa: TRY004 -- pydantic reports only a ValueError
    text = value if isinstance(value, str) else str(value)
    number = _number(text) if text else None
    if number is not None:
        return Unlimited(text, number=number)
    if IDENTIFIER.fullmatch(text):
        return Unlimited(text, field=Selection(text))
    if is_expression(text) or _OPERATORS.search(text):
        compile_expression(text)
        if selects_list(text):
            raise ValueError(f"selects a list, where true or false is expected: write a condition such as `{amount} == null`")
        return Unlimited(text, condition=Condition(text))
    return Unlimited(text)


def _number(value: Any) -> Decimal | None:
    try:
        return to_decimal(value)
    except Mismatch:
        return None


def _unlimited(value: object, info: ValidationInfo) -> Unlimited:
    amount = str(info.data.get("select", "limit"))
    return parse_unlimited(value, amount if amount.isprintable() else "limit")


UnlimitedField = Annotated[
    Unlimited | None,
    PlainValidator(_unlimited, json_schema_input_type=str | int | float),
    PlainSerializer(str, return_type=str, when_used="unless-none"),
]
"""A field of a definition: None unless it is set, and never set to null."""
