"""An account as it is written, before it is validated."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple


class Written(NamedTuple):
    """One entry of `accounts`."""

    place: str
    """Where it is written, such as `accounts[2]`, after the file if that is not the main one."""
    folder: Path
    """Where relative paths in it start."""
    data: Any

    @property
    def is_enabled(self) -> bool:
        """Whether it is to be polled."""
        return self.get("enabled") is not False

    @property
    def provider(self) -> str:
        """The name of its provider; empty if that is no text."""
        provider = self.get("provider")
        return provider if isinstance(provider, str) else ""

    def get(self, key: str) -> Any:
        """Return what is written under a key."""
        return self.data.get(key) if isinstance(self.data, dict) else None
