"""Content codings (RFC 9110, section 8.4.1)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from exporter.errors import PollError
from exporter.model import Reason

_MAX_CODINGS: Final = 5
"""As curl."""
_NO_CODINGS: Final = frozenset({"", "identity", "none", "null", "binary", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1"})
"""Names that servers send for a body that is not encoded; some send the charset."""
_GZIP: Final = zlib.MAX_WBITS | 16
_MEMBER: Final = b"\x1f\x8b"
_STEP: Final = 4096
"""How many bytes are decompressed at once: what follows a member is copied."""


class BodyTooLargeError(PollError):
    """A body exceeds a limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(Reason.INVALID_RESPONSE, f"the body of the response is larger than {limit} bytes")


def codings_of(headers: Iterable[str]) -> list[str]:
    """Return the codings in the order in which they were applied, from the values of all `Content-Encoding` headers."""
    names = [name.strip().lower() for header in headers for name in header.split(",")]
    return [name for name in names if name not in _NO_CODINGS]


def decompress(content: bytes, codings: list[str], limit: int) -> bytes:
    """Undo all codings.

    Raises:
        BodyTooLargeError: more than `limit` bytes come out.
        PollError: the content is not encoded as declared, or in a coding that was not requested.
    """
    if len(codings) > _MAX_CODINGS:
        raise PollError(Reason.INVALID_RESPONSE, f"the response has more than {_MAX_CODINGS} content encodings")
    for coding in reversed(codings):
        try:
            content = _decoded(content, coding, limit)
        except zlib.error:
            raise PollError(Reason.INVALID_RESPONSE, f"the response cannot be decompressed as {coding}") from None
    if len(content) > limit:
        raise BodyTooLargeError(limit)
    return content


def _decoded(content: bytes, coding: str, limit: int) -> bytes:
    if not content:
        return content
    if coding in {"gzip", "x-gzip"}:
        return _inflated(content, _GZIP, limit)
    if coding != "deflate":
        raise PollError(Reason.INVALID_RESPONSE, "the response has a content encoding that was not requested (not gzip or deflate)")
    try:
        return _inflated(content, zlib.MAX_WBITS, limit)
    except zlib.error:  # some servers send deflate without zlib's header
        return _inflated(content, -zlib.MAX_WBITS, limit)


def _inflated(content: bytes, window: int, limit: int) -> bytes:
    """Decompress; a gzip body may have several members. What follows the last one is ignored, as browsers do."""
    body = bytearray()
    decompressor, position = zlib.decompressobj(window), 0
    while position < len(content) and not decompressor.eof:
        piece = content[position : position + _STEP]
        body += decompressor.decompress(piece, limit + 1 - len(body))
        position += len(piece) - len(decompressor.unused_data)
        if len(body) > limit:
            raise BodyTooLargeError(limit)
        if decompressor.eof and window == _GZIP and content.startswith(_MEMBER, position):
            decompressor = zlib.decompressobj(window)
    if not decompressor.eof:
        raise PollError(Reason.INVALID_RESPONSE, "the compressed response is cut off")
    return bytes(body)
