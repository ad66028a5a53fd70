"""Unit tests of alerts on quotas that the vendor refills by itself within hours: they warn, and nobody is paged."""

from __future__ import annotations

from tools.scenarios.accounts import STUDIO
from tools.scenarios.scenario import Firing, Quiet, Scenario, Series, flat

EXHAUSTED, CAP, LOW, OUT = "AIAccountExhausted", "AIAccountSpendCapExceeded", "AIAccountLowShare", "AIAccountRunningOut"
SPAN = "2h"


def _quota(resource: str, resets: float | None = None, unit: str = "credits", **families: float) -> Series:
    """One resource with constant values, and its reset in hours since the start of the test."""
    reset = {} if resets is None else {"reset_timestamp_seconds": flat(resets * 3600, SPAN)}
    return STUDIO.quota(resource, unit, **{name: flat(value, SPAN) for name, value in families.items()}, **reset)


def _empty(resource: str, resets: float | None = None) -> Series:
    return _quota(resource, resets, remaining=0, limit=100)


def _spent(resource: str, resets: float | None = None) -> Series:
    return _quota(resource, resets, "usd", used=100, limit=100, remaining=0)


def _ending(resource: str, resets: float | None = None) -> Series:
    return _quota(resource, resets, remaining=5, exhaustion_timestamp_seconds=3 * 3600, exhaustion_latest_timestamp_seconds=3 * 3600)


def _firing(alert: str, at: str, **resources: str) -> Firing:
    """The severities of an alert by resource."""
    return Firing(alert, at, tuple({"resource": name, "severity": level} for name, levels in resources.items() for level in levels.split()))


def _scenario(name: str, series: tuple[Series, ...], *expect: Firing | Quiet) -> Scenario:
    return Scenario(name, (STUDIO.polls(("good", SPAN)), *series), expect)


SCENARIOS = (
    _scenario(
        "an exhausted quota pages unless its reset is within twelve hours, or an hour late",
        (_empty("wallet"), _empty("month", 20), _empty("characters", 13), _empty("week", 1.5)),
        _firing(EXHAUSTED, "30m", wallet="critical", month="critical", characters="critical", week="warning"),
        _firing(EXHAUSTED, "1h55m", wallet="critical", month="critical", characters="warning", week="warning"),
    ),
    _scenario(
        "an exhausted quota pages if its reset is more than an hour late",
        (_empty("month", 0.4),),
        _firing(EXHAUSTED, "1h", month="warning"),
        _firing(EXHAUSTED, "1h55m", month="critical"),
    ),
    _scenario(
        "the message on a quota that is exhausted until its next reset",
        (_empty("characters", 4),),
        Firing(
            EXHAUSTED,
            "30m",
            (STUDIO.alert("warning", resource="characters", unit="credits"),),
            "Account studio at heygen has nothing left of characters (0 credits). Work that uses it fails or costs extra until the vendor refills it, "
            "which is expected within hours. Wait, or move the work to another account.",
        ),
    ),
    _scenario(
        "an exhausted short window without a reset, or with a late one, is a warning by its name",
        (
            _empty("hourly_searches"),
            _empty("five_hour_requests"),
            _empty("twenty_four_hour_calls"),
            _empty("daily_requests", 20),
            _empty("weekly_calls"),
            _empty("daily"),
            _empty("hours"),
        ),
        _firing(
            EXHAUSTED,
            "30m",
            hourly_searches="warning",
            five_hour_requests="warning",
            twenty_four_hour_calls="warning",
            daily_requests="warning",
            weekly_calls="critical",
            daily="critical",
            hours="critical",
        ),
    ),
    _scenario(
        "a spending cap that is reached pages unless its next period is near",
        (_spent("spend"), _spent("monthly_spend", 20), _spent("key_spend", 5), _spent("four_hour_spend"), _spent("daily_spend", 20)),
        _firing(
            CAP, "30m", spend="critical", monthly_spend="critical", key_spend="warning", four_hour_spend="warning", daily_spend="warning"
        ),
        Quiet(EXHAUSTED, "30m"),
    ),
    _scenario(
        "the message on a cap that is reached until its next period",
        (_spent("four_hour_spend"),),
        Firing(
            CAP,
            "30m",
            (STUDIO.alert("warning", resource="four_hour_spend", unit="usd"),),
            "Account studio at heygen has used 100 usd of four_hour_spend and has reached its cap or budget. At the vendor's cap, the vendor may "
            "refuse further usage. Wait for the next period, which begins within hours, or raise the cap or the budget.",
        ),
    ),
    _scenario(
        "little is left of a quota, and its reset is not near",
        (
            _quota("month", 20, remaining=5, limit=100),
            _quota("week", 5, remaining=5, limit=100),
            _quota("five_hour_flows", remaining=5, limit=100),
        ),
        _firing(LOW, "1h", month="warning"),
    ),
    _scenario(
        "an end pages unless the reset is near",
        (_ending("wallet"), _ending("month", 20), _ending("week", 5), _ending("five_hour_flows")),
        _firing(OUT, "1h", wallet="critical warning", month="critical warning", week="warning", five_hour_flows="warning"),
    ),
    Scenario(
        "an outage does not turn a warning into a page before the reset",
        (
            STUDIO.polls(("good", "30m"), ("failed", "90m")),
            STUDIO.quota(
                "characters", "credits", remaining=flat(0, "1h").stale("1h"), reset_timestamp_seconds=flat(4 * 3600, "1h").stale("1h")
            ),
        ),
        (_firing(EXHAUSTED, "55m", characters="warning"), _firing(EXHAUSTED, "1h55m", characters="warning")),
    ),
)
