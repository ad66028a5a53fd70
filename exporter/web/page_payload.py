"""Sends a large page block by block."""

from __future__ import annotations

from itertools import chain

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from exporter.metrics.bodies import Content


class Blocks(Payload):
    """A page whose blocks are joined when they are sent. The next block is joined when the client has read most of this one."""

    _value: Content
    _autoclose = True

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._size = content.size

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all blocks."""
        for block in self._value.blocks:
            await writer.write(b"".join(block))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the page as text."""
        return b"".join(chain.from_iterable(self._value.blocks)).decode(encoding, errors)
