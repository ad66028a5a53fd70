"""Unit tests of BurnSpike, and of an exhausted pool whose usage lies days back."""

from __future__ import annotations

from tools.scenarios.accounts import Account
from tools.scenarios.scenario import Firing, Quiet, Scenario, Series, Values, flat

SPIKE = "AIAccountBurnSpike"

STUDIO = Account()
WALLET = {"resource": "wallet", "unit": "usd"}


def _wallet(remaining: Values, consumed: Values) -> Series:
    return STUDIO.quota("wallet", "usd", remaining=remaining, consumed_total=consumed)


def _change(usual: float, then: float, left: float) -> tuple[Series, ...]:
    """One rate for twenty hours, then another one."""
    return (
        STUDIO.polls(("good", "1d")),
        _wallet(Values(left).by(-usual, "20h").by(-then, "4h"), Values(5000).by(usual, "20h").by(then, "4h")),
    )


def _credits(remaining: Values, consumed: Values) -> Series:
    return STUDIO.quota("add_on_credits", "credits", remaining=remaining, consumed_total=consumed)


def _daily_job(second: float) -> tuple[Series, ...]:
    """Everything is used in one hour at noon: 2 per minute on the first day, `second` on the second day."""
    consumed = Values(5000).flat("12h").by(2, "1h").flat("23h").by(second, "1h").flat("11h")
    return STUDIO.polls(("good", "2d")), _wallet(flat(900, "2d"), consumed)


SCENARIOS = (
    Scenario(
        "a runaway job",
        _change(0.1, 2, 3000),
        (
            Quiet(SPIKE, "20h30m"),
            Firing(SPIKE, "20h40m", ({"team": "video"},)),
            Firing(
                SPIKE,
                "22h",
                (STUDIO.alert("warning", **WALLET),),
                "wallet of account studio at heygen falls by 33.33m usd per second, more than four times the average of the week. Find out "
                "what uses it, such as a runaway job or a leaked key.",
            ),
        ),
    ),
    Scenario("more than four times the usual rate", _change(0.1, 0.6, 600), (Firing(SPIKE, "21h30m", ({"account": "studio"},)),)),
    Scenario("less than four times the usual rate", _change(0.1, 0.5, 600), (Quiet(SPIKE, "21h30m"),)),
    Scenario("fast, and thirteen days are left", _change(0.1, 2, 38000), (Firing(SPIKE, "21h30m", ({"account": "studio"},)),)),
    Scenario("fast, but two weeks are left", _change(0.1, 2, 41000), (Quiet(SPIKE, "21h30m"),)),
    Scenario("a job much like yesterday's", _daily_job(2.7), (Quiet(SPIKE, "36h40m"), Quiet(SPIKE, "37h20m"))),
    Scenario("a job far larger than yesterday's", _daily_job(4.2), (Firing(SPIKE, "37h10m", ({"account": "studio"},)),)),
    Scenario(
        "slots",
        (
            STUDIO.polls(("good", "1d")),
            STUDIO.quota("voices", "slots", remaining=flat(600, "1d"), consumed_total=Values(5000).by(0.1, "20h").by(2, "4h")),
        ),
        (Quiet(SPIKE, "21h30m"),),
    ),
    Scenario(
        "a pool that was used up this week stays exhausted after a restart without state, although another pool has something left",
        (
            STUDIO.polls(("good", "16h")),
            STUDIO.quota("premium_credits", "credits", remaining=flat(1, "16h")),
            _credits(flat(9, "15h").set(0).flat("1h"), Values(5000).by(0.1, "15h").set(0).flat("1h")),
        ),
        (Firing("AIAccountExhausted", "15h40m", ({"resource": "add_on_credits"},)),),
    ),
    Scenario("an idle account", _change(0, 0, 600), (Quiet(SPIKE, "22h"),)),
)
