"""A body is read as JSON with exact numbers, or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.providers.values import (
    MAX_DEPTH,
    MAX_VALUES,
    decode_json,
)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6
)


@settings(deadline=None)
@given(st.binary())
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b"\xff\xfe[\x00]\x00")
@example(b"\xef\xbb\xbf\xef\xbb\xbf[]")
def test_any_bytes_are_json_or_a_value_error(content: bytes) -> None:
    try:
        decode_json(content)
    except ValueError:
        return


@settings(deadline=None)
@given(json_values)
def test_json_numbers_are_read_as_decimals(value: Any) -> None:
    assert not list(_binary_numbers(decode_json(_dumps(value))))


@pytest.mark.parametrize("item", [b"0", b"[]", b"{}", b'""', b"null", b'{"":0}', b"[0]"])
def test_a_body_of_too_many_values_is_refused(item: bytes) -> None:
    with pytest.raises(ValueError, match="too many values"):
        decode_json(b"[" + b",".join([item] * MAX_VALUES) + b"]")
    assert decode_json(b"[" + b",".join([item] * (MAX_VALUES // 3)) + b"]")


@pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[0,{"a":', b"}]")])
def test_a_body_that_is_nested_too_deeply_is_refused(start: bytes, end: bytes) -> None:
    per_level = start.count(b"[") + start.count(b"{")
    levels = MAX_DEPTH // per_level
    assert decode_json(start * levels + b"1" + end * levels)
    with pytest.raises(ValueError, match="nested too deeply"):
        decode_json(start * (levels + 1) + b"1" + end * (levels + 1))


def test_a_byte_order_mark_is_accepted() -> None:
    assert decode_json(b'\xef\xbb\xbf{"left": 5}') == {"left": Decimal(5)}


def test_a_number_is_decoded_alike_however_many_came_before() -> None:
    texts = [str(number) for number in range(3_000)]
    for text in [*texts, *texts]:
        assert str(decode_json(text.encode())) == text


def _dumps(value: object) -> bytes:
    return json.dumps(value).encode()


def _binary_numbers(value: object) -> Iterator[object]:
    if isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _binary_numbers(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value
