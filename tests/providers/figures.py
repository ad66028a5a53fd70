"""The values of a Reading by name, so that two readings can be compared field by field."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.model import AutoReload, Quota, Reading

PARTS = ("remaining", "used", "limit", "overage_limit", "resets_at")


def figures(reading: Reading) -> dict[str, object]:
    """All values of a reading, by dotted name. An amount includes its unit, because it is another amount in another unit."""
    found: dict[str, object] = {}
    for quota in reading.quotas:
        found |= _of_quota(quota)
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


def _of_quota(quota: Quota) -> dict[str, object]:
    parts: dict[str, object] = {
        f"{quota.resource}.{part}": (value, quota.unit) for part in PARTS if (value := getattr(quota, part)) is not None
    }
    return parts | ({f"{quota.resource}.unlimited": (True, quota.unit)} if quota.unlimited else {})


def _of_auto_reload(auto_reload: AutoReload) -> dict[str, object]:
    amounts = {"threshold": auto_reload.threshold, "amount": auto_reload.amount}
    return {f"auto_reload.{name}": (value, auto_reload.unit) for name, value in amounts.items() if value is not None}
