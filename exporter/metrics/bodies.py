"""Bodies of pages without their end: the values of the process itself, which differ for each scrape, complete them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

_LEVEL: Final = 1
"""A page is mostly repetition: a higher level costs time and saves little."""
_RAW: Final = -zlib.MAX_WBITS
_HEADER: Final = bytes((0x1F, 0x8B, zlib.DEFLATED, 0, 0, 0, 0, 0, 4, 255))
"""Of gzip, without a time (RFC 1952): compressed fast, on any system."""
_RAW_SMALL: Final = -12
_SMALL_MEMORY: Final = 5
"""A small window and little memory for the end: more take longer to allocate than the end takes to compress."""


class Body(Protocol):
    """A page without its end."""

    def completed(self, end: bytes) -> bytes:
        """Return the page with this end."""


class Plain(NamedTuple):
    """A body as text."""

    text: bytes

    def completed(self, end: bytes) -> bytes:
        """Return the page with this end."""
        return self.text + end


class Compressed(NamedTuple):
    """A body as gzip up to a byte boundary, so that another compressor can continue it."""

    data: bytes
    checksum: int
    size: int
    """Of the text, in bytes."""

    def completed(self, end: bytes) -> bytes:
        """Return the page with this end."""
        compressor = zlib.compressobj(_LEVEL, wbits=_RAW_SMALL, memLevel=_SMALL_MEMORY)
        checksum, size = zlib.crc32(end, self.checksum), self.size + len(end)
        trailer = struct.pack("<LL", checksum, size & 0xFFFFFFFF)
        return b"".join((self.data, compressor.compress(end), compressor.flush(), trailer))


def compressed(families: Iterable[Sequence[bytes]]) -> Compressed:
    """Compress families one at a time: the whole page may be large."""
    compressor, checksum, size, data = zlib.compressobj(_LEVEL, wbits=_RAW), 0, 0, [_HEADER]
    for lines in families:
        text = b"".join(lines)
        checksum, size = zlib.crc32(text, checksum), size + len(text)
        data.append(compressor.compress(text))
    return Compressed(b"".join((*data, compressor.flush(zlib.Z_FULL_FLUSH))), checksum, size)
