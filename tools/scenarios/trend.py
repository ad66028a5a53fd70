"""Unit tests of RunningOut, SpendPaceOverCap and CreditsExpiring."""

from __future__ import annotations

from tools.scenarios.accounts import Account
from tools.scenarios.scenario import Firing, Quiet, Scenario, Series, Values, flat, selector

OUT, PACE, EXPIRING = "AIAccountRunningOut", "AIAccountSpendPaceOverCap", "AIAccountCreditsExpiring"

STUDIO = Account()
WALLET = {"resource": "wallet", "unit": "usd"}
MINUTES_OF_3_DAYS = 4320
MINUTES_OF_12_HOURS = 720


def _wallet(remaining: Values, consumed: Values, **others: Values) -> Series:
    return STUDIO.quota("wallet", "usd", remaining=remaining, consumed_total=consumed, **others)


def _steady(left: float, span: str = "6h", **others: float) -> tuple[Series, ...]:
    """1 per minute is used, and `left` is left after three hours."""
    further = {family: flat(value, span) for family, value in others.items()}
    return STUDIO.polls(("good", span)), _wallet(Values(left + 180.01).by(-1, span), Values(5000).by(1, span), **further)


SOON = (
    Scenario(
        "three days are left, then less",
        _steady(MINUTES_OF_3_DAYS),
        (
            Quiet(OUT, "3h30m"),
            Firing(
                OUT,
                "3h35m",
                (STUDIO.alert("warning", **WALLET),),
                "Account studio at heygen runs out of wallet (usd) in 2d 23h 25m 0s at the current rate, before any reset. Top it up, or "
                "find out what uses it.",
            ),
        ),
    ),
    Scenario(
        "twelve hours are left, then less, then a top-up",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(Values(MINUTES_OF_12_HOURS + 180).by(-1, "4h").plus(5000).by(-1, "2h"), Values(5000).by(1, "6h")),
        ),
        (
            Quiet(OUT, "3h5m", "critical"),
            Firing(OUT, "3h10m", ({"severity": "critical", "team": "video"}, {"severity": "warning", "team": "video"})),
            Quiet(OUT, "4h20m"),
        ),
    ),
    Scenario("the reset comes first", _steady(600, reset_timestamp_seconds=12 * 3600), (Quiet(OUT, "4h"),)),
    Scenario(
        "the reset comes later",
        _steady(600, reset_timestamp_seconds=14 * 3600),
        (Firing(OUT, "4h", ({"severity": "critical"}, {"severity": "warning"})),),
    ),
    Scenario(
        "a reset in the past is ignored",
        _steady(600, reset_timestamp_seconds=3600),
        (Firing(OUT, "4h", ({"severity": "critical"}, {"severity": "warning"})),),
    ),
    Scenario("an unlimited resource does not alert", _steady(600, unlimited=1), (Quiet(OUT, "4h"),)),
    Scenario("allowed overage counts as left", _steady(600, overage_limit=9000), (Quiet(OUT, "4h"),)),
    Scenario(
        "nothing is used, usage has another unit, and caps and slots are excluded",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(flat(60, "6h"), flat(5000, "6h")),
            STUDIO.quota("pool", "usd", remaining=flat(60, "6h")),
            STUDIO.quota("pool", "credits", consumed_total=Values(5000).by(1, "6h")),
            STUDIO.quota("spend", "usd", remaining=Values(1000).by(-1, "6h"), consumed_total=Values(5000).by(1, "6h")),
            STUDIO.quota("voices", "slots", remaining=Values(1000).by(-1, "6h"), consumed_total=Values(5000).by(1, "6h")),
        ),
        (Quiet(OUT, "4h"),),
    ),
    Scenario(
        "one large job does not page",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(flat(2000, "3h").by(-20, "20m").flat("160m"), flat(5000, "3h").by(20, "20m").flat("160m")),
        ),
        (Quiet(OUT, "3h40m", "critical"), Quiet(OUT, "5h", "critical")),
    ),
    Scenario(
        "usage slows down, and twelve hours are left again",
        (STUDIO.polls(("good", "5h")), _wallet(flat(800, "5h"), Values(5000).by(2, "3h").by(1, "2h"))),
        (Firing(OUT, "3h10m", ({"severity": "critical"}, {"severity": "warning"})), Quiet(OUT, "4h30m", "critical")),
    ),
    Scenario(
        "usage slows down, and three days are left again",
        (STUDIO.polls(("good", "10h")), _wallet(flat(2300, "10h"), Values(5000).by(2, "3h").by(0.5, "7h"))),
        (Firing(OUT, "4h", ({"severity": "warning"},)), Quiet(OUT, "9h30m")),
    ),
    Scenario(
        "an outage does not resolve the alert, the removal of the account does",
        (
            STUDIO.polls(("good", "4h"), ("failed", "5h"), ("off", "1h")),
            _wallet(Values(800).by(-1, "4h").flat("15m").stale("345m"), Values(5000).by(1, "4h").plus(-1).flat("5h").stale("1h")),
        ),
        (Firing(OUT, "8h55m", ({"severity": "critical"}, {"severity": "warning"})), Quiet(OUT, "9h30m")),
    ),
    Scenario(
        "a restart without state does not resolve the alert",
        (
            STUDIO.polls(("good", "4h"), ("off", "5m"), ("new", "5m"), ("good", "110m")),
            _wallet(
                Values(500).by(-1, "4h").stale("10m").plus(-10).by(-1, "110m"), Values(5000).by(1, "4h").stale("10m").set(0).by(1, "110m")
            ),
            {selector("up", {"job": "ai", "instance": "one:9893"}): flat(1, "4h").set(0).flat("5m").set(1).flat("115m")},
        ),
        tuple(Firing(OUT, at, ({"severity": "critical"}, {"severity": "warning"})) for at in ("4h", "4h5m", "4h10m", "4h15m", "5h")),
    ),
    Scenario(
        "two exporters poll the same account",
        (
            *_steady(600),
            Account(instance="two:9893").polls(("good", "6h")),
            Account(instance="two:9893").quota(
                "wallet", "usd", remaining=Values(780).by(-1, "6h"), consumed_total=Values(5000).by(1, "6h")
            ),
        ),
        (
            Firing(
                OUT,
                "4h",
                tuple({"instance": each, "severity": how} for each in ("one:9893", "two:9893") for how in ("critical", "warning")),
            ),
        ),
    ),
)


def _spend(left: float, **others: float) -> tuple[Series, ...]:
    """1 per minute is spent, and `left` is left after four hours."""
    further = {family: flat(value, "8h") for family, value in others.items()}
    figures = STUDIO.quota("spend", "usd", remaining=Values(left + 240).by(-1, "8h"), consumed_total=Values(5000).by(1, "8h"), **further)
    return STUDIO.polls(("good", "8h")), figures


PACES = (
    Scenario(
        "the cap comes before the reset",
        _spend(3000.01, reset_timestamp_seconds=60 * 3600),
        (
            Quiet(PACE, "2h55m"),
            Firing(
                PACE,
                "4h",
                (STUDIO.alert("warning", resource="spend", unit="usd"),),
                "Account studio at heygen reaches its cap on spend in 2d 2h 0m 0s at the rate of the last day. Reduce usage, or raise the cap.",
            ),
        ),
    ),
    Scenario("the reset comes before the cap", _spend(3000.01, reset_timestamp_seconds=50 * 3600), (Quiet(PACE, "4h"),)),
    Scenario("without a reset, less than a week is left", _spend(10000), (Firing(PACE, "4h", ({"resource": "spend", "team": "video"},)),)),
    Scenario("without a reset, more than a week is left", _spend(10500), (Quiet(PACE, "4h"),)),
    Scenario("a resource that is not spending", _steady(600), (Quiet(PACE, "5h"),)),
    Scenario("a resource that is not spending, with a reset", _steady(600, reset_timestamp_seconds=14 * 3600), (Quiet(PACE, "5h"),)),
)


def _expiring(reset_days: float, burn: float, **others: float) -> tuple[Series, ...]:
    further = {family: flat(value, "8h") for family, value in others.items()}
    figures = _wallet(flat(900, "8h"), Values(5000).by(burn, "8h"), reset_timestamp_seconds=flat(reset_days * 86400, "8h"), **further)
    return STUDIO.polls(("good", "8h")), figures


UNUSED = (
    Scenario(
        "two days before the reset, most is unused",
        _expiring(2.25, 0.1, limit=1000),
        (
            Quiet(EXPIRING, "2h55m"),
            Firing(EXPIRING, "3h10m", ({"account": "studio", "team": "video"},)),
            Firing(
                EXPIRING,
                "6h",
                (STUDIO.alert("info", **WALLET),),
                "wallet of account studio at heygen resets within three days. At the current rate, 61.2% of the quota expires unused. "
                "Use it, or choose a smaller plan.",
            ),
        ),
    ),
    Scenario("most will be used", _expiring(2.25, 0.15, limit=1000), (Quiet(EXPIRING, "4h"),)),
    Scenario(
        "an unused cap is no loss",
        (
            STUDIO.polls(("good", "8h")),
            STUDIO.quota(
                "spend",
                "usd",
                remaining=flat(900, "8h"),
                limit=flat(1000, "8h"),
                consumed_total=flat(5, "8h"),
                reset_timestamp_seconds=flat(2 * 86400, "8h"),
            ),
        ),
        (Quiet(EXPIRING, "4h"),),
    ),
    Scenario("nothing is used", _expiring(2.25, 0, limit=1000), (Firing(EXPIRING, "4h", ({"account": "studio"},)),)),
    Scenario("the reset is more than three days away", _expiring(3.5, 0, limit=1000), (Quiet(EXPIRING, "4h"),)),
    Scenario("without a limit there is no share", _expiring(2.25, 0), (Quiet(EXPIRING, "4h"),)),
    Scenario("an unlimited resource has no loss", _expiring(2.25, 0, limit=1000, unlimited=1), (Quiet(EXPIRING, "4h"),)),
)

SCENARIOS = SOON + PACES + UNUSED
