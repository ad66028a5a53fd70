"""Plain YAML is read as PyYAML reads it; everything else is left to PyYAML."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exporter.validation.plain_yaml import MAX_DEPTH, MAX_DIGITS, NotPlainError, read_plain

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.dates()
    | st.sampled_from(["on", "007", "1e3", "="])
)
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.from_regex(r"[a-z_]+", fullmatch=True) | st.integers(), inner)
)


@given(DATA, st.booleans())
def test_what_pyyaml_writes_is_plain_or_left_to_it(data: Any, flow: bool) -> None:  # noqa: FBT001 -- hypothesis fills it in
    text = yaml.safe_dump(data, default_flow_style=flow)
    with suppress(NotPlainError):
        assert repr(read_plain(text)) == repr(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "accounts: [{name: a, enabled: yes, interval: 5m, since: 2026-01-31, share: 20%, none: , number: 1_000}]",
        "codes: {401: auth, 402: payment, '403': other}",
        "- 'on'\n- \"a\\nb\"\n- |\n  text\n- >\n  folded\n  text\n",
        "",
        "# only a comment",
        "---\na: 1\n...\n",
    ],
)
def test_plain_documents_are_read(text: str) -> None:
    assert repr(read_plain(text)) == repr(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1",
        "[*x]",
        "&x {a: 1}",
        "a: !!str 1",
        "!!map {}",
        "a: !",
        "<<: {a: 1}",
        "a: 1\na: 2",
        "1: a\n'1': b",
        "on: 1",
        "007: 1",
        "1.5: 1",
        "~: 1",
        "? [a]\n: 1",
        "? {a: 1}\n: 1",
        "{{}",
        "{{}}",
        "[{[]}]",
        "%YAML 1.1\n---\na: 1",
        "a: 1\n--- \nb: 2",
        "a: 2026-13-45",
        "a: \t1",
        "a: =",
        "a: [1",
        "a: \x01",
        "1" * (MAX_DIGITS + 1),
        "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2),
        "[" * 100_000,
    ],
)
def test_everything_else_is_left_to_pyyaml(text: str) -> None:
    with pytest.raises(NotPlainError):
        read_plain(text)
