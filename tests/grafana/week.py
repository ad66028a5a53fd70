"""Test data: a week of some accounts with top-ups, resets and failures, as OpenMetrics for `promtool tsdb create-blocks-from`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from exporter.model import Reason
from exporter.providers.library import load_definitions

STEP = 120
HOUR, DAY = 3_600.0, 86_400.0
EXPORTER = 'job="ai-accounts",instance="exporter:9893"'
WINDOWS = {"1h": HOUR, "1d": DAY}
Families = dict[str, dict[str, list[float]]]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource. It falls by `rate` per day, faster by day than by night, and is reset each `period` or topped up below `floor`."""

    name: str
    unit: str
    start: float
    rate: float
    limit: float | None = None
    period: float | None = None
    floor: float | None = None
    top_up: float = 0.0
    is_spend: bool = False
    overage: float | None = None
    unlimited: bool = False
    thresholds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `fails` gives whether polls fail at an age in seconds before the end."""

    provider: str
    name: str
    team: str
    resources: tuple[Resource, ...] = ()
    reason: Reason | None = None
    fails: Callable[[float], bool] = lambda _age: False
    plan: str = ""
    features: Mapping[str, int] = field(default_factory=dict)


def pace(at: float) -> float:
    return 1.0 + 0.7 * math.sin(2 * math.pi * (at / DAY - 0.35)) + 0.2 * math.sin(2 * math.pi * at / (2.3 * HOUR))


_FIRST, _SECOND, _THIRD = sorted(load_definitions())[:3]

ACCOUNTS = (
    Account(
        _SECOND, "studio", "video",
        (Resource("wallet", "usd", 44, 24, floor=12, top_up=50, thresholds={"warning": 20, "critical": 5}),),
        features={"auto_reload": 1},
    ),
    Account(_SECOND, "render-farm", "video", (
        Resource("spend", "usd", 181, 21, limit=500, is_spend=True), Resource("included_credits", "credits", 3_640, 310, limit=4_444),
    )),
    Account(_SECOND, "enterprise", "video", (Resource("wallet", "credits", 20_100, 410),)),
    Account(
        _FIRST, "narration", "voice",
        (
            Resource("characters", "characters", 34_000, 14_000, limit=100_000, period=1.4 * DAY, thresholds={"warning": 10_000}),
            Resource("voice_slots", "slots", 29, 0, limit=30), Resource("voice_add_edits", "edits", 83, 3, limit=95),
        ),
        plan="creator", features={"can_extend_character_limit": 1, "can_use_instant_voice_cloning": 1, "can_extend_voice_limit": 0},
    ),
    Account(_FIRST, "audiobooks", "voice", (
        Resource("characters", "characters", 89_000, 17_000, limit=500_000, overage=200_000),
        Resource("overage_spend", "usd", 0, 2.1, is_spend=True),
    ), plan="pro"),
    Account(_FIRST, "dubbing", "video", (
        Resource("characters", "characters", 1_420_000, 96_000, limit=2_000_000, unlimited=True),
        Resource("overage_spend", "eur", 0, 4.2, is_spend=True),
    ), plan="scale"),
    Account(_FIRST, "old-key", "voice", reason=Reason.UNAUTHORIZED, fails=lambda _age: True),
    Account(_THIRD, "stage", "events", (Resource("credits", "credits", 940, 130),)),
    Account(
        _THIRD, "kiosk", "events", (Resource("credits", "credits", 900, 22),),
        reason=Reason.RATE_LIMITED, fails=lambda age: 5 * HOUR < age < 6.5 * HOUR or age < 9 * 60,
    ),
)  # fmt: skip
"""Typical accounts, at the first vendors of the library."""


def openmetrics(end: float, days: float = 7.0) -> Iterator[str]:
    """The lines of all series."""
    start = end - days * DAY
    times = [start + STEP * index for index in range(int((end - start) / STEP) + 1)]
    for name, series in _families(times).items():
        yield f"# TYPE {name} unknown\n"
        for labels, values in series.items():
            for at, value in zip(times, values, strict=True):
                if not math.isnan(value):
                    yield f"{name}{{{labels}}} {value:.10g} {at:.0f}\n"
    yield "# EOF\n"


def _families(times: list[float]) -> Families:
    families: Families = {}
    for account in ACCOUNTS:
        labels = f'{EXPORTER},provider="{account.provider}",account="{account.name}",team="{account.team}"'
        _account(families, account, labels, times)
        for resource in account.resources:
            _resource(families, resource, f'{labels},resource="{resource.name}",unit="{resource.unit}"', times)
    _exporter(families, times)
    return families


def _put(families: Families, name: str, labels: str, values: list[float]) -> None:
    families.setdefault(name, {})[labels] = values


def _resource(families: Families, resource: Resource, labels: str, times: list[float]) -> None:
    left, consumed, replenished, resets = _consume(resource, times)
    left = [round(value, 2 if resource.unit in {"usd", "eur"} else 0) for value in left]
    capped = resource.limit is not None or not resource.is_spend
    if capped:
        for name in ("ai_account_quota_remaining", "account:ai_account_quota_remaining:last"):
            _put(families, name, labels, left)
    if capped and not resource.unlimited:
        _put(families, "account:ai_account_quota_available:last", labels, [value + (resource.overage or 0) for value in left])
    if resource.limit is not None:
        limit = resource.limit
        _put(families, "ai_account_quota_limit", labels, [limit] * len(times))
        _put(families, "ai_account_quota_used", labels, [limit - value for value in left])
        if not resource.unlimited:
            _put(families, "account:ai_account_quota_remaining:ratio", labels, [value / limit for value in left])
    elif resource.is_spend:
        _put(families, "ai_account_quota_used", labels, [-value for value in left])
    _limits(families, resource, labels, times, resets)
    _put(families, "ai_account_quota_consumed_total", labels, consumed)
    _put(families, "ai_account_quota_replenished_total", labels, replenished)
    for window, seconds in WINDOWS.items():
        _put(families, f"account:ai_account_quota_burn:rate{window}", labels, _burn(consumed, seconds))
    _forecast(families, resource, labels, times, left, resets)


def _consume(resource: Resource, times: list[float]) -> tuple[list[float], list[float], list[float], list[float]]:
    left, used, added, resets = resource.start, 0.0, 0.0, times[0] + (resource.period or 0) * 0.6
    rows: list[tuple[float, float, float, float]] = []
    for at in times:
        step = resource.rate * STEP / DAY * pace(at)
        left, used = left - step, used + step
        if resource.period and resource.limit and at >= resets:
            added, left, resets = added + resource.limit - left, resource.limit, resets + resource.period
        if resource.floor is not None and left < resource.floor:
            added, left = added + resource.top_up, left + resource.top_up
        rows.append((left, used, added, resets))
    one, two, three, four = (list(column) for column in zip(*rows, strict=True))
    return one, two, three, four


def _limits(families: Families, resource: Resource, labels: str, times: list[float], resets: list[float]) -> None:
    if resource.overage is not None:
        _put(families, "ai_account_quota_overage_limit", labels, [resource.overage] * len(times))
    if resource.unlimited:
        _put(families, "ai_account_quota_unlimited", labels, [1.0] * len(times))
    if resource.period:
        _put(families, "ai_account_quota_reset_timestamp_seconds", labels, resets)
    for severity, floor in resource.thresholds.items():
        for name in ("ai_account_quota_threshold", "account:ai_account_quota_threshold:last"):
            _put(families, name, f'{labels},severity="{severity}"', [floor] * len(times))


def _burn(consumed: list[float], seconds: float) -> list[float]:
    back = int(seconds / STEP)
    return [
        (value - consumed[max(0, index - back)]) / (STEP * min(index, back)) if index else math.nan for index, value in enumerate(consumed)
    ]


def _forecast(families: Families, resource: Resource, labels: str, times: list[float], left: list[float], resets: list[float]) -> None:
    """The end at the mean rate, if no reset or top-up comes first."""
    if resource.rate and resource.top_up == 0 and not resource.unlimited and (resource.limit is not None or not resource.is_spend):
        for name, pace in (("exhaustion", 1.0), ("exhaustion_latest", 0.6)):
            ends = [at + (value + (resource.overage or 0)) / resource.rate * DAY / pace for at, value in zip(times, left, strict=True)]
            known = [end if not resource.period or end < reset else math.nan for end, reset in zip(ends, resets, strict=True)]
            _put(families, f"ai_account_quota_{name}_timestamp_seconds", labels, known)


def _account(families: Families, account: Account, labels: str, times: list[float]) -> None:
    fails = [account.fails(times[-1] - at) for at in times]
    successes: list[float] = []
    for at, failed in zip(times, fails, strict=True):
        successes.append((successes[-1] if successes else math.nan) if failed else at - 12)
    polls = [index * STEP / 300 for index in range(len(times))]
    wrong = [float(int(count * STEP / 300)) for count in accumulate(fails)]
    _put(families, "ai_account_up", labels, [0.0 if failed else 1.0 for failed in fails])
    _put(families, "ai_account_scrapes_total", labels, [float(int(value)) for value in polls])
    _put(families, "ai_account_last_scrape_timestamp_seconds", labels, [at - 12 for at in times])
    _put(families, "ai_account_scrape_interval_seconds", labels, [900.0 if failed else 300.0 for failed in fails])
    _put(families, "ai_account_scrape_duration_seconds", labels, [0.18 + 0.1 * pace(at * 3) for at in times])
    if not all(fails):
        _put(families, "ai_account_last_success_timestamp_seconds", labels, successes)
        _put(families, "ai_account_resources", labels, [float(len(account.resources))] * len(times))
        _details(families, account, labels, times)
    for reason in Reason:
        values = wrong if reason is account.reason else [0.0] * len(times)
        _put(families, "ai_account_scrape_errors_total", f'{labels},reason="{reason}"', values)


def _details(families: Families, account: Account, labels: str, times: list[float]) -> None:
    info = f'{labels},plan="{account.plan}",billing_type="usage",billing_period="monthly",workspace=""'
    _put(families, "ai_account_info", info, [1.0] * len(times))
    for status, value in (("active", 1.0), ("past_due", 0.0)):
        _put(families, "ai_account_status", f'{labels},status="{status}"', [value] * len(times))
    for feature, on in account.features.items():
        _put(families, "ai_account_feature_enabled", f'{labels},feature="{feature}"', [float(on)] * len(times))
    _put(families, "ai_account_credential_expiry_timestamp_seconds", labels, [times[-1] + 40 * DAY] * len(times))
    if "auto_reload" in account.features:
        _put(families, "ai_account_auto_reload_threshold", f'{labels},unit="usd"', [12.0] * len(times))
        _put(families, "ai_account_auto_reload_amount", f'{labels},unit="usd"', [50.0] * len(times))


def _exporter(families: Families, times: list[float]) -> None:
    read = times[-1] - 20 * HOUR
    series: dict[str, Callable[[float], float]] = {
        "up": lambda _at: 1.0,
        "scrape_duration_seconds": lambda at: 0.011 + 0.003 * pace(at * 5),
        "scrape_samples_scraped": lambda _at: 512.0,
        "process_cpu_seconds_total": lambda at: 0.004 * (at - times[0]) + 3,
        "process_resident_memory_bytes": lambda at: 61e6 + 2e6 * pace(at),
        "process_open_fds": lambda at: 18.0 + round(2 * pace(at * 7)),
        "process_start_time_seconds": lambda _at: times[0] - DAY,
        "ai_account_exporter_config_last_reload_successful": lambda _at: 1.0,
        "ai_account_exporter_config_last_reload_success_timestamp_seconds": lambda at: times[0] - DAY if at < read else read,
    }
    for name, value in series.items():
        _put(families, name, EXPORTER, [value(at) for at in times])
    _put(families, "ai_account_exporter_build_info", f'{EXPORTER},version="0.1.0",revision="",python_version="3.13.1"', [1.0] * len(times))
    alert = (
        f'{EXPORTER},alertname="AIAccountCredentialFailing",alertstate="firing",severity="critical",provider="{_FIRST}",account="old-key"'
    )
    low = f'{EXPORTER},alertname="AIAccountRunningOut",alertstate="firing",severity="warning",provider="{_THIRD}",account="stage"'
    for labels in (alert, f'{low},resource="credits",unit="credits"'):
        _put(families, "ALERTS", labels, [1.0 if at > times[-1] - 6 * HOUR else math.nan for at in times])
    for provider, scale in ((_FIRST, 1.0), (_SECOND, 1.6), (_THIRD, 0.7)):
        _durations(families, f'{EXPORTER},provider="{provider}"', scale, times)


def _durations(families: Families, labels: str, scale: float, times: list[float]) -> None:
    name = "ai_account_exporter_vendor_request_duration_seconds"
    for bound, share in (("0.1", 0.2 / scale), ("0.25", 0.55 / scale), ("0.5", 0.9 / scale), ("1", 0.97), ("+Inf", 1.0)):
        values = [0.7 * index * min(1.0, share) for index in range(len(times))]
        _put(families, f"{name}_bucket", f'{labels},le="{bound}"', values)
