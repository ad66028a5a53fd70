"""Fills the gaps of a reading with older readings of single requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from exporter.model import Quota, Reading


def merged(reading: Reading, older: Iterable[Reading]) -> Reading:
    """Return the reading, completed with what only the older ones report. Nothing is derived from two times."""
    for other in older:
        reading = Reading(
            quotas=_merged_quotas(reading.quotas, other.quotas),
            info={**other.info, **reading.info},
            status=reading.status or other.status,
            features={**other.features, **reading.features},
            auto_reload=reading.auto_reload or other.auto_reload,
            created_at=other.created_at if reading.created_at is None else reading.created_at,
            credential_expires_at=(other.credential_expires_at if reading.credential_expires_at is None else reading.credential_expires_at),
            mismatches=tuple(dict.fromkeys((*reading.mismatches, *other.mismatches))),
        )
    return reading


def _merged_quotas(newer: Iterable[Quota], older: Iterable[Quota]) -> tuple[Quota, ...]:
    quotas = {(quota.resource, quota.unit): quota for quota in newer}
    for quota in older:
        key = (quota.resource, quota.unit)
        quotas[key] = _merged_quota(quotas[key], quota) if key in quotas else quota
    return tuple(quotas.values())


def _merged_quota(newer: Quota, older: Quota) -> Quota:
    missing = {part.name: getattr(older, part.name) for part in fields(Quota) if getattr(newer, part.name) is None}
    unlimited = newer.unlimited or (older.unlimited and newer.limit is None)
    return replace(newer, **{**missing, "unlimited": unlimited})
