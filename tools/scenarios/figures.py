"""Unit tests of the recording rules."""

from __future__ import annotations

from tools.scenarios.accounts import STUDIO, WALLET
from tools.scenarios.scenario import Result, Scenario, Series, Values, flat

OF_WALLET = STUDIO.labels | WALLET
HELD, AVAILABLE = ("account:ai_account_quota_remaining:last * 1", "sort(account:ai_account_quota_available:last * 1)")


def _consumed(line: Values) -> Series:
    return STUDIO.quota("wallet", "usd", consumed_total=line)


def _rate(window: str, at: str, *values: float) -> Result:
    """The burn rate per hour."""
    expr = f"round(account:ai_account_quota_burn:rate{window} * 3600)"
    return Result(expr, at, tuple((OF_WALLET, value) for value in values))


SCENARIOS = (
    Scenario(
        "the rates of the last hour and day",
        (STUDIO.polls(("good", "2d")), _consumed(Values(5000).by(2, "1d").by(1, "1d"))),
        (_rate("1h", "1d", 120), _rate("1h", "30h", 60), _rate("1d", "1d", 120), _rate("1d", "36h", 90)),
    ),
    Scenario(
        "a restart without state resets the counter, and nothing is counted twice",
        (STUDIO.polls(("good", "3h"), ("off", "5m"), ("good", "3h")), _consumed(Values(5000).by(2, "3h").stale("5m").set(0).by(2, "3h"))),
        (_rate("1h", "3h30m", 100), _rate("1h", "5h", 120)),
    ),
    Scenario(
        "what is left includes allowed overage, and is absent for unlimited resources and those that are not in the plan",
        (
            STUDIO.polls(("good", "1h")),
            STUDIO.quota("wallet", "usd", remaining=flat(60, "1h")),
            STUDIO.quota("characters", "characters", remaining=flat(-20, "1h"), overage_limit=flat(80, "1h"), limit=flat(100, "1h")),
            STUDIO.quota("free", "credits", remaining=flat(60, "1h"), unlimited=flat(1, "1h")),
            STUDIO.quota("edits", "edits", remaining=flat(0, "1h"), limit=flat(0, "1h")),
        ),
        (Result(AVAILABLE, "30m", ((OF_WALLET, 60), (STUDIO.labels | {"resource": "characters", "unit": "characters"}, 60))),),
    ),
    Scenario(
        "a change of the overage applies at once",
        (
            STUDIO.polls(("good", "2h")),
            STUDIO.quota("wallet", "usd", remaining=flat(-20, "2h"), overage_limit=flat(80, "1h").stale("1h")),
        ),
        (Result(AVAILABLE, "30m", ((OF_WALLET, 60),)), Result(AVAILABLE, "65m", ((OF_WALLET, -20),))),
    ),
    Scenario(
        "a value is kept for a day of an outage",
        (STUDIO.polls(("good", "30m"), ("failed", "30h")), STUDIO.quota("wallet", "usd", remaining=flat(9, "45m").stale("29h45m"))),
        tuple(Result(expr, at, values) for expr in (HELD, AVAILABLE) for at, values in (("24h35m", ((OF_WALLET, 9),)), ("24h50m", ()))),
    ),
    Scenario(
        "a value is kept while the exporter is down and until it has polled, but not when the account is removed",
        (
            STUDIO.polls(("good", "30m"), ("off", "30m"), ("new", "30m"), ("removed", "30m")),
            STUDIO.quota("wallet", "usd", remaining=flat(9, "30m").stale("90m")),
        ),
        (Result(HELD, "55m", ((OF_WALLET, 9),)), Result(HELD, "85m", ((OF_WALLET, 9),)), Result(HELD, "95m", ())),
    ),
    Scenario(
        "a resource that a good poll no longer contained, or that became unlimited, does not return when a poll fails",
        (
            STUDIO.polls(("good", "1h"), ("failed", "15m"), ("good", "15m")),
            STUDIO.quota("wallet", "usd", remaining=flat(9, "90m")),
            STUDIO.quota("promotion", "usd", remaining=flat(0, "30m").stale("1h")),
            STUDIO.quota("free", "credits", remaining=flat(0, "30m").stale("1h"), unlimited=Values(1).missing("30m").flat("1h")),
        ),
        tuple(Result(expr, at, ((OF_WALLET, 9),)) for expr in (HELD, AVAILABLE) for at in ("40m", "65m", "70m", "80m")),
    ),
    Scenario(
        "the limit of spending is the smaller one of cap and budget",
        (
            STUDIO.quota("a_spend", "usd", limit=flat(100, "1h"), budget=flat(80, "1h")),
            STUDIO.quota("b_spend", "usd", limit=flat(70, "1h"), budget=flat(90, "1h")),
            STUDIO.quota("c_spend", "usd", limit=flat(0, "1h"), budget=flat(60, "1h")),
            STUDIO.quota("d_spend", "usd", limit=flat(50, "1h")),
            STUDIO.quota("e_spend", "usd", limit=flat(0, "1h")),
            STUDIO.quota("characters", "characters", limit=flat(100, "1h")),
        ),
        (
            Result(
                "sort_desc(account:ai_account_quota_spend_limit:min * 1)",
                "30m",
                tuple(
                    (STUDIO.labels | {"resource": f"{each}_spend", "unit": "usd"}, value)
                    for each, value in zip("abcd", (80, 70, 60, 50), strict=True)
                ),
            ),
        ),
    ),
)
