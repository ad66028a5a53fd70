"""Unit tests of the recording rules."""

from __future__ import annotations

from tools.scenarios.accounts import Account
from tools.scenarios.scenario import Result, Scenario, Series, Values, flat

STUDIO = Account()
WALLET = STUDIO.labels | {"resource": "wallet", "unit": "usd"}
BURN = "account:ai_account_quota_burn:rate"
END = "account:ai_account_quota_exhaustion_seconds:rate"


def _burn(window: str, at: str, *values: float) -> Result:
    """The burn rate per hour, to a thousandth."""
    return Result(f'round({BURN}{window}{{resource="wallet"}} * 3600, 0.001)', at, tuple((WALLET, value) for value in values))


def _consumed(line: Values) -> Series:
    return STUDIO.quota("wallet", "usd", consumed_total=line)


RATE = 2.0
"""Per minute, so 120 per hour."""

SCENARIOS = (
    Scenario(
        "no rate until enough of the window is covered",
        (STUDIO.polls(("good", "8h")), _consumed(Values(5000).by(RATE, "8h"))),
        (
            _burn("1h", "14m"),
            _burn("1h", "16m", 120),
            _burn("6h", "29m"),
            _burn("6h", "31m", 120),
            _burn("1d", "1h59m"),
            _burn("1d", "2h1m", 120),
            _burn("7d", "2h30m"),
        ),
    ),
    Scenario(
        "a counter that starts at 0 is underestimated slightly at first",
        (STUDIO.polls(("good", "3h")), _consumed(Values(0).by(RATE, "3h"))),
        (_burn("1h", "15m", 116.129), _burn("1h", "59m", 118), _burn("1h", "2h", 120)),
    ),
    Scenario(
        "during an outage the rate stays, and consumption during the outage counts over its duration",
        (
            STUDIO.polls(("good", "3h"), ("failed", "3h"), ("good", "2h")),
            _consumed(Values(5000).by(RATE, "3h").plus(-2).flat("3h").plus(362).by(RATE, "2h")),
        ),
        tuple(_burn(window, at, 120) for window in ("1h", "6h", "1d") for at in ("3h30m", "4h30m", "5h59m", "6h", "6h30m", "7h30m")),
    ),
    Scenario(
        "an idle resource has a rate of 0 and no exhaustion time; unlimited and unknown ones have no exhaustion time either",
        (
            STUDIO.polls(("good", "3h")),
            STUDIO.quota("wallet", "usd", remaining=flat(60, "3h"), consumed_total=flat(7, "3h")),
            STUDIO.quota("free", "usd", remaining=flat(60, "3h"), unlimited=flat(1, "3h"), consumed_total=Values(7).by(1, "3h")),
            STUDIO.quota("spend", "usd", consumed_total=Values(7).by(1, "3h")),
        ),
        (_burn("1h", "2h", 0), Result(f"{END}1h", "2h", ()), Result("account:ai_account_quota_available:last * 1", "2h", ((WALLET, 60),))),
    ),
    Scenario(
        "the exhaustion time includes allowed overage",
        (
            STUDIO.polls(("good", "3h")),
            STUDIO.quota(
                "wallet",
                "usd",
                remaining=flat(60, "3h"),
                overage_limit=flat(180, "3h"),
                limit=flat(80, "3h"),
                consumed_total=Values(5000).by(RATE, "3h"),
            ),
        ),
        (
            *(Result(f"round({END}{window}, 0.1)", "2h30m", ((WALLET, 7200),)) for window in ("1h", "6h", "1d")),
            Result("account:ai_account_quota_remaining:ratio * 1", "2h30m", ((WALLET, 0.75),)),
        ),
    ),
    Scenario(
        "a restart without state resets the counter, and nothing is counted twice",
        (
            STUDIO.polls(("good", "3h"), ("off", "3m"), ("good", "117m")),
            _consumed(Values(5000).by(RATE, "3h").stale("3m").set(0).by(RATE, "117m")),
        ),
        (_burn("6h", "4h", 118), _burn("1h", "4h30m", 120)),
    ),
    Scenario(
        "a resource that appears after its account",
        (STUDIO.polls(("good", "6h")), _consumed(Values(5000).missing("4h").by(RATE, "2h"))),
        (_burn("6h", "4h10m"), _burn("6h", "5h", 119.214), _burn("1d", "5h")),
    ),
    Scenario(
        "two exporters and two units stay separate",
        (
            STUDIO.polls(("good", "2h")),
            _consumed(Values(5000).by(RATE, "2h")),
            STUDIO.quota("credits", "credits", consumed_total=Values(70).by(1, "2h")),
            Account(instance="two:9893").polls(("good", "2h")),
            Account(instance="two:9893").quota("wallet", "usd", consumed_total=Values(5000).by(1, "2h")),
        ),
        (
            Result(
                f"sort(round({BURN}1h * 60, 0.001))",
                "90m",
                (
                    (STUDIO.labels | {"resource": "credits", "unit": "credits"}, 1),
                    (WALLET | {"instance": "two:9893"}, 1),
                    (WALLET, 2),
                ),
            ),
        ),
    ),
    Scenario(
        "one poll per hour",
        (
            STUDIO.family("scrapes_total", flat(1, "5h"))
            | STUDIO.family(
                "last_success_timestamp_seconds", flat(0, "1h").set(3600).flat("1h").set(7200).flat("1h").set(10800).flat("2h")
            ),
            _consumed(flat(5000, "1h").set(5120).flat("1h").set(5240).flat("1h").set(5360).flat("2h")),
        ),
        tuple(_burn("1h", at, 120) for at in ("1h1m", "2h30m", "3h30m")),
    ),
)

HELD = "account:ai_account_quota_remaining:last * 1"
DAYS = (
    Scenario(
        "a value is kept for three days of an outage",
        (STUDIO.polls(("good", "30m"), ("failed", "73h")), STUDIO.quota("wallet", "usd", remaining=flat(9, "45m").stale("4365m"))),
        (Result(HELD, "72h25m", ((WALLET, 9),)), Result(HELD, "72h35m", ())),
    ),
    Scenario(
        "the rate of a week",
        (STUDIO.polls(("good", "20h")), _consumed(Values(5000).by(RATE, "20h"))),
        (_burn("7d", "13h55m"), _burn("7d", "14h5m", 120), _burn("7d", "20h", 120)),
    ),
)
