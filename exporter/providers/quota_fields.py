"""The keys of a definition file that describe values: amounts, units, times and resources."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property, partial
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator

from exporter.providers.expressions import ValueField, is_expression
from exporter.providers.strict import ElementsField
from exporter.providers.times import Period
from exporter.providers.unlimited import UnlimitedField
from exporter.providers.values import TimeFormat
from exporter.validation.block import Block
from exporter.validation.fields import Text, matching

Name = Annotated[
    str, Field(max_length=64), matching(r"[a-z][a-z0-9_]*", "expected lower-case letters, digits and _, starting with a letter")
]

AMOUNTS = ("remaining", "used", "limit", "overage_limit")
"""The parts of a resource that are amounts."""


_SUM = 'to add fields, use `each` with a list of them: {each: "[data.a, data.b]", remaining: "@"}'
_FACTOR = "to multiply by a fixed number, use `scale`, such as 0.01"
_ARITHMETIC: Final[dict[str, str]] = {
    **dict.fromkeys(("plus", "add", "sum", "total"), _SUM),
    **dict.fromkeys(("times", "factor", "multiply", "divide", "divisor", "per"), _FACTOR),
    **dict.fromkeys(("subtract", "less"), "to subtract a field, use `minus`"),
}
_OF_AMOUNTS: Final[Mapping[str, str]] = _ARITHMETIC | {
    name: f"it belongs to one amount: remaining: {{select: data.left, {name}: ...}}" for name in ("minus", "scale", "unlimited")
}
_NO_FORMAT = "a time needs its format: write {select: data.end, format: iso8601}, with unix or unix_ms for a number"


def _shorthand(key: str, value: Any) -> Any:
    return {key: value} if isinstance(value, str) else value


def _unit(value: Any) -> Any:
    if isinstance(value, str) and value.isprintable() and is_expression(value):
        raise ValueError(f"expected the name of a unit, such as credits; to read it from the response: {{select: {value}}}")
    return _shorthand("name", value)


def _selecting(value: Any) -> Any:
    if isinstance(value, str):
        shown = value if value.isprintable() else "..."
        raise ValueError(f"expected a block: write {{select: {shown}}}")  # noqa: TRY004 -- pydantic reports only a ValueError
    return value


def _formatted(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError(_NO_FORMAT)  # noqa: TRY004 -- pydantic reports only a ValueError
    return value


def _not_zero(scale: Decimal) -> Decimal:
    if not scale:
        raise ValueError("expected another number than 0: every amount would be 0")
    return scale


class NumberField(Block):
    """A number: `remaining: data.left`, or a block if the number must be converted."""

    elsewhere: ClassVar[Mapping[str, str]] = _ARITHMETIC
    """What to write instead of keys that do not exist."""

    select: ValueField
    """JMESPath to a JSON number or a decimal string."""
    minus: ValueField | None = None
    """JMESPath to a number of the same response that is subtracted, before scaling."""
    scale: Annotated[Decimal, Field(ge=-(10**18), le=10**18), AfterValidator(_not_zero)] = Decimal(1)
    """Factor for the vendor's number: 0.01 for cents, -1 if the vendor sends what is owed."""
    unlimited: UnlimitedField = None
    """What means that there is no limit: a text or a number that the vendor sends instead, or a condition such as `cap == null`."""

    def __str__(self) -> str:
        text = str(self.select)
        text += f" - {self.minus}" if self.minus else ""
        text += f" (x {self.scale:f})" if self.scale != 1 else ""
        return text + (f" (no limit: {self.unlimited})" if self.unlimited else "")


class TimeField(Block):
    """A point in time."""

    select: ValueField
    """JMESPath to the time."""
    format: TimeFormat
    """The vendor's format."""
    unknown: Decimal | None = None
    """The number that the vendor sends if there is no such time, such as 0."""

    def __str__(self) -> str:
        return str(self.select)

    @model_validator(mode="after")
    def _unknown_is_a_number(self) -> Self:
        if self.unknown is not None and self.format == "iso8601":
            raise ValueError("`unknown` is a number, so it belongs to the formats unix and unix_ms")
        return self


class PeriodField(Block):
    """The end of the current period in UTC, for a request that asks for this period."""

    period: Period
    """`day`, `week` (from Monday) or `month`."""


def _reset(value: Any) -> TimeField | PeriodField:
    if isinstance(value, dict) and "period" in value:
        if not TimeField.model_fields.keys().isdisjoint(value):
            raise ValueError("expected `period` or `select`, not both")
        return PeriodField.model_validate(value)
    return TimeField.model_validate(_formatted(value))


class UnitField(Block):
    """A unit: `unit: credits`, or `unit: {select: data.currency}` where the response contains it."""

    name: Name | None = None
    """The unit itself."""
    select: ValueField | None = None
    """JMESPath to the unit's name."""
    empty: Name | None = None
    """The unit of a list without elements, which is 0 of it. Only with `each`."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.name is None) == (self.select is None):
            raise ValueError("expected a name, or a block with `select`")
        if self.empty and self.name:
            raise ValueError("`empty` belongs to `select`: the unit of this list is always the same")
        return self

    def may_be(self, other: UnitField) -> bool:
        """Whether both can be the same unit. One that the response contains can be any."""
        return None in (self.name, other.name) or self.name == other.name


Number = Annotated[NumberField, BeforeValidator(partial(_shorthand, "select"), json_schema_input_type=str | NumberField)]
Unit = Annotated[UnitField, BeforeValidator(_unit, json_schema_input_type=str | UnitField)]
Time = Annotated[TimeField, BeforeValidator(_formatted)]
Reset = Annotated[TimeField | PeriodField, PlainValidator(_reset, json_schema_input_type=TimeField | PeriodField)]


class QuotaFields(Block):
    """One resource: what remains of it, what is used, and the limit. Parts of one resource may be in several of these."""

    elsewhere: ClassVar[Mapping[str, str]] = _OF_AMOUNTS
    """What to write instead of keys that do not exist."""

    resource: Name
    """The value of the label `resource`."""
    unit: Unit
    """The unit of the amounts: a name such as `credits`, or where the response contains it."""
    each: ElementsField | None = None
    """JMESPath to a list. The parts are selected in each element and added up by unit."""
    remaining: Number | None = None
    """What remains, if the vendor sends it; otherwise it is limit - used."""
    used: Number | None = None
    """What was consumed in the current period."""
    limit: Number | None = None
    """What was granted for the period, or the spending cap."""
    overage_limit: Number | None = None
    """How far beyond the limit the vendor lets usage go, or how far below 0 it lets a prepaid balance fall: a credit line."""
    resets_at: Reset | None = None
    """When the period ends: a time in the response, or `{period: month}` if the request asks for this month."""

    @model_validator(mode="after")
    def _has_a_part(self) -> Self:
        if self.unit.empty and self.each is None:
            raise ValueError("`unit.empty` belongs to `each`")
        if not self.amounts and not isinstance(self.resets_at, TimeField):
            raise ValueError(f"the resource {self.resource!r} has no amount: expected remaining, used or limit")
        return self

    @cached_property
    def amounts(self) -> dict[str, NumberField]:
        """The parts that are amounts, by name."""
        return {part: field for part in AMOUNTS if (field := getattr(self, part)) is not None}


class StatusField(Block):
    """The account's state."""

    select: ValueField
    """JMESPath to the state's name."""
    states: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    """The known states; any other is exported as the vendor sends it."""


Status = Annotated[StatusField, BeforeValidator(_selecting)]


class AutoReloadFields(Block):
    """Auto reload: below which balance the vendor tops the account up, and by how much."""

    unit: Unit
    """The unit of both amounts."""
    threshold: Number | None = None
    """The balance that triggers a top-up."""
    amount: Number | None = None
    """What a top-up adds."""

    @model_validator(mode="after")
    def _are_plain(self) -> Self:
        if self.unit.empty or any(field and field.unlimited for field in (self.threshold, self.amount)):
            raise ValueError("`unlimited` and `unit.empty` belong to resources")
        return self
