"""Joined checksums equal those that zlib computes of the whole."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.checksums import joined_checksum


@given(st.binary(), st.binary())
def test_a_joined_checksum_is_that_of_both_texts(first: bytes, second: bytes) -> None:
    assert joined_checksum(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@pytest.mark.parametrize("size", [2**16, 10**6 + 1, 2**24])
def test_large_texts_can_be_joined(size: int) -> None:
    text = b"ai" * (size // 2) + b"x" * (size % 2)
    assert joined_checksum(zlib.crc32(b"before"), zlib.crc32(text), size) == zlib.crc32(b"before" + text)
