"""Readings as `extract` makes them: finite numbers, clean text, each resource once per unit."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from exporter.model import AutoReload, Quota, Reading, Status

LARGEST = Decimal("1.7e308")

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
amounts = st.decimals(-LARGEST, LARGEST, allow_nan=False, allow_infinity=False) | st.sampled_from((Decimal("-0"), Decimal("1e-400")))
moments = st.floats(0, 253_402_300_799, exclude_min=True)
known = st.none() | amounts

quotas = st.builds(
    Quota, names, texts.filter(bool), remaining=known, used=known, limit=known, overage_limit=known, unlimited=st.booleans(),
    resets_at=st.none() | moments,
)  # fmt: skip
readings = st.builds(
    Reading,
    quotas=st.lists(quotas, max_size=4, unique_by=lambda quota: quota.resource).map(tuple),
    info=st.dictionaries(st.sampled_from(("plan", "billing_type", "billing_period", "workspace")), texts),
    status=st.none() | st.builds(Status, texts.filter(bool), st.lists(names, max_size=3, unique=True).map(tuple)),
    features=st.dictionaries(names, st.booleans(), max_size=3),
    auto_reload=st.none() | st.builds(AutoReload, names, known, known),
    created_at=st.none() | moments,
    mismatches=st.lists(names, max_size=3, unique=True).map(tuple),
)
