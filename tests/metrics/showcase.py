"""A fixed store in which every family has series and every state of an account occurs once."""

from __future__ import annotations

import dataclasses
import platform
from decimal import Decimal

from exporter.accounts.entry import Failure, OptionalRequest
from exporter.accounts.snapshot import StateWrites
from exporter.accounts.store import Store
from exporter.clock import Clock
from exporter.errors import PollError
from exporter.metrics.collector import BUCKETS, push_families
from exporter.metrics.exposition import Exposition
from exporter.metrics.negotiation import negotiate
from exporter.model import AccountKey, AutoReload, Quota, Reading, Reason, Seconds, Status, Threshold
from tests.support import job_of

NOW = 1_760_000_000.0
BUILD = ("1.2.3", "0123abc")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
INTERVAL = Seconds(300.0)

STUDIO = AccountKey("heygen", "studio")
NARRATION = AccountKey("elevenlabs", "narration")
STAGE = AccountKey("liveavatar", "stage")
ENTERPRISE = AccountKey("elevenlabs", "enterprise")
FORGOTTEN = AccountKey("heygen", "forgotten")
NEW = AccountKey("liveavatar", "a new one")
AWKWARD = AccountKey("heygen", 'Bühne "A" \\ 🎭')

LABELS = {
    STUDIO: {"team": "video"},
    NARRATION: {"team": "voice", "cost_center": "4711"},
    STAGE: {},
    ENTERPRISE: {"cost_center": "0815"},
    FORGOTTEN: {"team": "video"},
    NEW: {"team": "events"},
    AWKWARD: {"team": 'C:\\shows "live"'},
}
"""The accounts in the order of the configuration, which differs from any sorted order."""

THRESHOLDS = {
    STUDIO: (Threshold("wallet", "warning", amount=Decimal(50)), Threshold("wallet", "critical", amount=Decimal("9.99"))),
    NARRATION: (Threshold("*", "warning", share=Decimal("0.2")), Threshold("overage_spend", "critical", amount=Decimal(5))),
    STAGE: (Threshold("*", "critical", share=Decimal("0.1")), Threshold("credits", "warning", amount=Decimal(100))),
    FORGOTTEN: (Threshold("wallet", "warning", amount=Decimal(50)),),
}

BUDGETS = {STUDIO: {("spend", "usd"): Decimal(500), ("wallet", "eur"): Decimal(1)}, FORGOTTEN: {("spend", "usd"): Decimal(5)}}

WALLET = Reading(
    quotas=(
        Quota("wallet", "usd", remaining=Decimal("12.34")),
        Quota("spend", "usd", used=Decimal("87.66"), limit=Decimal(100), remaining=Decimal("12.34")),
    ),
    info={"billing_type": "usage_based"},
    features={"auto_reload": True},
    auto_reload=AutoReload("usd", threshold=Decimal(10), amount=Decimal("25.5")),
)
IN_OVERAGE = Reading(
    quotas=(
        Quota(
            "characters",
            "characters",
            remaining=Decimal(-20_000),
            used=Decimal(120_000),
            limit=Decimal(100_000),
            overage_limit=Decimal(50_000),
            resets_at=NOW + 3 * 86_400,
        ),
        Quota("overage_spend", "usd", used=Decimal("0.1")),
    ),
    info={"plan": "creator", "billing_period": "monthly_period", "workspace": "w-1"},
    status=Status("active", ("trialing", "active", "past_due")),
    features={"can_extend_character_limit": True, "can_use_instant_voice_cloning": False},
    created_at=1_600_000_000.0,
    credential_expires_at=1_900_000_000.0,
    mismatches=("voice_slots.limit", "voice_slots.used"),
)
BEFORE_OVERAGE = dataclasses.replace(
    IN_OVERAGE,
    quotas=(Quota("characters", "characters", remaining=Decimal(10_000), used=Decimal(90_000), limit=Decimal(100_000)),),
    mismatches=("voice_slots.limit",),
)
BY_AGE = {
    hours * 3_600.0: dataclasses.replace(
        BEFORE_OVERAGE,
        quotas=(Quota("characters", "characters", Decimal(10_000 + used), Decimal(90_000 - used), Decimal(100_000)),),
        mismatches=(),
    )
    for hours, used in ((98, 88_200), (72, 64_800), (48, 43_200), (24, 21_600))
}
"""Earlier readings, from which the end is forecast."""
TOPPED_UP = Reading(quotas=(Quota("credits", "credits", remaining=Decimal("25.1")),))
EMPTY = Reading(quotas=(Quota("credits", "credits", remaining=Decimal(0)),))
UNLIMITED = Reading(
    quotas=(Quota("characters", "characters", used=Decimal(2**60), unlimited=True),),
    status=Status("paused_by_owner", ("trialing", "active", "past_due")),
)
MINUS_NOTHING = Reading(quotas=(Quota("premium_credits", "credits", remaining=Decimal("-0")),), info={"plan": 'Größe "XL" \\o/'})


def showcase() -> Store:
    jobs = (
        job_of(key, labels=labels, interval=INTERVAL, thresholds=THRESHOLDS.get(key, ()), budgets=BUDGETS.get(key, {}))
        for key, labels in LABELS.items()
    )
    now = 0.0
    writes = StateWrites().succeeded(NOW - 45).failed().failed()
    store = Store(jobs, BUCKETS, Clock(wall=lambda: now, monotonic=lambda: now), writes=lambda: writes)
    now = NOW
    failed = {"/v3/api_keys/self": OptionalRequest(error=Failure(Reason.FORBIDDEN, "HTTP 403"), failures=1)}
    store.record_success(STUDIO, WALLET, at=NOW - 30, duration=Seconds(0.25), interval=INTERVAL, optional=failed)
    for age, reading in BY_AGE.items():
        _succeed(store, NARRATION, reading, age=age, duration=0.5)
    _succeed(store, NARRATION, BEFORE_OVERAGE, age=320.0, duration=0.5)
    _succeed(store, NARRATION, IN_OVERAGE, age=20.0, duration=0.75)
    _succeed(store, STAGE, EMPTY, age=1500.0, duration=1.5)
    _succeed(store, STAGE, TOPPED_UP, age=1200.0, duration=1.5)
    _succeed(store, STAGE, EMPTY, age=900.0, duration=1.5)
    _fail(store, STAGE, Reason.UNAUTHORIZED, age=600.0, interval=300.0)
    _fail(store, STAGE, Reason.UNAUTHORIZED, age=300.0, interval=450.0)
    _succeed(store, ENTERPRISE, UNLIMITED, age=10.0, duration=0.005)
    _succeed(store, FORGOTTEN, WALLET, age=901.0, duration=0.125)
    _fail(store, FORGOTTEN, Reason.TIMEOUT, age=1.0, interval=301.5)
    _succeed(store, AWKWARD, MINUS_NOTHING, age=0.0, duration=30.0)
    return store


def page(store: Store, accept: str = "", *, now: float = NOW, runtime: bool = False) -> bytes:
    """The page at a time, with a fixed text instead of the Python version."""
    snapshot = dataclasses.replace(store.snapshot(), at=now)
    exposition = Exposition(BUILD, runtime=runtime)
    exposition.push = lambda: push_families({Reason.CONNECTION: 2}, NOW - 40)
    body = exposition.render(snapshot, negotiate(accept, "")).body
    return body.replace(f'python_version="{platform.python_version()}"'.encode(), b'python_version="THIS"')


def _succeed(store: Store, key: AccountKey, reading: Reading, *, age: float, duration: float) -> None:
    store.record_success(key, reading, at=NOW - age, duration=Seconds(duration), interval=INTERVAL)


def _fail(store: Store, key: AccountKey, reason: Reason, *, age: float, interval: float) -> None:
    until = NOW - age + interval
    error = PollError(reason, "no luck")
    store.record_failure(key, error, at=NOW - age, duration=Seconds(15.0), interval=Seconds(interval), limited_until=until)


STALE_FAMILIES = {
    "quota_exhaustion_timestamp_seconds", "quota_exhaustion_latest_timestamp_seconds", "quota_threshold", "quota_budget", "quota_remaining", "quota_used", "quota_limit", "quota_overage_limit", "quota_unlimited", "quota_reset_timestamp_seconds", "resources",
    "info", "status", "feature_enabled", "auto_reload_threshold", "auto_reload_amount", "created_timestamp_seconds",
    "credential_expiry_timestamp_seconds", "setting_without_effect",
}  # fmt: skip
"""The families of accounts, without the prefix, that are absent while the reading is stale."""
