"""The rules for all places of all examples. One test covers all places of an example, because there are many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exporter.model import Reading, Reason
from exporter.providers.inspection.declared import Kind
from exporter.providers.inspection.traces import written
from exporter.providers.values import decode_json
from exporter.simulator.json_values import replaced
from exporter.validation.problems import Place
from tests.providers.bodies import at, encode, leaves, lists, objects, raw, removed
from tests.providers.examples import Example
from tests.providers.fields import Field, reads
from tests.providers.figures import figures
from tests.providers.places import Places, each_happy, is_absent, may_mismatch, needed_units, outcome_of, read_in, without

SENSELESS: list[Any] = [True, {}, {"deep": [None]}, [], "nonsense", -5, raw("NaN"), raw("1e999"), raw("9" * 10_000)]
WRONG: dict[Kind, list[Any]] = {
    "number": [True, "many", "", {}, [], raw("NaN"), raw("-Infinity"), raw("1e999"), raw("9" * 10_000)],
    "time": [True, "many", "", {}, [], raw("NaN"), raw("Infinity"), raw("1e999"), raw("9" * 10_000), -1],
    "text": [True, {}, {"name": "text"}, []],
    "boolean": ["yes", "true", 1, 0, []],
    "list": [],
}


@each_happy
def test_a_null_removes_its_own_field_and_is_no_mismatch(example: Example) -> None:
    places, before, problems = Places(example), example.reading, []
    for leaf in leaves(places.body):
        if not places.fed(leaf):
            continue
        after = outcome_of(example, replaced(places.body, leaf, None))
        problems += [f"{written(leaf)}: {problem}" for problem in _problems_of_null(places, leaf, before, after)]
        is_key = leaf and isinstance(leaf[-1], str) and not places.decides(leaf)
        if is_key and outcome_of(example, removed(places.body, leaf)) != after:
            problems.append(f"{written(leaf)}: an absent value is not read like a null")
    assert problems == []


def _problems_of_null(places: Places, leaf: Place, before: Reading, after: Reading | Reason) -> Iterator[str]:
    fed, values = places.fed(leaf), places.values(leaf)
    if isinstance(after, Reason):
        if not places.is_expected(leaf):
            yield f"a null fails the poll: {after}"
        return
    if without(after, fed) != without(before, fed):
        yield "a null changes another value"
    in_sums = {field.name for field in values if field.each and field.kind == "number" and not field.is_unit}
    required = needed_units(before, values) | (in_sums if not places.decides(leaf) else set())
    allowed = may_mismatch(fed) if places.decides(leaf) else required | may_mismatch(field for field in fed if field not in values)
    if not required <= set(after.mismatches) <= required | allowed:
        yield f"the mismatches are {after.mismatches}, expected {sorted(required)}"
    body = replaced(places.body, leaf, None)
    yield from (
        f"{field.name} is still there"
        for field in values
        if not is_absent(field, before, after)
        and (field.each or not any(each is not None for found in field.found(body) for each in found))
    )


@each_happy
def test_a_wrong_kind_removes_exactly_its_own_field(example: Example) -> None:
    places, before, problems = Places(example), example.reading, []
    for leaf in leaves(places.body):
        if not places.fed(leaf):
            continue
        values = read_in(before, places.values(leaf))
        kinds: set[Kind] = {field.kind for field in values} or {"text"}
        for kind in sorted(kinds):
            for value in WRONG[kind]:
                after = outcome_of(example, replaced(places.body, leaf, value))
                found = _problems_of_wrong(places, leaf, [field for field in values if field.kind == kind], before, after)
                problems += [f"{written(leaf)} = {str(value)[:40]!r}: {problem}" for problem in found]
    assert problems == []


def _problems_of_wrong(places: Places, leaf: Place, broken: list[Field], before: Reading, after: Reading | Reason) -> Iterator[str]:
    fed = places.fed(leaf)
    if isinstance(after, Reason):
        if not places.is_expected(leaf):
            yield f"it fails the poll: {after}"
        return
    if without(after, fed) != without(before, fed):
        yield "it changes another value"
    if not set(after.mismatches) <= may_mismatch(fed):
        yield f"it is a mismatch of {after.mismatches}"
    for field in broken:
        unlimited = f"{field.name.partition('.')[0]}.unlimited"
        is_unlimited = unlimited in figures(after) and (unlimited in figures(before) or places.decides(leaf))
        if not is_unlimited and field.name not in after.mismatches:
            yield f"{field.name} is no mismatch"
        if not is_unlimited and not is_absent(field, before, after):
            yield f"{field.name} is still there"


@each_happy
def test_a_value_instead_of_an_object_is_a_mismatch_or_a_failure(example: Example) -> None:
    places, problems = Places(example), []
    for place in _blocks(places):
        values: list[Any] = [500, 42.5, 0, "500", "text", [], [500], [{}]]
        for value in values:
            after = outcome_of(example, replaced(places.body, place, value))
            if isinstance(after, Reading) and not after.mismatches and not (value == [] and _is_flattened(places, place)):
                problems.append(f"{written(place)} = {value!r} is no mismatch")
    assert problems == []


def _blocks(places: Places) -> Iterator[Place]:
    """The places of objects, outside of lists, that contain a declared field, or would contain one if they were not null."""
    for place in [*objects(places.body), *(leaf for leaf in leaves(places.body) if at(places.body, leaf) is None)]:
        if not place or any(isinstance(key, int) for key in place):
            continue
        body = places.body if at(places.body, place) is not None else replaced(places.body, place, {})
        if any(
            len(each) > len(place) and each[: len(place)] == place
            for field in places.example.fields
            if not field.is_unit
            for each in field.reads(body)
        ):
            yield place


@each_happy
def test_a_broken_element_costs_the_whole_sum_and_changes_no_other_value(example: Example) -> None:
    places, problems = Places(example), []
    for place in lists(places.body):
        for index in range(len(at(places.body, place))):
            values: list[Any] = [None, 5, "text", {}, *([] if _is_flattened(places, place) else [[]])]
            for value in values:
                after = outcome_of(example, replaced(places.body, (*place, index), value))
                found = _problems_of_element(places, (*place, index), example.reading, after)
                problems += [f"{written((*place, index))} = {value!r}: {problem}" for problem in found]
    assert problems == []


def _is_flattened(places: Places, place: Place) -> bool:
    """Whether an empty list in this list is nothing, as `[]` in JMESPath merges lists."""
    return any(field.each and "[]" in field.each.text for field in places.fed(place))


def _problems_of_element(places: Places, place: Place, before: Reading, after: Reading | Reason) -> Iterator[str]:
    fed = places.fed(place)
    if isinstance(after, Reason):
        if not places.is_expected(place):
            yield f"it fails the poll: {after}"
        return
    if without(after, fed) != without(before, fed):
        yield "it changes another value"
    earlier = figures(before)
    yield from (f"it changes {name}" for name, value in figures(after).items() if earlier.get(name, value) != value)
    for field in fed:
        if field.kind == "list" and not any(name.startswith(field.name.removesuffix("each")) for name in after.mismatches):
            yield f"{field.name.removesuffix('.each')} has no mismatch"


@each_happy
def test_an_empty_list_is_a_sum_of_0_and_an_absent_list_is_no_sum(example: Example) -> None:
    places, problems = Places(example), []
    for place in lists(places.body):
        for body in [replaced(places.body, place, []), *([removed(places.body, place)] if place else [])]:
            after = outcome_of(example, body)
            if isinstance(after, Reason):
                problems += [] if places.is_expected(place) else [f"{written(place)}: {after}"]
            elif without(after, places.fed(place)) != without(example.reading, places.fed(place)):
                problems.append(f"{written(place)} changes another value")
    assert problems == []


@each_happy
def test_a_success_without_a_code_is_a_success_and_an_unknown_code_is_none(example: Example) -> None:
    places = Places(example)
    for leaf in filter(places.is_code, leaves(places.body)):
        if not places.is_expected(leaf):
            assert (
                outcome_of(example, removed(places.body, leaf)) == outcome_of(example, replaced(places.body, leaf, None)) == example.reading
            )
        for value in SENSELESS:
            assert outcome_of(example, replaced(places.body, leaf, value)) is Reason.INVALID_RESPONSE, (leaf, value)


@each_happy
def test_an_unread_field_changes_nothing(example: Example) -> None:
    places = Places(example)
    codes = {place for selection in example.definition.errors.code for place in reads(selection, places.body)}
    unread = [leaf for leaf in leaves(places.body) if leaf and not places.fed(leaf) and not places.is_expected(leaf) and leaf not in codes]
    for value in [None, *SENSELESS]:
        body = places.body
        for leaf in unread:
            body = replaced(body, leaf, value)
        assert outcome_of(example, body) == example.reading, (value, unread)


@each_happy
def test_unknown_fields_change_nothing_at_any_place(example: Example) -> None:
    places, body = Places(example), example.body
    for place in objects(places.body):
        if any(places.fed((*place, key)) == [] for key in at(places.body, place)) or not places.fed(place):
            unknown = {f"not_announced_{index}": value for index, value in enumerate([None, *SENSELESS])}
            body = replaced(body, place, {**at(body, place), **unknown})
    assert outcome_of(example, body) == example.reading


def test_the_encoder_of_these_tests_writes_raw_json() -> None:
    assert encode({"a": raw("1e999"), "b": [raw("NaN")], "c": "text"}) == b'{"a": 1e999, "b": [NaN], "c": "text"}'
    assert decode_json(encode({"a": raw("9" * 300)}))["a"].adjusted() == 299
