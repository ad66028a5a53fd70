"""Is an account used up far faster than usual?"""

from __future__ import annotations

from tools.scenarios.accounts import Account
from tools.scenarios.model import Fires, Line, Quiet, Scenario, Series, flat

SPIKE = "AIAccountBurnSpike"

STUDIO = Account()
WALLET = {"resource": "wallet", "unit": "usd"}


def _wallet(remaining: Line, consumed: Line) -> Series:
    return STUDIO.quota("wallet", "usd", remaining=remaining, consumed_total=consumed)


def _change(usual: float, then: float, left: float) -> tuple[Series, ...]:
    """A pace for twenty hours, then another one."""
    return (
        STUDIO.polls(("good", "1d")),
        _wallet(Line(left).by(-usual, "20h").by(-then, "4h"), Line(5000).by(usual, "20h").by(then, "4h")),
    )


def _credits(remaining: Line, consumed: Line) -> Series:
    return STUDIO.quota("add_on_credits", "credits", remaining=remaining, consumed_total=consumed)


def _lumps(second: float) -> tuple[Series, ...]:
    """All is consumed in an hour at noon: two a minute on the first day, so much on the second."""
    consumed = Line(5000).flat("12h").by(2, "1h").flat("23h").by(second, "1h").flat("11h")
    return STUDIO.polls(("good", "2d")), _wallet(flat(900, "2d"), consumed)


SCENARIOS = (
    Scenario(
        "a runaway job",
        _change(0.1, 2, 3000),
        (
            Quiet(SPIKE, "20h30m"),
            Fires(SPIKE, "20h40m", ({"team": "video"},)),
            Fires(
                SPIKE,
                "22h",
                (STUDIO.alert("warning", **WALLET),),
                "wallet of account studio at heygen falls by 33.33m usd a second, over four times the week's mean. Find out what uses it: a "
                "runaway job, a leaked key, or a show.",
            ),
        ),
    ),
    Scenario("over four times the usual", _change(0.1, 0.6, 600), (Fires(SPIKE, "21h30m", ({"account": "studio"},)),)),
    Scenario("not four times the usual", _change(0.1, 0.5, 600), (Quiet(SPIKE, "21h30m"),)),
    Scenario("fast, and thirteen days are left", _change(0.1, 2, 38000), (Fires(SPIKE, "21h30m", ({"account": "studio"},)),)),
    Scenario("fast, but two weeks are left", _change(0.1, 2, 41000), (Quiet(SPIKE, "21h30m"),)),
    Scenario("a lump much as yesterday's", _lumps(2.7), (Quiet(SPIKE, "36h40m"), Quiet(SPIKE, "37h20m"))),
    Scenario("a lump far above yesterday's", _lumps(4.2), (Fires(SPIKE, "37h10m", ({"account": "studio"},)),)),
    Scenario(
        "slots",
        (
            STUDIO.polls(("good", "1d")),
            STUDIO.quota("voices", "slots", remaining=flat(600, "1d"), consumed_total=Line(5000).by(0.1, "20h").by(2, "4h")),
        ),
        (Quiet(SPIKE, "21h30m"),),
    ),
    Scenario(
        "a pool that was used up in this week, beside one that has something, stays so after a restart without state",
        (
            STUDIO.polls(("good", "16h")),
            STUDIO.quota("premium_credits", "credits", remaining=flat(1, "16h")),
            _credits(flat(9, "15h").set(0).flat("1h"), Line(5000).by(0.1, "15h").set(0).flat("1h")),
        ),
        (Fires("AIAccountExhausted", "15h40m", ({"resource": "add_on_credits"},)),),
    ),
    Scenario("an idle account", _change(0, 0, 600), (Quiet(SPIKE, "22h"),)),
)
