"""The resources of one poll: their parts may come from several requests, and what remains is derived at the end."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from exporter.model import EXACT, Quota
from exporter.providers.quota_fields import AMOUNTS
from exporter.providers.values import Mismatch, finite


class Quotas:
    """Collects the parts of resources, each in its unit."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str], dict[str, Any]] = {}
        self._twice: set[tuple[str, str, str]] = set()

    def add(self, resource: str, unit: str, parts: dict[str, Any]) -> list[str]:
        """Add parts. None and False mean that the response has no such part.

        Returns the parts that another place has already reported. Which one is right is unknown, so neither stays.
        """
        known = self._parts.setdefault((resource, unit), parts)
        if known is parts:
            return []
        twice = []
        for part, value in parts.items():
            if value is None or value is False:
                continue
            former = known.get(part)
            is_new = former is None or former is False or (part not in AMOUNTS and former == value)
            if not is_new or (resource, unit, part) in self._twice:
                self._twice.add((resource, unit, part))
                twice.append(part)
            known[part] = None if part in twice else value
        return twice

    def all(self) -> tuple[list[Quota], list[str]]:
        """Return the resources, and the derived fields that are not finite as a double."""
        quotas, mismatches = [], []
        for (resource, unit), parts in self._parts.items():
            remaining, is_mismatch = _remaining(parts)
            if is_mismatch:
                mismatches.append(f"{resource}.remaining")
            if not self._twice or any(value is not None and value is not False for value in parts.values()):
                quotas.append(Quota(resource, unit, **{**parts, "remaining": remaining}))
        return quotas, mismatches


def _remaining(parts: Mapping[str, Any]) -> tuple[Decimal | None, bool]:
    """Return what remains: as sent, else limit - used; and whether the difference is not finite as a double."""
    remaining, used, limit = parts.get("remaining"), parts.get("used"), parts.get("limit")
    if remaining is not None or used is None or limit is None:
        return remaining, False
    try:
        return finite(EXACT.subtract(limit, used)), False
    except Mismatch:
        return None, True
