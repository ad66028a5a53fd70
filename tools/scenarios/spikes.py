"""Unit tests of BurnSpike, which needs more than a week of history."""

from __future__ import annotations

from tools.scenarios.accounts import STUDIO, WALLET
from tools.scenarios.scenario import Firing, Quiet, Scenario, Series, Values, flat

SPIKE = "AIAccountBurnSpike"


def _used(consumed: Values, resource: str = "wallet", unit: str = "usd", left: float = 9000) -> tuple[Series, ...]:
    return STUDIO.polls(("good", "11d")), STUDIO.quota(resource, unit, remaining=flat(left, "11d"), consumed_total=consumed)


def _change(usual: float, then: float, days: int = 9) -> Values:
    """One rate per minute for some days, then another one."""
    return Values(5000).by(usual, f"{days}d").by(then, f"{11 - days}d")


def _daily_job(last: float) -> Values:
    """Everything is used in one hour at noon: 2 per minute on ten days, then `last`."""
    consumed = Values(5000)
    for _ in range(10):
        consumed = consumed.flat("12h").by(2, "1h").flat("11h")
    return consumed.flat("12h").by(last, "1h").flat("11h")


SCENARIOS = (
    Scenario(
        "a runaway job",
        _used(_change(0.1, 2)),
        (
            Quiet(SPIKE, "9d4h"),
            Firing(SPIKE, "9d6h", ({"team": "video"},)),
            Firing(
                SPIKE,
                "10d",
                (STUDIO.alert("info", **WALLET),),
                "Account studio at heygen used 2880 usd of wallet in the last day, more than four times the average of the week before. At "
                "this pace, what is left ends within two weeks unless it is refilled. Find out what uses it, such as a runaway job or a leaked key.",
            ),
        ),
    ),
    Scenario("a runaway job, and two weeks are left", _used(_change(0.1, 2), left=41_000), (Quiet(SPIKE, "10d"),)),
    Scenario("little use after an idle week", _used(flat(7, "9d").plus(1).flat("2d")), (Quiet(SPIKE, "9d12h"),)),
    Scenario("less than four times the usual day", _used(_change(0.1, 0.39)), (Quiet(SPIKE, "10d"),)),
    Scenario("the usual day is not known yet", _used(_change(0.1, 2, days=6)), (Quiet(SPIKE, "7d"),)),
    Scenario("a job much like those of the days before", _used(_daily_job(7), left=5000), (Quiet(SPIKE, "10d23h"),)),
    Scenario(
        "a job far larger than those of the days before",
        _used(_daily_job(9), left=5000),
        (Firing(SPIKE, "10d15h", ({"account": "studio"},)),),
    ),
    Scenario("slots", _used(_change(0.1, 2), "voices", "slots"), (Quiet(SPIKE, "10d"),)),
    Scenario("an idle account", _used(flat(7, "11d")), (Quiet(SPIKE, "10d"),)),
)
