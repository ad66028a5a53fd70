"""Unit tests of RunningOut and SpendPaceOverCap."""

from __future__ import annotations

from tools.scenarios.accounts import STUDIO, WALLET, AccountSeries
from tools.scenarios.scenario import Firing, Quiet, Scenario, Series, Values, flat

OUT, EXHAUSTED = "AIAccountRunningOut", "AIAccountExhausted"
PACE = "AIAccountSpendPaceOverCap"

BOTH = ({"severity": "critical", "team": "video"}, {"severity": "warning", "team": "video"})
WARNING = BOTH[1:]


def _at(hours: float, span: str) -> Values:
    """A time in hours since the start of the test."""
    return flat(hours * 3600, span)


def _wallet(remaining: Values, ends: Values | None = None, latest: Values | None = None, **others: Values) -> Series:
    """A balance with the expected and the latest end."""
    forecasts = {"exhaustion_timestamp_seconds": ends, "exhaustion_latest_timestamp_seconds": latest}
    return STUDIO.quota("wallet", "usd", remaining=remaining, **{name: values for name, values in forecasts.items() if values}, **others)


SOON = (
    Scenario(
        "an end is expected within 26 hours",
        (STUDIO.polls(("good", "6h")), _wallet(flat(500, "6h"), _at(28, "6h"))),
        (
            Quiet(OUT, "2h15m"),
            Firing(
                OUT,
                "2h20m",
                (STUDIO.alert("warning", **WALLET),),
                "By the last forecast, account studio at heygen is expected to run out of wallet (usd) at 1970-01-02 04:00 UTC, if the coming days are like the "
                "past ones. Neither a reset nor auto reload is expected before that. Top it up, or find out what uses it.",
            ),
        ),
    ),
    Scenario(
        "the latest end is within two days",
        (STUDIO.polls(("good", "6h")), _wallet(flat(500, "6h"), _at(40, "6h"), _at(50, "6h"))),
        (Quiet(OUT, "2h15m"), Firing(OUT, "2h20m", WARNING), Quiet(OUT, "5h55m", "critical")),
    ),
    Scenario(
        "the expected end is after more than 26 hours, and the latest end after more than two days",
        (STUDIO.polls(("good", "6h")), _wallet(flat(500, "6h"), _at(33, "6h"), _at(55, "6h"))),
        (Quiet(OUT, "5h55m"),),
    ),
    Scenario(
        "the latest end is within twelve hours, until a top-up",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(Values(400).by(-1, "4h").plus(5000).by(-1, "2h"), _at(8, "4h").stale("2h"), _at(13, "4h").stale("2h")),
        ),
        (
            Quiet(OUT, "75m", "critical"),
            Firing(OUT, "80m", BOTH),
            Firing(OUT, "4h", BOTH),
            Quiet(OUT, "4h20m"),
        ),
    ),
    Scenario(
        "the description of the latest end",
        (STUDIO.polls(("good", "3h")), _wallet(flat(300, "3h"), latest=_at(9, "3h"))),
        (
            Firing(
                OUT,
                "2h",
                (STUDIO.alert("critical", **WALLET),),
                "By the last forecast, account studio at heygen runs out of wallet (usd) at 1970-01-01 09:00 UTC or earlier, even at the slowest pace of the past "
                "days. Neither a reset nor auto reload is expected before that. Top it up, or find out what uses it.",
            ),
        ),
    ),
    Scenario("no end is forecast", (STUDIO.polls(("good", "6h")), _wallet(Values(500).by(-1, "6h"))), (Quiet(OUT, "5h55m"),)),
    Scenario(
        "a top-up that is too small",
        (STUDIO.polls(("good", "6h")), _wallet(Values(300).by(-1, "3h").plus(20).by(-1, "3h"), _at(8, "6h"))),
        (Firing(OUT, "4h", WARNING),),
    ),
    Scenario(
        "a refund of less than a quarter of what is left, after which no end is forecast",
        (STUDIO.polls(("good", "6h")), _wallet(Values(300).by(-1, "3h").plus(25).flat("3h"), _at(8, "3h").stale("3h"))),
        (Firing(OUT, "3h", WARNING), Firing(OUT, "5h55m", WARNING)),
    ),
    Scenario(
        "a top-up of more than a quarter of what is left, after which no end is forecast",
        (STUDIO.polls(("good", "6h")), _wallet(Values(300).by(-1, "3h").plus(60).flat("3h"), _at(8, "3h").stale("3h"))),
        (Firing(OUT, "3h", WARNING), Quiet(OUT, "3h20m"), Quiet(OUT, "5h55m")),
    ),
    Scenario(
        "no end is forecast any more, and the page stays for twelve hours, the warning for a day and a half",
        (
            STUDIO.polls(("good", "39h")),
            _wallet(Values(300).by(-1, "2h").flat("37h"), _at(8, "2h").stale("37h"), _at(9, "2h").stale("37h")),
        ),
        (Firing(OUT, "13h30m", BOTH), Firing(OUT, "14h30m", WARNING), Firing(OUT, "37h30m", WARNING), Quiet(OUT, "38h30m")),
    ),
    Scenario(
        "an outage of five hours does not end the alert, the removal of the account does",
        (
            STUDIO.polls(("good", "2h"), ("failed", "5h"), ("removed", "1h")),
            _wallet(Values(300).by(-1, "2h").flat("15m").stale("345m"), _at(8, "135m").stale("345m"), _at(9, "135m").stale("345m")),
        ),
        (Firing(OUT, "6h55m", BOTH), Quiet(OUT, "7h20m")),
    ),
    Scenario(
        "an exporter that is down and restarts without state does not end the alert",
        (
            STUDIO.polls(("good", "2h"), ("off", "1h"), ("new", "5m"), ("good", "175m")),
            _wallet(Values(300).by(-1, "2h").stale("65m").plus(-65).flat("175m"), _at(8, "2h").stale("4h"), _at(9, "2h").stale("4h")),
        ),
        tuple(Firing(OUT, time, BOTH) for time in ("2h", "2h5m", "2h55m", "3h", "3h5m", "3h30m", "5h55m")),
    ),
    Scenario(
        "a reset ends the alert",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(Values(300).by(-1, "3h").set(1000).by(-1, "3h"), _at(8, "3h").stale("3h"), limit=flat(1000, "6h")),
        ),
        (Firing(OUT, "3h", WARNING), Quiet(OUT, "3h20m")),
    ),
    Scenario(
        "a reset, after which less is left than when an end was forecast before it",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(Values(300).by(-1, "3h").set(1000).by(-20, "48m").flat("132m"), _at(8, "3h").stale("3h"), _at(9, "3h").stale("3h")),
        ),
        (Firing(OUT, "3h", BOTH), Quiet(OUT, "3h20m"), Quiet(OUT, "4h30m"), Quiet(OUT, "5h55m")),
    ),
    Scenario(
        "the period ends during an outage",
        (
            STUDIO.polls(("good", "2h"), ("failed", "4h")),
            _wallet(
                Values(300).by(-1, "2h").stale("4h"), _at(2.9, "2h").stale("4h"), reset_timestamp_seconds=_at(3, "2h").stale("4h")
            ),
        ),
        (Firing(OUT, "3h", WARNING), Quiet(OUT, "3h20m")),
    ),
    Scenario(
        "nothing is left, and the alert that it is exhausted takes over",
        (STUDIO.polls(("good", "6h")), _wallet(Values(180).by(-1, "3h").flat("3h"), _at(3, "3h").stale("3h"), _at(3, "3h").stale("3h"))),
        (Firing(OUT, "2h55m", BOTH), Quiet(EXHAUSTED, "2h55m"), Firing(EXHAUSTED, "3h5m", BOTH[:1]), Quiet(OUT, "3h15m")),
    ),
    Scenario(
        "overage is allowed, or the resource becomes unlimited",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(flat(60, "6h"), _at(8, "3h").stale("3h"), overage_limit=flat(0, "3h").set(9000).flat("3h")),
            STUDIO.quota(
                "characters",
                "characters",
                remaining=flat(60, "6h"),
                exhaustion_timestamp_seconds=_at(8, "3h").stale("3h"),
                unlimited=Values().missing("3h").set(1).flat("3h"),
            ),
        ),
        (
            Firing(OUT, "2h", ({"resource": "wallet"}, {"resource": "characters"})),
            Quiet(OUT, "3h20m"),
        ),
    ),
    Scenario(
        "caps and slots are excluded",
        (
            STUDIO.polls(("good", "6h")),
            *(
                STUDIO.quota(
                    resource, unit, remaining=flat(0, "3h").set(5).flat("3h"), limit=flat(9, "6h"),
                    exhaustion_timestamp_seconds=_at(8, "6h"), exhaustion_latest_timestamp_seconds=_at(9, "6h"),
                )
                for resource, unit in (("spend", "usd"), ("voices", "slots"))
            ),
        ),
        (Quiet(OUT, "2h"), Quiet(EXHAUSTED, "2h"), Quiet(OUT, "5h55m")),
    ),
    Scenario(
        "two exporters poll the same account",
        (
            STUDIO.polls(("good", "6h")),
            _wallet(flat(600, "6h"), _at(10, "6h"), _at(12, "6h")),
            AccountSeries(instance="two:9893").polls(("good", "6h")),
            AccountSeries(instance="two:9893").quota("wallet", "usd", remaining=flat(600, "6h"), exhaustion_timestamp_seconds=_at(10, "6h")),
        ),
        (
            Firing(
                OUT,
                "4h",
                (
                    {"instance": "one:9893", "severity": "critical"},
                    {"instance": "one:9893", "severity": "warning"},
                    {"instance": "two:9893", "severity": "warning"},
                ),
            ),
        ),
    ),
)  # fmt: skip


def _spend(hours: float, latest: float = 0.0, resource: str = "spend") -> tuple[Series, ...]:
    """The expected end of the cap, and the latest one if it is certain, in hours after the start of the test."""
    certain = {"exhaustion_latest_timestamp_seconds": _at(latest, "8h")} if latest else {}
    return STUDIO.polls(("good", "8h")), STUDIO.quota(
        resource, "usd", remaining=flat(900, "8h"), exhaustion_timestamp_seconds=_at(hours, "8h"), **certain
    )


PACES = (
    Scenario(
        "the cap is certainly reached within a week",
        _spend(170, 171),
        (
            Quiet(PACE, "3h55m"),
            Firing(
                PACE,
                "4h5m",
                (STUDIO.alert("warning", resource="spend", unit="usd"),),
                "Account studio at heygen is forecast to reach its cap or budget on spend in 6d 21h 55m, if the coming days are like the past "
                "ones. No reset is known before that. At the vendor's cap, the vendor may refuse further usage. Reduce usage, or raise the cap or the "
                "budget.",
            ),
        ),
    ),
    Scenario(
        "the cap is expected to be reached within three days", _spend(74), (Quiet(PACE, "3h"), Firing(PACE, "4h", ({"resource": "spend"},)))
    ),
    Scenario("the cap is expected to be reached within a week, which is not certain", _spend(80, 180), (Quiet(PACE, "7h55m"),)),
    Scenario("a resource that is not spending", _spend(70, 71, "wallet"), (Quiet(PACE, "7h55m"),)),
)

SCENARIOS = SOON + PACES
