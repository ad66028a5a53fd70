"""The rules for all definitions. One test covers all places of an example, because there are many."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from exporter.errors import PollError
from exporter.model import Reading, Reason
from exporter.providers.inspection.declared import Kind
from exporter.providers.inspection.traces import written
from exporter.providers.request_fields import Request
from exporter.providers.values import decode_json
from exporter.simulator.json_values import replaced
from exporter.validation.problems import Place
from tests.providers.bodies import at, encode, leaves, lists, objects, raw, removed
from tests.providers.examples import DEFINITIONS, HAPPY, Example, read
from tests.providers.fields import Field, reads
from tests.providers.figures import figures

REASON_OF_STATUS = {
    401: "unauthorized",
    402: "quota_exhausted",
    403: "forbidden",
    404: "client_error",
    408: "client_error",
    422: "client_error",
    429: "rate_limited",
    500: "server_error",
    502: "server_error",
    503: "server_error",
}
HTML = b"<!doctype html><html><body>Not the answer</body></html>"
SENSELESS: list[Any] = [True, {}, {"deep": [None]}, [], "nonsense", -5, raw("NaN"), raw("1e999"), raw("9" * 10_000)]
NO_ANSWERS = {
    "HTML": HTML,
    "nothing": b"",
    "null": b"null",
    "an empty object": b"{}",
    "text": b'"text"',
    "a number": b"5",
    "invalid UTF-8": b'{"data": "\xff\xfe"}',
    "a nest of lists": b"[" * 100_000,
    "a nest of objects": b'{"data":' * 100_000 + b"1" + b"}" * 100_000,
}
WRONG: dict[Kind, list[Any]] = {
    "number": [True, "many", "", {}, [], raw("NaN"), raw("-Infinity"), raw("1e999"), raw("9" * 10_000)],
    "time": [True, "many", "", {}, [], raw("NaN"), raw("Infinity"), raw("1e999"), raw("9" * 10_000), -1],
    "text": [True, {}, {"name": "text"}, []],
    "boolean": ["yes", "true", 1, 0, []],
    "list": [],
}

each_provider = pytest.mark.parametrize("provider", DEFINITIONS)
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


def _outcome(example: Example, body: object) -> Reading | Reason:
    try:
        return read(example.definition, 200, encode(body), example.request)
    except PollError as error:
        return error.reason


def _reason(provider: str, status: int, content: bytes, request: Request | None = None) -> Reason | None:
    try:
        read(DEFINITIONS[provider], status, content, request)
    except PollError as error:
        return error.reason
    return None


def _without(reading: Reading, fields: Iterable[Field]) -> dict[str, object]:
    """The values that do not depend on these fields."""
    changeable = {name for field in fields for name in field.shows}
    return {name: value for name, value in figures(reading).items() if name not in changeable}


def _read_in(before: Reading, fields: Iterable[Field]) -> list[Field]:
    """A unit is read only if there is an amount."""
    return [field for field in fields if not field.is_unit or field.shows & figures(before).keys()]


def _needed_units(before: Reading, fields: Iterable[Field]) -> set[str]:
    """A unit is required if there is an amount, unless it is only a used amount of 0; in a sum it is always required."""
    amounts = {name for name, value in figures(before).items() if not (name.endswith(".used") and _is_zero(value))}
    return {field.name for field in fields if field.is_unit and (field.each or field.shows & amounts)}


def _is_zero(value: object) -> bool:
    return isinstance(value, tuple) and all(amount == 0 for amount, _ in value)


def _is_absent(field: Field, before: Reading, after: Reading) -> bool:
    """Whether a value is not shown, in one of its units at least. What remains may still be derived, and what is unlimited has no amount."""
    earlier, shown = figures(before), figures(after)
    if (
        field.name.endswith(".remaining")
        and {f"{field.name.removesuffix('remaining')}{part}" for part in ("used", "limit")} <= shown.keys()
    ):
        return True
    if field.is_unit:
        return all(_is_zero(value) for name, value in shown.items() if name in field.shows)
    still, was = shown.get(field.name, ()), earlier.get(field.name, ())
    return still == () or (isinstance(still, tuple) and isinstance(was, tuple) and set(still) < set(was))


def _may_mismatch(fields: Iterable[Field]) -> set[str]:
    """What may be counted where fields are broken: the fields, and all parts of a sum whose list is broken."""
    return {
        name
        for field in fields
        for name in ((field.name, *field.shows, f"{field.name.removesuffix('each')}unit") if field.kind == "list" else [field.name])
    }


@each_provider
def test_a_failure_without_a_code_is_classified_by_its_status(provider: str) -> None:
    for status, reason in REASON_OF_STATUS.items():
        for content in (b"", HTML, b"{}"):
            assert _reason(provider, status, content) == reason, (status, content)


@each_provider
def test_a_redirect_is_an_invalid_response(provider: str) -> None:
    assert {_reason(provider, status, b"") for status in (301, 302, 307, 308)} == {Reason.INVALID_RESPONSE}


@each_happy
def test_a_good_body_with_another_status_is_a_failure(example: Example) -> None:
    provider = example.definition.name
    assert _reason(provider, 302, example.content, example.request) is Reason.INVALID_RESPONSE
    assert _reason(provider, 500, example.content, example.request) is Reason.SERVER_ERROR


@each_provider
def test_a_success_status_with_an_unusable_body_is_invalid(provider: str) -> None:
    for request in DEFINITIONS[provider].requests:
        for name, content in NO_ANSWERS.items():
            assert _reason(provider, 200, content, request) is Reason.INVALID_RESPONSE, (request.name, name)


@each_provider
def test_an_empty_list_is_invalid_or_a_sum_of_0(provider: str) -> None:
    for request in DEFINITIONS[provider].requests:
        if _reason(provider, 200, b"[]", request) is not Reason.INVALID_RESPONSE:
            assert all(_is_zero(value) for value in figures(read(DEFINITIONS[provider], 200, b"[]", request)).values())


@each_happy
def test_a_null_removes_its_own_field_and_is_no_mismatch(example: Example) -> None:
    places, before, problems = Places(example), example.reading, []
    for leaf in leaves(places.body):
        if not places.fed(leaf):
            continue
        after = _outcome(example, replaced(places.body, leaf, None))
        problems += [f"{written(leaf)}: {problem}" for problem in _problems_of_null(places, leaf, before, after)]
        is_key = leaf and isinstance(leaf[-1], str) and not places.decides(leaf)
        if is_key and _outcome(example, removed(places.body, leaf)) != after:
            problems.append(f"{written(leaf)}: an absent value is not read like a null")
    assert problems == []


def _problems_of_null(places: Places, leaf: Place, before: Reading, after: Reading | Reason) -> Iterator[str]:
    fed, values = places.fed(leaf), places.values(leaf)
    if isinstance(after, Reason):
        if not places.is_expected(leaf):
            yield f"a null fails the poll: {after}"
        return
    if _without(after, fed) != _without(before, fed):
        yield "a null changes another value"
    in_sums = {field.name for field in values if field.each and field.kind == "number" and not field.is_unit}
    required = _needed_units(before, values) | (in_sums if not places.decides(leaf) else set())
    allowed = _may_mismatch(fed) if places.decides(leaf) else required | _may_mismatch(field for field in fed if field not in values)
    if not required <= set(after.mismatches) <= required | allowed:
        yield f"the mismatches are {after.mismatches}, expected {sorted(required)}"
    body = replaced(places.body, leaf, None)
    yield from (
        f"{field.name} is still there"
        for field in values
        if not _is_absent(field, before, after)
        and (field.each or not any(each is not None for found in field.found(body) for each in found))
    )


@each_happy
def test_a_wrong_kind_removes_exactly_its_own_field(example: Example) -> None:
    places, before, problems = Places(example), example.reading, []
    for leaf in leaves(places.body):
        if not places.fed(leaf):
            continue
        values = _read_in(before, places.values(leaf))
        kinds: set[Kind] = {field.kind for field in values} or {"text"}
        for kind in sorted(kinds):
            for value in WRONG[kind]:
                after = _outcome(example, replaced(places.body, leaf, value))
                found = _problems_of_wrong(places, leaf, [field for field in values if field.kind == kind], before, after)
                problems += [f"{written(leaf)} = {str(value)[:40]!r}: {problem}" for problem in found]
    assert problems == []


def _problems_of_wrong(places: Places, leaf: Place, broken: list[Field], before: Reading, after: Reading | Reason) -> Iterator[str]:
    fed = places.fed(leaf)
    if isinstance(after, Reason):
        if not places.is_expected(leaf):
            yield f"it fails the poll: {after}"
        return
    if _without(after, fed) != _without(before, fed):
        yield "it changes another value"
    if not set(after.mismatches) <= _may_mismatch(fed):
        yield f"it is a mismatch of {after.mismatches}"
    for field in broken:
        unlimited = f"{field.name.partition('.')[0]}.unlimited"
        is_unlimited = unlimited in figures(after) and (unlimited in figures(before) or places.decides(leaf))
        if not is_unlimited and field.name not in after.mismatches:
            yield f"{field.name} is no mismatch"
        if not is_unlimited and not _is_absent(field, before, after):
            yield f"{field.name} is still there"


@each_happy
def test_a_value_instead_of_an_object_is_a_mismatch_or_a_failure(example: Example) -> None:
    places, problems = Places(example), []
    for place in _blocks(places):
        values: list[Any] = [500, 42.5, 0, "500", "text", [], [500], [{}]]
        for value in values:
            after = _outcome(example, replaced(places.body, place, value))
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
                after = _outcome(example, replaced(places.body, (*place, index), value))
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
    if _without(after, fed) != _without(before, fed):
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
            after = _outcome(example, body)
            if isinstance(after, Reason):
                problems += [] if places.is_expected(place) else [f"{written(place)}: {after}"]
            elif _without(after, places.fed(place)) != _without(example.reading, places.fed(place)):
                problems.append(f"{written(place)} changes another value")
    assert problems == []


@each_happy
def test_a_success_without_a_code_is_a_success_and_an_unknown_code_is_none(example: Example) -> None:
    places = Places(example)
    for leaf in filter(places.is_code, leaves(places.body)):
        if not places.is_expected(leaf):
            assert _outcome(example, removed(places.body, leaf)) == _outcome(example, replaced(places.body, leaf, None)) == example.reading
        for value in SENSELESS:
            assert _outcome(example, replaced(places.body, leaf, value)) is Reason.INVALID_RESPONSE, (leaf, value)


@each_happy
def test_an_unread_field_changes_nothing(example: Example) -> None:
    places = Places(example)
    codes = {place for selection in example.definition.errors.code for place in reads(selection, places.body)}
    unread = [leaf for leaf in leaves(places.body) if leaf and not places.fed(leaf) and not places.is_expected(leaf) and leaf not in codes]
    for value in [None, *SENSELESS]:
        body = places.body
        for leaf in unread:
            body = replaced(body, leaf, value)
        assert _outcome(example, body) == example.reading, (value, unread)


@each_happy
def test_unknown_fields_change_nothing_at_any_place(example: Example) -> None:
    places, body = Places(example), example.body
    for place in objects(places.body):
        if any(places.fed((*place, key)) == [] for key in at(places.body, place)) or not places.fed(place):
            unknown = {f"not_announced_{index}": value for index, value in enumerate([None, *SENSELESS])}
            body = replaced(body, place, {**at(body, place), **unknown})
    assert _outcome(example, body) == example.reading


@each_provider
def test_every_credential_is_sent_once(provider: str) -> None:
    definition = DEFINITIONS[provider]
    params = dict.fromkeys(definition.params, "made-up")
    for credential in definition.credentials.values():
        sent = {**credential.headers("made-up-key", params), **credential.query_parameters("made-up-key")}
        ((name, value),) = sent.items()
        assert name
        text = base64.b64decode(value.removeprefix("Basic ")).decode() if credential.basic else value
        assert text.count("made-up-key") == 1


@each_provider
def test_every_address_is_https(provider: str) -> None:
    definition = DEFINITIONS[provider]
    addresses = [definition.base_url or "https://own.example.com", definition.docs_url, *definition.regions.values()]
    addresses += [definition.billing_url] if definition.billing_url else []
    assert [address for address in addresses if not address.startswith("https://")] == []


def test_the_encoder_of_these_tests_writes_raw_json() -> None:
    assert encode({"a": raw("1e999"), "b": [raw("NaN")], "c": "text"}) == b'{"a": 1e999, "b": [NaN], "c": "text"}'
    assert decode_json(encode({"a": raw("9" * 300)}))["a"].adjusted() == 299
