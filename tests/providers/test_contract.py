"""The rules for all definitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exporter.errors import PollError
from exporter.model import Reading, Reason
from exporter.providers.values import decode_json
from tests.providers.bodies import Path, encode, leaves, objects, raw, removed, replaced
from tests.providers.examples import DEFINITIONS, HAPPY, Example, read
from tests.providers.fields import Field, Kind, declared, identifiers
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
    "a list": b"[]",
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
}

each_provider = pytest.mark.parametrize("provider", DEFINITIONS)
each_happy = pytest.mark.parametrize("example", HAPPY, ids=lambda example: example.id)


def _fed(example: Example, leaf: Path) -> list[Field]:
    return [field for field in declared(example.definition) if field.is_fed_by(leaf)]


def _is_expected(example: Example, leaf: Path) -> bool:
    return ".".join(leaf) in set(identifiers(str(example.request.expect)))


def _is_block(example: Example, place: Path) -> bool:
    start = f"{'.'.join(place)}."
    fields = [field for field in declared(example.definition) if not field.name.endswith(".unit")]
    return any(name.startswith(start) for field in fields for expression in field.expressions for name in identifiers(expression))


def _is_code(example: Example, leaf: Path) -> bool:
    return ".".join(leaf) in {name for selection in example.definition.errors.code for name in identifiers(str(selection))}


def _each(kind: Callable[[Example, Path], object]) -> pytest.MarkDecorator:
    """One test for every leaf of that kind in every happy example."""
    found = [(example, leaf) for example in HAPPY for leaf in leaves(example.document["body"]) if kind(example, leaf)]
    return pytest.mark.parametrize(("example", "leaf"), found, ids=[f"{example.id} {'.'.join(leaf)}" for example, leaf in found])


each_expected_leaf = _each(_is_expected)
each_code = _each(_is_code)
each_field = _each(lambda example, leaf: _fed(example, leaf) and not _is_expected(example, leaf))
each_unread_leaf = _each(lambda example, leaf: not any(is_read(example, leaf) for is_read in (_fed, _is_expected, _is_code, _is_block)))


def _outcome(example: Example, body: object) -> Reading | Reason:
    try:
        return read(example.definition, 200, encode(body), example.request)
    except PollError as error:
        return error.reason


def _reason(provider: str, status: int, content: bytes) -> Reason:
    with pytest.raises(PollError) as caught:
        read(DEFINITIONS[provider], status, content)
    return caught.value.reason


def _without(reading: Reading, fields: list[Field]) -> dict[str, object]:
    """The values that do not depend on these fields."""
    changeable = {name for field in fields for name in field.shows}
    return {name: value for name, value in figures(reading).items() if name not in changeable}


def _read_in(before: Reading, fields: list[Field]) -> list[Field]:
    """A unit is read only if there is an amount."""
    return [field for field in fields if not field.name.endswith(".unit") or field.shows & figures(before).keys()]


def _needed_units(before: Reading, fields: list[Field]) -> set[str]:
    """A unit is required if there is an amount, unless it is only a used amount of 0."""
    amounts = {name: value for name, value in figures(before).items() if not (name.endswith(".used") and value == (0, "usd"))}
    return {field.name for field in fields if field.name.endswith(".unit") and field.shows & amounts.keys()}


@each_provider
@pytest.mark.parametrize("content", [b"", HTML, b"{}"], ids=["no body", "HTML", "an empty object"])
@pytest.mark.parametrize("status", REASON_OF_STATUS)
def test_a_failure_without_a_code_is_classified_by_its_status(provider: str, status: int, content: bytes) -> None:
    assert _reason(provider, status, content) == REASON_OF_STATUS[status]


@each_provider
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_invalid_response(provider: str, status: int) -> None:
    assert _reason(provider, status, b"") is Reason.INVALID_RESPONSE


@each_happy
def test_a_good_body_in_a_redirect_is_an_invalid_response(example: Example) -> None:
    assert _reason(example.definition.name, 302, example.content) is Reason.INVALID_RESPONSE


@each_happy
def test_a_good_body_with_an_error_status_is_a_failure(example: Example) -> None:
    assert _reason(example.definition.name, 500, example.content) is Reason.SERVER_ERROR


@each_provider
@pytest.mark.parametrize("content", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_success_status_with_an_unusable_body_is_invalid(provider: str, content: bytes) -> None:
    assert _reason(provider, 200, content) is Reason.INVALID_RESPONSE


@each_field
def test_a_null_removes_its_own_field_and_is_no_mismatch(example: Example, leaf: Path) -> None:
    before, fed = example.reading, _fed(example, leaf)
    after = _outcome(example, replaced(example.document["body"], leaf, None))
    assert isinstance(after, Reading)
    assert set(after.mismatches) == _needed_units(before, fed)
    assert _without(after, fed) == _without(before, fed)
    assert [field.name for field in fed if field.name in figures(after) and not field.has_alternatives] == []


@each_field
def test_an_absent_field_reads_like_a_null(example: Example, leaf: Path) -> None:
    body = example.document["body"]
    assert _outcome(example, removed(body, leaf)) == _outcome(example, replaced(body, leaf, None))


@each_field
def test_a_wrong_type_removes_exactly_its_own_field(example: Example, leaf: Path) -> None:
    body, before, fed = example.document["body"], example.reading, _fed(example, leaf)
    counted = {field.name for field in _read_in(before, fed) if not field.is_shadowed(leaf, body)}
    for value in [wrong for field in fed for wrong in WRONG[field.kind]]:
        after = _outcome(example, replaced(body, leaf, value))
        assert isinstance(after, Reading)
        assert set(after.mismatches) == counted, value
        assert _without(after, fed) == _without(before, fed), value
        assert counted.isdisjoint(figures(after)), value


def _blocks(example: Example) -> list[Path]:
    """The places of objects that contain, or could contain, a declared field."""
    body = example.document["body"]
    return [place for place in sorted({*objects(body), *leaves(body)}) if place and _is_block(example, place)]


@pytest.mark.parametrize(
    ("example", "place"),
    [(example, place) for example in HAPPY for place in _blocks(example)],
    ids=lambda value: value.id if isinstance(value, Example) else ".".join(value),
)
def test_a_value_instead_of_an_object_is_a_mismatch_or_a_failure(example: Example, place: Path) -> None:
    for value in [500, 42.5, 0, "500", "text", [], [500], [{}]]:
        after = _outcome(example, replaced(example.document["body"], place, value))
        assert after is Reason.INVALID_RESPONSE or (isinstance(after, Reading) and after.mismatches), value


@each_expected_leaf
def test_a_response_that_fails_expect_is_invalid(example: Example, leaf: Path) -> None:
    body = example.document["body"]
    assert _outcome(example, removed(body, leaf)) is Reason.INVALID_RESPONSE
    for value in [None, *(wrong for field in _fed(example, leaf) for wrong in WRONG[field.kind])]:
        assert _outcome(example, replaced(body, leaf, value)) is Reason.INVALID_RESPONSE, value


@each_code
def test_a_success_without_a_code_is_a_success(example: Example, leaf: Path) -> None:
    body = example.document["body"]
    assert _outcome(example, removed(body, leaf)) == _outcome(example, replaced(body, leaf, None)) == example.reading


@each_code
def test_a_success_status_with_an_unknown_code_is_invalid(example: Example, leaf: Path) -> None:
    for value in SENSELESS:
        assert _outcome(example, replaced(example.document["body"], leaf, value)) is Reason.INVALID_RESPONSE, value


@each_unread_leaf
def test_an_unread_field_changes_nothing(example: Example, leaf: Path) -> None:
    for value in [None, *SENSELESS]:
        assert _outcome(example, replaced(example.document["body"], leaf, value)) == example.reading, value


@each_happy
def test_unknown_fields_change_nothing_at_any_place(example: Example) -> None:
    body = example.document["body"]
    for place in objects(body):
        for value in [None, *SENSELESS]:
            assert _outcome(example, replaced(body, (*place, "not_announced"), value)) == example.reading, place


@each_provider
def test_every_credential_is_one_header_with_the_secret(provider: str) -> None:
    for credential in DEFINITIONS[provider].credentials.values():
        ((name, value),) = credential.headers("made-up-key").items()
        assert name
        assert value.removeprefix(f"{credential.scheme} ") == "made-up-key"


@each_provider
def test_every_base_url_is_https(provider: str) -> None:
    definition = DEFINITIONS[provider]
    addresses = [definition.base_url or "https://own.example.com", definition.docs_url, *definition.regions.values()]
    assert [address for address in addresses if not address.startswith("https://")] == []


def test_the_encoder_of_these_tests_writes_raw_json() -> None:
    assert encode({"a": raw("1e999"), "b": [raw("NaN")], "c": "text"}) == b'{"a": 1e999, "b": [NaN], "c": "text"}'
    assert decode_json(encode({"a": raw("9" * 300)}))["a"].adjusted() == 299
