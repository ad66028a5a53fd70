"""Is there enough left now?"""

from __future__ import annotations

from tools.scenarios.accounts import Account
from tools.scenarios.model import Fires, Line, Quiet, Scenario, Series, flat, series

EXHAUSTED, BELOW, LOW = "AIAccountExhausted", "AIAccountBelowThreshold", "AIAccountLowShare"

STUDIO = Account()
VOICE = Account("narration", "elevenlabs", "voice")
TARGET = {"job": "ai", "instance": "one:9893"}
GOOD = STUDIO.polls(("good", "2h"))


def _wallet(remaining: Line, **others: Line) -> Series:
    return STUDIO.quota("wallet", "usd", remaining=remaining, **others)


def _characters(**families: float) -> Series:
    return VOICE.quota("characters", "characters", **{family: flat(value, "2h") for family, value in families.items()})


EXHAUSTION = (
    Scenario(
        "a wallet runs dry and is topped up",
        (GOOD, _wallet(Line(60).by(-1, "1h").flat("30m").set(50).flat("30m"))),
        (
            Quiet(EXHAUSTED, "61m"),
            Fires(
                EXHAUSTED,
                "62m",
                (STUDIO.alert("critical", resource="wallet", unit="usd"),),
                "Account studio at heygen has no wallet left (0 usd). What runs on it fails now, or costs extra. Top it up, or move the work "
                "to another account.",
            ),
            Quiet(EXHAUSTED, "95m"),
        ),
    ),
    Scenario(
        "an outage does not end it, the removal of the account does",
        (STUDIO.polls(("good", "30m"), ("timeout", "1h"), ("off", "1h")), _wallet(flat(0, "45m").gone("105m"))),
        (Fires(EXHAUSTED, "89m", ({"account": "studio"},)), Quiet(EXHAUSTED, "96m")),
    ),
    Scenario(
        "what a vendor no longer tells while polls succeed is not held",
        (GOOD, _wallet(flat(0, "45m").gone("75m"))),
        (Fires(EXHAUSTED, "44m", ({"account": "studio"},)), Quiet(EXHAUSTED, "51m")),
    ),
    Scenario(
        "an exporter that is down, and one that has not polled yet, do not end it",
        (
            STUDIO.polls(("good", "30m"), ("off", "30m"), ("new", "15m"), ("good", "45m")),
            _wallet(flat(0, "30m").gone("45m").flat("45m")),
            series("up", TARGET, flat(1, "30m").set(0).flat("30m").set(1).flat("1h")),
        ),
        tuple(Fires(EXHAUSTED, at, ({"account": "studio"},)) for at in ("29m", "59m", "74m", "80m")),
    ),
    Scenario(
        "a reset that passes during an outage ends it",
        (
            STUDIO.polls(("good", "30m"), ("timeout", "90m")),
            _wallet(flat(0, "45m").gone("75m"), reset_timestamp_seconds=flat(3600, "45m").gone("75m")),
        ),
        (Fires(EXHAUSTED, "59m", ({"account": "studio"},)), Quiet(EXHAUSTED, "67m")),
    ),
    Scenario("no end, no alert", (VOICE.polls(("good", "2h")), _characters(remaining=-5, unlimited=1)), (Quiet(EXHAUSTED, "20m"),)),
    Scenario(
        "overage that is allowed goes on",
        (VOICE.polls(("good", "2h")), _characters(remaining=-49, limit=100, overage_limit=50)),
        (Quiet(EXHAUSTED, "20m"),),
    ),
    Scenario(
        "overage that is used up does not",
        (VOICE.polls(("good", "2h")), _characters(remaining=-50, limit=100, overage_limit=50)),
        (Fires(EXHAUSTED, "20m", ({"account": "narration", "resource": "characters", "team": "voice"},)),),
    ),
    Scenario(
        "a plan without any is not exhausted", (VOICE.polls(("good", "2h")), _characters(remaining=0, limit=0)), (Quiet(EXHAUSTED, "20m"),)
    ),
    Scenario(
        "a pool that was never filled, beside one that has something",
        (
            GOOD,
            STUDIO.quota("premium_credits", "credits", remaining=flat(1, "2h")),
            STUDIO.quota("add_on_credits", "credits", remaining=flat(0, "2h"), consumed_total=flat(0, "2h")),
        ),
        (Quiet(EXHAUSTED, "20m"),),
    ),
    Scenario(
        "a pool that was used up, beside one that has something, and an empty purse in a unit of its own",
        (
            GOOD,
            STUDIO.quota("premium_credits", "credits", remaining=flat(1, "2h")),
            STUDIO.quota("add_on_credits", "credits", remaining=flat(0, "2h"), consumed_total=flat(7, "2h")),
            _wallet(flat(0, "2h")),
        ),
        (Fires(EXHAUSTED, "20m", ({"resource": "add_on_credits", "unit": "credits"}, {"resource": "wallet", "unit": "usd"})),),
    ),
    Scenario(
        "a pool that is part of the plan, beside one that has something, and an empty wallet beside a cap that is not reached",
        (
            GOOD,
            STUDIO.quota("premium_credits", "credits", remaining=flat(1, "2h")),
            STUDIO.quota("included_credits", "credits", remaining=flat(0, "2h"), limit=flat(1, "2h")),
            STUDIO.quota("spend", "usd", remaining=flat(50, "2h"), limit=flat(50, "2h")),
            _wallet(flat(0, "2h")),
        ),
        (Fires(EXHAUSTED, "20m", ({"resource": "included_credits"}, {"resource": "wallet"})),),
    ),
    Scenario(
        "caps and slots have alerts of their own, or none",
        (
            GOOD,
            STUDIO.quota("spend", "usd", remaining=flat(0, "2h"), limit=flat(9, "2h")),
            VOICE.quota("voice_slots", "slots", remaining=flat(0, "2h"), limit=flat(9, "2h")),
        ),
        (Quiet(EXHAUSTED, "20m"), Quiet(LOW, "20m")),
    ),
    Scenario(
        "polls are rare: one refusal in an hour is enough",
        (
            STUDIO.show("up", flat(1, "30m").set(0).flat("1h")),
            STUDIO.show("scrape_errors_total", flat(0, "30m").set(1).flat("1h"), reason="quota_exhausted"),
        ),
        (Quiet(EXHAUSTED, "31m"), Fires(EXHAUSTED, "32m", ({"account": "studio", "team": "video"},))),
    ),
    Scenario(
        "a vendor refuses polls because nothing is left; two exporters tell so",
        (STUDIO.polls(("quota_exhausted", "2h")), Account(instance="two:9893").polls(("quota_exhausted", "2h"))),
        (Fires(EXHAUSTED, "20m", ({"instance": "one:9893"}, {"instance": "two:9893"})),),
    ),
)

FLOORS = STUDIO.threshold("wallet", "usd", flat(50, "2h"), "warning") | STUDIO.threshold("wallet", "usd", flat(10, "2h"), "critical")
THRESHOLDS = (
    Scenario(
        "a balance falls below both floors and is topped up",
        (GOOD, _wallet(Line(60).by(-1, "1h").set(50).flat("1h")), FLOORS),
        (
            Quiet(BELOW, "15m"),
            Fires(
                BELOW,
                "16m",
                (STUDIO.alert("warning", resource="wallet", unit="usd"),),
                "Account studio at heygen has 44 usd of wallet left, which is below the warning threshold of the configuration. Top it up.",
            ),
            Quiet(BELOW, "55m", "critical"),
            Fires(BELOW, "56m", ({"severity": "critical", "team": "video"}, {"severity": "warning", "team": "video"})),
            Quiet(BELOW, "65m"),
        ),
    ),
    Scenario(
        "an outage does not end it, although the floors vanish with the figures",
        (
            STUDIO.polls(("good", "30m"), ("server_error", "2h")),
            _wallet(flat(5, "45m").gone("105m")),
            STUDIO.threshold("wallet", "usd", flat(10, "45m").gone("105m"), "critical"),
        ),
        (Fires(BELOW, "85m", ({"severity": "critical"},)),),
    ),
    Scenario(
        "a floor in one unit says nothing of another; two exporters are no trouble",
        (
            GOOD,
            STUDIO.quota("wallet", "credits", remaining=flat(5, "2h")),
            _wallet(flat(51, "2h")),
            FLOORS,
            Account(instance="two:9893").quota("wallet", "usd", remaining=flat(51, "2h")),
            Account(instance="two:9893").threshold("wallet", "usd", flat(50, "2h"), "warning"),
        ),
        (Quiet(BELOW, "25m"),),
    ),
)

SHARES = (
    Scenario(
        "less than a tenth is left",
        (_characters(remaining=9.5, limit=100),),
        (
            Quiet(LOW, "14m"),
            Fires(
                LOW,
                "15m",
                (VOICE.alert("warning", resource="characters", unit="characters"),),
                "Account narration at elevenlabs has 9.5% of its characters left. See whether that lasts until the reset; else top it up. "
                "A threshold in the configuration takes the place of this alert.",
            ),
        ),
    ),
    Scenario("a tenth is left", (_characters(remaining=10, limit=100),), (Quiet(LOW, "25m"),)),
    Scenario("without a limit there is no share", (_characters(remaining=9),), (Quiet(LOW, "25m"),)),
    Scenario("nor where there is no end", (_characters(remaining=9, limit=100, unlimited=1),), (Quiet(LOW, "25m"),)),
    Scenario(
        "the owner's own floor counts",
        (_characters(remaining=9, limit=100), VOICE.threshold("characters", "characters", flat(5, "2h"), "warning")),
        (Quiet(LOW, "25m"), Quiet(BELOW, "25m")),
    ),
)

SCENARIOS = EXHAUSTION + THRESHOLDS + SHARES
