"""What a reading exports, as text by the names of the fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from exporter.model import AutoReload, Quota, Reading
from exporter.providers.quota_fields import AMOUNTS

_MAX_SHOWN: Final = 60


def exported(reading: Reading, units: Collection[str] | None = None) -> dict[str, str]:
    """Return what a reading exports, by the names of fields; of the resources only those in some units, if these are given."""
    shown: dict[str, list[str]] = {}
    for quota in reading.quotas:
        for part, text in _of_quota(quota) if units is None or quota.unit in units else ():
            shown.setdefault(f"{quota.resource}.{part}", []).append(text)
    texts = {name: ", ".join(parts) for name, parts in shown.items()}
    texts |= {f"info.{label}": text for label, text in reading.info.items()}
    texts |= {f"features.{name}": "1" if enabled else "0" for name, enabled in reading.features.items()}
    texts |= {"status": reading.status.current} if reading.status else {}
    texts |= dict(_of_auto_reload(reading.auto_reload)) if reading.auto_reload else {}
    times = {"created_at": reading.created_at, "credential_expires_at": reading.credential_expires_at}
    return texts | {name: _time(at) for name, at in times.items() if at is not None}


def shortened(value: Any) -> str:
    """Write a value in one short line."""
    text = f"{value:f}" if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < _MAX_SHOWN else str(value)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def _of_quota(quota: Quota) -> Iterator[tuple[str, str]]:
    for part in AMOUNTS:
        value: Decimal | None = getattr(quota, part)
        if value is not None:
            yield part, f"{shortened(value)} {quota.unit}"
    if quota.unlimited:
        yield "unlimited", quota.unit
    if quota.resets_at is not None:
        yield "resets_at", _time(quota.resets_at)


def _of_auto_reload(reload: AutoReload) -> Iterator[tuple[str, str]]:
    for part, value in (("threshold", reload.threshold), ("amount", reload.amount)):
        if value is not None:
            yield f"auto_reload.{part}", f"{shortened(value)} {reload.unit}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
