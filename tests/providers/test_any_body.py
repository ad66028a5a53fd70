"""Anything that a vendor sends is read or is a failed poll, without another error or a number that is not finite."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import PollError
from exporter.providers.definition import Definition
from exporter.providers.request_fields import Request
from exporter.simulator.json_values import replaced
from tests.providers.bodies import at, encode, leaves, objects, raw
from tests.providers.examples import DEFINITIONS, HAPPY, Example, read
from tests.providers.figures import floats

WORDS = sorted(
    {"data", "error", "detail", "code", "status"}
    | {word for example in HAPPY for place in objects(example.body) for word in at(example.body, place)}
)
EXTREME = ["NaN", "1e999", "9" * 5000, "0." + "3" * 5000, "1e-1000001", "1e400000000", "1e5000", "1e307", "5e-324", "0e999999999"]
scalars = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    *(
        st.sampled_from(["unlimited", "-5", "1e999", "2026-12-01T00:00:00Z", 1000, 4003]),
        st.sampled_from(EXTREME).map(raw),
    ),
)
bodies = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4), max_leaves=8
)

providers = st.sampled_from(sorted(DEFINITIONS))


def _is_read_or_refused(definition: Definition, status: int, content: bytes, request: Request | None = None) -> None:
    try:
        reading = read(definition, status, content, request)
    except PollError:
        return
    assert 200 <= status < 300
    assert all(math.isfinite(number) for number in floats(reading))
    assert all(quota.unit for quota in reading.quotas)
    assert len(repr(reading)) < 100_000


@given(provider=providers, status=st.integers(min_value=200, max_value=599), body=bodies)
@settings(deadline=None, max_examples=200)
def test_any_json_is_read_or_refused(provider: str, status: int, body: object) -> None:
    _is_read_or_refused(DEFINITIONS[provider], status, encode(body))


@given(provider=providers, status=st.integers(min_value=200, max_value=599), content=st.binary())
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_read_or_refused(provider: str, status: int, content: bytes) -> None:
    _is_read_or_refused(DEFINITIONS[provider], status, content)


@given(example=st.sampled_from(HAPPY), data=st.data())
@settings(deadline=None, max_examples=200)
def test_a_good_response_with_arbitrary_values_is_read_or_refused(example: Example, data: st.DataObject) -> None:
    body = example.body
    for leaf in data.draw(st.lists(st.sampled_from(list(leaves(body))), unique=True, max_size=4)):
        body = replaced(body, leaf, data.draw(bodies))
    _is_read_or_refused(example.definition, 200, encode(body), example.request)
