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

    def add(self, resource: str, unit: str, parts: Mapping[str, Any]) -> list[str]:
        """Add parts; None and False are none.

        Returns the parts that another place has already reported. Which one is right is unknown, so neither stays.
        """
        known = self._parts.setdefault((resource, unit), {})
        twice = []
        for part, value in parts.items():
            if value is None or value is False:
                continue
            if part not in known:
                known[part] = value
            elif part in AMOUNTS or known[part] != value:
                known[part] = None
                twice.append(part)
        return twice

    def all(self) -> tuple[tuple[Quota, ...], list[str]]:
        """Return the resources, and the derived fields that are no double."""
        quotas, mismatches = [], []
        for (resource, unit), parts in self._parts.items():
            remaining, is_mismatch = _remaining(parts)
            if is_mismatch:
                mismatches.append(f"{resource}.remaining")
            if any(value is not None for value in parts.values()):
                quotas.append(Quota(resource, unit, **{**parts, "remaining": remaining}))
        return tuple(quotas), mismatches


def _remaining(parts: Mapping[str, Any]) -> tuple[Decimal | None, bool]:
    """Return what remains: as sent, else limit - used; and whether the difference is no double."""
    remaining, used, limit = (parts.get(part) for part in ("remaining", "used", "limit"))
    if remaining is not None or used is None or limit is None:
        return remaining, False
    try:
        return finite(EXACT.subtract(limit, used)), False
    except Mismatch:
        return None, True
