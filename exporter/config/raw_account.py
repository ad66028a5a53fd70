"""An account as the file contains it, before it is validated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from exporter.errors import Problem
from exporter.validation.document import Document
from exporter.validation.fields import is_plain

_OFF: Final = frozenset({"false", "0", "0.0", "no", "off", "n", "f"})
"""What is accepted as false, in lower case."""


class RawAccount(NamedTuple):
    """One entry of `accounts`."""

    place: str
    """Where it is written, such as `accounts[2]`."""
    document: Document
    """The file that contains it."""
    data: Any

    @property
    def folder(self) -> Path:
        """Where relative paths in it start."""
        return self.document.path.parent

    @property
    def is_enabled(self) -> bool:
        """Whether it is to be polled."""
        return str(self.get("enabled")).lower() not in _OFF

    @property
    def provider(self) -> str:
        """The name of its provider; empty if that is not text."""
        provider = self.get("provider")
        return provider if isinstance(provider, str) else ""

    @property
    def shown_name(self) -> str:
        """Its name; empty if that is not text, or may be a misplaced secret."""
        name = self.get("name")
        return name if isinstance(name, str) and is_plain(name) else ""

    def problem(self, place: str, message: str) -> Problem:
        """Return a problem of a place in the file, with the name of the account."""
        return self.document.problem(place, message, self.shown_name)

    def place_of(self, inner: str) -> str:
        """Return the place of a part in the file; empty for the whole account."""
        return f"{self.place}.{inner}" if inner else self.place

    def shown_beside(self, other: RawAccount) -> str:
        """Return its place, and its file and line where another account is in another file."""
        where = self.document.problem(self.place, "").position
        return self.place if self.document is other.document else f"{self.place} in {where}"

    def get(self, key: str) -> Any:
        """Return what is written under a key."""
        return self.data.get(key) if isinstance(self.data, dict) else None


def named_parts(block: object, key: str) -> Mapping[str, Any]:
    """Return what a block of a file contains below a key, by name; nothing where that is not a block itself."""
    parts = block.get(key) if isinstance(block, dict) else None
    return {name: part for name, part in parts.items() if isinstance(name, str)} if isinstance(parts, dict) else {}
