"""What will be?"""

from __future__ import annotations

from tools.scenarios.accounts import Account
from tools.scenarios.model import Fires, Line, Quiet, Scenario, Series, flat, series

OUT, PACE, EXPIRING = "AIAccountRunningOut", "AIAccountSpendPaceOverCap", "AIAccountCreditsExpiring"

STUDIO = Account()
WALLET = {"resource": "wallet", "unit": "usd"}
MINUTES_OF_3_DAYS = 4320
MINUTES_OF_12_HOURS = 720


def _wallet(remaining: Line, consumed: Line, **others: Line) -> Series:
    return STUDIO.quota("wallet", "usd", remaining=remaining, consumed_total=consumed, **others)


def _steady(left: float, span: str = "6h", **others: float) -> tuple[Series, ...]:
    """One a minute, with so much left after three hours."""
    further = {family: flat(value, span) for family, value in others.items()}
    return STUDIO.polls(("good", span)), _wallet(Line(left + 180.01).by(-1, span), Line(5000).by(1, span), **further)


SOON = (
    Scenario(
        "three days are left, then less",
        _steady(MINUTES_OF_3_DAYS),
        (
            Quiet(OUT, "3h30m"),
            Fires(
                OUT,
                "3h35m",
                (STUDIO.alert("warning", **WALLET),),
                "Account studio at heygen runs out of wallet (usd) in 2d 23h 25m 0s at its present pace, before any reset. Top it up, or find "
                "out what uses it.",
            ),
        ),
    ),
    Scenario(
        "twelve hours are left, then less, then a top-up",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(Line(MINUTES_OF_12_HOURS + 180).by(-1, "4h").plus(5000).by(-1, "2h"), Line(5000).by(1, "6h")),
        ),
        (
            Quiet(OUT, "3h5m", "critical"),
            Fires(OUT, "3h10m", ({"severity": "critical", "team": "video"}, {"severity": "warning", "team": "video"})),
            Quiet(OUT, "4h20m"),
        ),
    ),
    Scenario("the reset comes first", _steady(600, reset_timestamp_seconds=12 * 3600), (Quiet(OUT, "4h"),)),
    Scenario(
        "the reset comes later",
        _steady(600, reset_timestamp_seconds=14 * 3600),
        (Fires(OUT, "4h", ({"severity": "critical"}, {"severity": "warning"})),),
    ),
    Scenario(
        "a reset that the vendor forgot to move says nothing",
        _steady(600, reset_timestamp_seconds=3600),
        (Fires(OUT, "4h", ({"severity": "critical"}, {"severity": "warning"})),),
    ),
    Scenario("no end, no alert", _steady(600, unlimited=1), (Quiet(OUT, "4h"),)),
    Scenario("overage that is allowed counts as left", _steady(600, overage_limit=9000), (Quiet(OUT, "4h"),)),
    Scenario(
        "nothing is consumed; the burn is of another unit; a cap and slots have alerts of their own, or none",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(flat(60, "6h"), flat(5000, "6h")),
            STUDIO.quota("pool", "usd", remaining=flat(60, "6h")),
            STUDIO.quota("pool", "credits", consumed_total=Line(5000).by(1, "6h")),
            STUDIO.quota("spend", "usd", remaining=Line(1000).by(-1, "6h"), consumed_total=Line(5000).by(1, "6h")),
            STUDIO.quota("voices", "slots", remaining=Line(1000).by(-1, "6h"), consumed_total=Line(5000).by(1, "6h")),
        ),
        (Quiet(OUT, "4h"),),
    ),
    Scenario(
        "one big job is no pace",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(flat(2000, "3h").by(-20, "20m").flat("160m"), flat(5000, "3h").by(20, "20m").flat("160m")),
        ),
        (Quiet(OUT, "3h40m", "critical"), Quiet(OUT, "5h", "critical")),
    ),
    Scenario(
        "it has slowed down: twelve hours are enough again",
        (STUDIO.polls(("good", "5h")), _wallet(flat(800, "5h"), Line(5000).by(2, "3h").by(1, "2h"))),
        (Fires(OUT, "3h10m", ({"severity": "critical"}, {"severity": "warning"})), Quiet(OUT, "4h30m", "critical")),
    ),
    Scenario(
        "it has slowed down: three days are enough again",
        (STUDIO.polls(("good", "10h")), _wallet(flat(2300, "10h"), Line(5000).by(2, "3h").by(0.5, "7h"))),
        (Fires(OUT, "4h", ({"severity": "warning"},)), Quiet(OUT, "9h30m")),
    ),
    Scenario(
        "an outage does not end it, the removal of the account does",
        (
            STUDIO.polls(("good", "4h"), ("timeout", "5h"), ("off", "1h")),
            _wallet(Line(800).by(-1, "4h").flat("15m").gone("345m"), Line(5000).by(1, "4h").plus(-1).flat("5h").gone("1h")),
        ),
        (Fires(OUT, "8h55m", ({"severity": "critical"}, {"severity": "warning"})), Quiet(OUT, "9h30m")),
    ),
    Scenario(
        "a restart without state does not end it",
        (
            STUDIO.polls(("good", "4h"), ("off", "5m"), ("new", "5m"), ("good", "110m")),
            _wallet(Line(500).by(-1, "4h").gone("10m").plus(-10).by(-1, "110m"), Line(5000).by(1, "4h").gone("10m").set(0).by(1, "110m")),
            series("up", {"job": "ai", "instance": "one:9893"}, flat(1, "4h").set(0).flat("5m").set(1).flat("115m")),
        ),
        tuple(Fires(OUT, at, ({"severity": "critical"}, {"severity": "warning"})) for at in ("4h", "4h5m", "4h10m", "4h15m", "5h")),
    ),
    Scenario(
        "two exporters tell of the same account",
        (
            *_steady(600),
            Account(instance="two:9893").polls(("good", "6h")),
            Account(instance="two:9893").quota("wallet", "usd", remaining=Line(780).by(-1, "6h"), consumed_total=Line(5000).by(1, "6h")),
        ),
        (
            Fires(
                OUT,
                "4h",
                tuple({"instance": each, "severity": how} for each in ("one:9893", "two:9893") for how in ("critical", "warning")),
            ),
        ),
    ),
)


def _spend(left: float, **others: float) -> tuple[Series, ...]:
    """One a minute is spent, with so much left after four hours."""
    further = {family: flat(value, "8h") for family, value in others.items()}
    figures = STUDIO.quota("spend", "usd", remaining=Line(left + 240).by(-1, "8h"), consumed_total=Line(5000).by(1, "8h"), **further)
    return STUDIO.polls(("good", "8h")), figures


PACES = (
    Scenario(
        "the cap comes before the reset",
        _spend(3000.01, reset_timestamp_seconds=60 * 3600),
        (
            Quiet(PACE, "2h55m"),
            Fires(
                PACE,
                "4h",
                (STUDIO.alert("warning", resource="spend", unit="usd"),),
                "Account studio at heygen reaches its cap on spend in 2d 2h 0m 0s at the pace of the last day. Slow down, or raise the cap "
                "before work stops.",
            ),
        ),
    ),
    Scenario("the reset comes before the cap", _spend(3000.01, reset_timestamp_seconds=50 * 3600), (Quiet(PACE, "4h"),)),
    Scenario("no reset is known, and a week will not do", _spend(10000), (Fires(PACE, "4h", ({"resource": "spend", "team": "video"},)),)),
    Scenario("no reset is known, and a week will do", _spend(10500), (Quiet(PACE, "4h"),)),
    Scenario("what is not spending", _steady(600), (Quiet(PACE, "5h"),)),
    Scenario("the same with a reset", _steady(600, reset_timestamp_seconds=14 * 3600), (Quiet(PACE, "5h"),)),
)

SCENARIOS = SOON + PACES


def _expiring(reset_days: float, burn: float, **others: float) -> tuple[Series, ...]:
    further = {family: flat(value, "8h") for family, value in others.items()}
    figures = _wallet(flat(900, "8h"), Line(5000).by(burn, "8h"), reset_timestamp_seconds=flat(reset_days * 86400, "8h"), **further)
    return STUDIO.polls(("good", "8h")), figures


INFO = (
    Scenario(
        "two days before the reset most is unused",
        _expiring(2.25, 0.1, limit=1000),
        (
            Quiet(EXPIRING, "2h55m"),
            Fires(EXPIRING, "3h10m", ({"account": "studio", "team": "video"},)),
            Fires(
                EXPIRING,
                "6h",
                (STUDIO.alert("info", **WALLET),),
                "Within three days wallet of account studio at heygen is reset, and at the present pace 61.2% of the quota will not have been "
                "used. Use it, or take a smaller plan.",
            ),
        ),
    ),
    Scenario("it will be used", _expiring(2.25, 0.15, limit=1000), (Quiet(EXPIRING, "4h"),)),
    Scenario(
        "a cap that is not spent is no loss",
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
    Scenario("nobody uses it", _expiring(2.25, 0, limit=1000), (Fires(EXPIRING, "4h", ({"account": "studio"},)),)),
    Scenario("the reset is far", _expiring(3.5, 0, limit=1000), (Quiet(EXPIRING, "4h"),)),
    Scenario("no limit, no share", _expiring(2.25, 0), (Quiet(EXPIRING, "4h"),)),
    Scenario("no end, no loss", _expiring(2.25, 0, limit=1000, unlimited=1), (Quiet(EXPIRING, "4h"),)),
)
