"""What reads which places of an example, and which values change with a place."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from exporter.errors import PollError
from exporter.model import Reading, Reason
from exporter.simulator.json_values import replaced
from exporter.validation.problems import Place
from tests.providers.bodies import encode
from tests.providers.examples import HAPPY, Example, read
from tests.providers.fields import Field, reads
from tests.providers.figures import figures

each_happy = pytest.mark.parametrize("example", HAPPY, ids=lambda example: example.id)


class Places:
    """What reads which places of the body of an example."""

    def __init__(self, example: Example) -> None:
        self.example, self.body = example, example.body
        self.reads = {field: field.reads(self.body) for field in example.fields}
        self.expected = reads(example.request.expect, self.body)
        self.conditions = {place for field in example.fields for condition in field.conditions for place in reads(condition, self.body)}

    def fed(self, place: Place) -> list[Field]:
        """The fields that read a place, or one beneath it."""
        return [field for field, places in self.reads.items() if any(each[: len(place)] == place for each in places)]

    def values(self, leaf: Place) -> list[Field]:
        """The fields whose value is at this place."""
        return [field for field in self.fed(leaf) if field.is_value(self.body, leaf)]

    def is_expected(self, place: Place) -> bool:
        return any(each[: len(place)] == place for each in self.expected)

    def decides(self, leaf: Place) -> bool:
        """Whether a condition reads this place, so that an absent value may differ from null."""
        is_filter = any(field.kind == "list" and leaf in places for field, places in self.reads.items())
        return leaf in self.conditions or leaf in self.expected or is_filter

    def is_code(self, leaf: Place) -> bool:
        return any(selection.of(replaced(self.body, leaf, "made-up")) == "made-up" for selection in self.example.definition.errors.code)


def outcome_of(example: Example, body: object) -> Reading | Reason:
    try:
        return read(example.definition, 200, encode(body), example.request)
    except PollError as error:
        return error.reason


def without(reading: Reading, fields: Iterable[Field]) -> dict[str, object]:
    """The values that do not depend on these fields."""
    changeable = {name for field in fields for name in field.shows}
    return {name: value for name, value in figures(reading).items() if name not in changeable}


def read_in(before: Reading, fields: Iterable[Field]) -> list[Field]:
    """A unit is read only if there is an amount."""
    return [field for field in fields if not field.is_unit or field.shows & figures(before).keys()]


def needed_units(before: Reading, fields: Iterable[Field]) -> set[str]:
    """A unit is required if there is an amount, unless it is only a used amount of 0; in a sum it is always required."""
    amounts = {name for name, value in figures(before).items() if not (name.endswith(".used") and is_zero(value))}
    return {field.name for field in fields if field.is_unit and (field.each or field.shows & amounts)}


def is_zero(value: object) -> bool:
    return isinstance(value, tuple) and all(amount == 0 for amount, _ in value)


def is_absent(field: Field, before: Reading, after: Reading) -> bool:
    """Whether a value is not shown, in one of its units at least. What remains may still be derived, and what is unlimited has no amount."""
    earlier, shown = figures(before), figures(after)
    if (
        field.name.endswith(".remaining")
        and {f"{field.name.removesuffix('remaining')}{part}" for part in ("used", "limit")} <= shown.keys()
    ):
        return True
    if field.is_unit:
        return all(is_zero(value) for name, value in shown.items() if name in field.shows)
    still, was = shown.get(field.name, ()), earlier.get(field.name, ())
    return still == () or (isinstance(still, tuple) and isinstance(was, tuple) and set(still) < set(was))


def may_mismatch(fields: Iterable[Field]) -> set[str]:
    """What may be counted where fields are broken: the fields, and all parts of a sum whose list is broken."""
    return {
        name
        for field in fields
        for name in ((field.name, *field.shows, f"{field.name.removesuffix('each')}unit") if field.kind == "list" else [field.name])
    }
