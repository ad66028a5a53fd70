"""The values of a Reading by name, so that two readings can be compared field by field."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.model import AutoReload, Quota, Reading
from exporter.providers.quota_fields import AMOUNTS

PARTS = (*AMOUNTS, "resets_at")


def figures(reading: Reading) -> dict[str, object]:
    """All values of a reading, by dotted name. An amount includes its unit, because it is another amount in another unit."""
    amounts: dict[str, tuple[tuple[object, str], ...]] = {}
    for quota in reading.quotas:
        for name, amount in _of_quota(quota).items():
            amounts[name] = amounts.get(name, ()) + amount  # a resource may have several units
    found: dict[str, object] = {**amounts}
    found |= {f"info.{label}": text for label, text in reading.info.items()}
    found |= {f"features.{name}": enabled for name, enabled in reading.features.items()}
    found |= _of_auto_reload(reading.auto_reload) if reading.auto_reload else {}
    if reading.status:
        found["status"] = reading.status
    if reading.created_at is not None:
        found["created_at"] = reading.created_at
    if reading.credential_expires_at is not None:
        found["credential_expires_at"] = reading.credential_expires_at
    return found


def floats(reading: Reading) -> Iterator[float]:
    """All numbers that the page would show."""
    for quota in reading.quotas:
        yield from (float(value) for part in PARTS if (value := getattr(quota, part)) is not None)
    if reading.auto_reload:
        yield from (float(value) for value in (reading.auto_reload.threshold, reading.auto_reload.amount) if value is not None)
    yield from (time for time in (reading.created_at, reading.credential_expires_at) if time is not None)


def _of_quota(quota: Quota) -> dict[str, tuple[tuple[object, str], ...]]:
    parts = {part: value for part in PARTS if (value := getattr(quota, part)) is not None} | (
        {"unlimited": True} if quota.unlimited else {}
    )
    return {f"{quota.resource}.{part}": ((value, quota.unit),) for part, value in parts.items()}


def _of_auto_reload(auto_reload: AutoReload) -> dict[str, object]:
    amounts = {"threshold": auto_reload.threshold, "amount": auto_reload.amount}
    return {f"auto_reload.{name}": (value, auto_reload.unit) for name, value in amounts.items() if value is not None}
