"""Joins CRC-32 checksums, so that parts of a page that were compressed at different times become one gzip body."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, repeat
from typing import Final

_POLYNOMIAL: Final = 0xEDB88320
"""Of CRC-32, reflected: the highest bit is the coefficient of x^0 (RFC 1952, section 8)."""
_ONE: Final = 1 << 31


def joined_checksum(first: int, second: int, size: int) -> int:
    """Return the CRC-32 of two texts together from that of each. `size` is the number of bytes of the second text.

    A CRC is a remainder of polynomials: the first text is moved by the bits of the second one, which is a product.
    """
    return _product(_shift(size), first) ^ second


@lru_cache(256)
def _shift(size: int) -> int:
    """Return x to the power of the bits in so many bytes."""
    power, bits = _ONE, 8 * size
    for square in _SQUARES:
        if bits & 1:
            power = _product(square, power)
        bits >>= 1
    return power


def _product(first: int, second: int) -> int:
    product = 0
    while first:
        if first & _ONE:
            product ^= second
        first = first << 1 & 0xFFFFFFFF
        second = second >> 1 ^ (_POLYNOMIAL if second & 1 else 0)
    return product


_SQUARES: Final = tuple(accumulate(repeat(_ONE >> 1, 40), lambda power, _: _product(power, power)))
"""x to the powers 1, 2, 4, ... 2^39."""
