"""Bodies of pages without their end: the values of the process itself, which differ for each scrape, complete them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple, Protocol

from isal import isal_zlib

_LEVEL: Final = 1
"""A page is mostly repetition: a higher level saves nothing."""
_RAW: Final = -isal_zlib.MAX_WBITS
_HEADER: Final = bytes((0x1F, 0x8B, isal_zlib.DEFLATED, 0, 0, 0, 0, 0, 4, 255))
"""Of gzip, without a time (RFC 1952): compressed fast, on any system."""
_AT_ONCE: Final = 2_500
"""How many lines are joined at a time. Joining keeps the interpreter from the event loop."""


class Content(NamedTuple):
    """A whole page in blocks, each of which is joined when it is sent: a large page is never in memory as a whole."""

    blocks: Sequence[Sequence[bytes]]
    size: int
    """In bytes."""


class Body(Protocol):
    """A page without its end."""

    def completed(self, end: bytes) -> Content:
        """Return the page with this end."""


class Plain(NamedTuple):
    """A body as text."""

    blocks: Sequence[Sequence[bytes]]
    size: int

    def completed(self, end: bytes) -> Content:
        """Return the page with this end."""
        *blocks, last = self.blocks or ((),)
        return Content((*blocks, (*last, end)), self.size + len(end))


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
            self._checksum = isal_zlib.crc32_combine(self._checksum, part.checksum, part.size)
            self._size += part.size

    def completed(self, end: bytes) -> Content:
        """Return the page with this end."""
        trailer = struct.pack("<LL", isal_zlib.crc32(end, self._checksum), (self._size + len(end)) & 0xFFFFFFFF)
        block = (_HEADER, *(part.data for part in self.parts.values()), isal_zlib.compress(end, _LEVEL, _RAW), trailer)
        return Content((block,), sum(map(len, block)))


def plain(parts: Sequence[Part], *, is_joined: bool) -> Plain:
    """Return the parts as text: joined now, or only when they are sent."""
    if is_joined:
        text = b"".join(chain.from_iterable(part.lines for part in parts))
        return Plain(((text,),), len(text))
    return Plain([block for part in parts for block in _blocks(part.lines)], sum(len(line) for part in parts for line in part.lines))


def compressed(parts: Iterable[Part], former: Mapping[str, Compressed]) -> Gzip:
    """Compress parts one at a time, because the whole page may be large. Those that did not change since the former body are used again."""
    compressor = isal_zlib.compressobj(_LEVEL, wbits=_RAW)
    found: dict[str, Compressed] = {}
    for name, version, lines in parts:
        known = former.get(name)
        if known is None or version is None or known.version != version:
            known = Compressed(version, *_deflated(compressor, lines))
        found[name] = known
    return Gzip(found)


def _deflated(compressor: isal_zlib.Compress, lines: Sequence[bytes]) -> tuple[bytes, int, int]:
    """Return the data, the checksum and the size of the text."""
    data, checksum, size = [], 0, 0
    for block in _blocks(lines):
        text = b"".join(block)
        checksum, size = isal_zlib.crc32(text, checksum), size + len(text)
        data.append(compressor.compress(text))
    return b"".join((*data, compressor.flush(isal_zlib.Z_FULL_FLUSH))), checksum, size


def _blocks(lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (lines[start : start + _AT_ONCE] for start in range(0, len(lines), _AT_ONCE))
