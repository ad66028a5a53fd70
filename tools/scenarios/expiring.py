"""Unit tests of CreditsExpiring."""

from __future__ import annotations

from tools.scenarios.accounts import STUDIO, WALLET
from tools.scenarios.scenario import Firing, Quiet, Scenario, Series, Values, flat

EXPIRING = "AIAccountCreditsExpiring"


def _expiring(burn: float, hours: float = 78, **others: float) -> tuple[Series, ...]:
    further = {family: flat(value, "32h") for family, value in others.items()}
    figures = STUDIO.quota(
        "wallet",
        "usd",
        remaining=flat(900, "32h"),
        consumed_total=Values(5000).by(burn, "32h"),
        reset_timestamp_seconds=flat(hours * 3600, "32h"),
        **further,
    )
    return STUDIO.polls(("good", "32h")), figures


SCENARIOS = (
    Scenario(
        "three days before the reset, most is unused",
        _expiring(0.1, limit=1000),
        (
            Quiet(EXPIRING, "24h30m"),
            Firing(EXPIRING, "25h30m", ({"account": "studio", "team": "video"},)),
            Firing(
                EXPIRING,
                "30h",
                (STUDIO.alert("info", **WALLET),),
                "The wallet quota of account studio at heygen resets within three days. At the current rate, 61.2% of it expires unused. "
                "Use it, or choose a smaller plan.",
            ),
        ),
    ),
    Scenario("most will be used", _expiring(0.15, limit=1000), (Quiet(EXPIRING, "30h"),)),
    Scenario(
        "an unused cap is not a loss",
        (
            STUDIO.polls(("good", "32h")),
            STUDIO.quota(
                "spend",
                "usd",
                remaining=flat(900, "32h"),
                limit=flat(1000, "32h"),
                consumed_total=flat(5, "32h"),
                reset_timestamp_seconds=flat(48 * 3600, "32h"),
            ),
        ),
        (Quiet(EXPIRING, "30h"),),
    ),
    Scenario(
        "the rest of a day is worth no message",
        (
            STUDIO.polls(("good", "48h")),
            STUDIO.quota(
                "searches",
                "requests",
                remaining=flat(900, "48h"),
                limit=flat(1000, "48h"),
                consumed_total=flat(5, "48h"),
                reset_timestamp_seconds=flat(24 * 3600, "24h").set(48 * 3600).flat("24h"),
            ),
        ),
        (Quiet(EXPIRING, "20h"), Quiet(EXPIRING, "30h"), Quiet(EXPIRING, "47h")),
    ),
    Scenario("nothing is used", _expiring(0, limit=1000), (Firing(EXPIRING, "30h", ({"account": "studio"},)),)),
    Scenario("the reset is more than three days away", _expiring(0, 106, limit=1000), (Quiet(EXPIRING, "30h"),)),
    Scenario("without a limit there is no share", _expiring(0), (Quiet(EXPIRING, "30h"),)),
    Scenario("an unlimited resource has no loss", _expiring(0, limit=1000, unlimited=1), (Quiet(EXPIRING, "30h"),)),
)
