"""Bodies of pages without their end: the values of the process itself, which differ for each scrape, complete them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from exporter.metrics.checksums import joined_checksum

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


class Part(NamedTuple):
    """A part of a page as text. Parts with the same name and version have the same text; a part without a version is compressed each time."""

    name: str
    version: int | None
    lines: Sequence[bytes]


class Compressed(NamedTuple):
    """Text as deflated data up to a byte boundary, so that more of it can follow."""

    version: int | None
    data: bytes
    checksum: int
    size: int
    """Of the text, in bytes."""


class Gzip:
    """A body as gzip, of parts that the next body can use again."""

    def __init__(self, parts: Mapping[str, Compressed]) -> None:
        self.parts = parts
        self._checksum, self._size = 0, 0
        for part in parts.values():
            self._checksum = joined_checksum(self._checksum, part.checksum, part.size)
            self._size += part.size

    def completed(self, end: bytes) -> bytes:
        """Return the page with this end."""
        compressor = zlib.compressobj(_LEVEL, wbits=_RAW_SMALL, memLevel=_SMALL_MEMORY)
        trailer = struct.pack("<LL", zlib.crc32(end, self._checksum), (self._size + len(end)) & 0xFFFFFFFF)
        return b"".join((_HEADER, *(part.data for part in self.parts.values()), compressor.compress(end), compressor.flush(), trailer))


def compressed(parts: Iterable[Part], former: Mapping[str, Compressed]) -> Gzip:
    """Compress parts one at a time, because the whole page may be large. Those that did not change since the former body are used again."""
    compressor = zlib.compressobj(_LEVEL, wbits=_RAW)
    found: dict[str, Compressed] = {}
    for name, version, lines in parts:
        known = former.get(name)
        if known is None or version is None or known.version != version:
            text = b"".join(lines)
            data = compressor.compress(text) + compressor.flush(zlib.Z_FULL_FLUSH)
            known = Compressed(version, data, zlib.crc32(text), len(text))
        found[name] = known
    return Gzip(found)
