"""Does spending stay below its cap, and is a low balance filled up by itself?"""

from __future__ import annotations

from tools.rules.recording import RESET
from tools.scenarios.accounts import Account
from tools.scenarios.model import Fires, Line, Quiet, Scenario, Series, flat, series

OVER_CAP, NEAR_CAP, RELOAD_OFF = "AIAccountSpendCapExceeded", "AIAccountSpendCapNear", "AIAccountAutoReloadOff"

STUDIO = Account()
FLOORS = STUDIO.threshold("wallet", "usd", flat(50, "2h"), "warning") | STUDIO.threshold("wallet", "usd", flat(10, "2h"), "critical")


def _wallet(remaining: Line, **others: Line) -> Series:
    return STUDIO.quota("wallet", "usd", remaining=remaining, **others)


def _spend(used: float, limit: float, resource: str = "spend") -> tuple[Series, ...]:
    return (STUDIO.quota(resource, "usd", used=flat(used, "2h"), limit=flat(limit, "2h")),)


HELD = flat(100, "45m").gone("75m")

CAPS = (
    Scenario(
        "a cap is reached",
        _spend(100, 100),
        (
            Quiet(OVER_CAP, "4m"),
            Fires(
                OVER_CAP,
                "5m",
                (STUDIO.alert("critical", resource="spend", unit="usd"),),
                "Account studio at heygen has spent 100 usd, all that its cap on spend allows. The vendor may refuse what is paid by usage. "
                "Raise the cap, or wait for the new period.",
            ),
        ),
    ),
    Scenario(
        "a cap is near",
        _spend(80, 100, "overage_spend"),
        (
            Quiet(OVER_CAP, "25m"),
            Quiet(NEAR_CAP, "14m"),
            Fires(
                NEAR_CAP,
                "15m",
                (STUDIO.alert("warning", resource="overage_spend", unit="usd"),),
                "Account studio at heygen has spent 80% of its cap on overage_spend. Decide now whether to raise the cap or to slow down.",
            ),
        ),
    ),
    Scenario(
        "a cap is reached, and then the vendor is down until the figures are stale",
        (STUDIO.quota("spend", "usd", used=HELD, limit=HELD), STUDIO.polls(("good", "30m"), ("timeout", "90m"))),
        (Fires(OVER_CAP, "20m", ({"account": "studio"},)), Fires(OVER_CAP, "110m", ({"account": "studio"},))),
    ),
    Scenario(
        "the same, and the period ends meanwhile",
        (
            STUDIO.quota("spend", "usd", used=HELD, limit=HELD),
            series(RESET, STUDIO.labels | {"resource": "spend", "unit": "usd"}, flat(3600, "2h")),
            STUDIO.polls(("good", "30m"), ("timeout", "90m")),
        ),
        (Fires(OVER_CAP, "55m", ({"account": "studio"},)), Quiet(OVER_CAP, "80m")),
    ),
    Scenario(
        "a cap is reached, and the account leaves the configuration",
        (STUDIO.quota("spend", "usd", used=HELD, limit=HELD),),
        (Quiet(OVER_CAP, "61m"),),
    ),
    Scenario("just below", _spend(79.9, 100), (Quiet(NEAR_CAP, "25m"),)),
    Scenario("a cent below", _spend(99.99, 100), (Quiet(OVER_CAP, "25m"),)),
    Scenario(
        "a small cap is a cap",
        _spend(1, 1),
        (Fires(OVER_CAP, "25m", ({"account": "studio"},)), Fires(NEAR_CAP, "25m", ({"account": "studio"},))),
    ),
    Scenario("a cap of nothing", _spend(1, 0), (Quiet(OVER_CAP, "25m"), Quiet(NEAR_CAP, "25m"))),
    Scenario("what is not spending", _spend(100, 100, "characters"), (Quiet(OVER_CAP, "25m"), Quiet(NEAR_CAP, "25m"))),
)


def _reload(on: float) -> Series:
    return STUDIO.show("feature_enabled", flat(on, "4h"), feature="auto_reload")


VENDORS_FLOOR = STUDIO.show("auto_reload_threshold", flat(20, "4h"), unit="usd")


def _burning(left: float) -> tuple[Series, ...]:
    """One a minute, of a balance that is told to stay the same."""
    return STUDIO.polls(("good", "4h")), _wallet(flat(left, "4h"), consumed_total=Line(5000).by(1, "4h"))


RELOADS = (
    Scenario(
        "below the vendor's own threshold, with automatic top-up off",
        (_wallet(flat(19.5, "2h")), STUDIO.quota("add_on", "usd", remaining=flat(20, "2h")), _reload(0), VENDORS_FLOOR),
        (
            Quiet(RELOAD_OFF, "10m"),
            Fires(
                RELOAD_OFF,
                "15m",
                (STUDIO.alert("warning", resource="wallet", unit="usd"),),
                "Account studio at heygen has 19.5 usd of wallet left and will not top itself up. Do it by hand, or turn automatic top-up on "
                "at the vendor.",
            ),
        ),
    ),
    Scenario("the same with it on", (_wallet(flat(19.5, "2h")), _reload(1), VENDORS_FLOOR), (Quiet(RELOAD_OFF, "25m"),)),
    Scenario("enough is left", (_wallet(flat(20, "2h")), _reload(0), VENDORS_FLOOR), (Quiet(RELOAD_OFF, "25m"),)),
    Scenario(
        "another unit", (STUDIO.quota("wallet", "credits", remaining=flat(5, "2h")), _reload(0), VENDORS_FLOOR), (Quiet(RELOAD_OFF, "25m"),)
    ),
    Scenario(
        "it will not last three days",
        (*_burning(4300), _reload(0)),
        (Fires(RELOAD_OFF, "2h30m", ({"resource": "wallet", "team": "video"},)),),
    ),
    Scenario("it will last three days", (*_burning(4340), _reload(0)), (Quiet(RELOAD_OFF, "2h30m"),)),
    Scenario(
        "automatic top-up is on, another feature is off",
        (*_burning(60), _reload(1), STUDIO.show("feature_enabled", flat(0, "4h"), feature="voice_cloning")),
        (Quiet(RELOAD_OFF, "2h30m"),),
    ),
    Scenario(
        "what no top-up fills: a cap and slots",
        (
            STUDIO.polls(("good", "4h")),
            STUDIO.quota("spend", "usd", remaining=flat(5, "4h"), consumed_total=Line(5000).by(1, "4h")),
            STUDIO.quota("voices", "slots", remaining=flat(5, "4h"), consumed_total=Line(5000).by(1, "4h")),
            STUDIO.threshold("spend", "usd", flat(10, "4h"), "warning"),
            STUDIO.threshold("voices", "slots", flat(10, "4h"), "warning"),
            _reload(0),
            VENDORS_FLOOR,
        ),
        (Quiet(RELOAD_OFF, "2h30m"),),
    ),
    Scenario(
        "below the owner's floor",
        (STUDIO.polls(("good", "2h")), _wallet(flat(49, "2h")), FLOORS, _reload(0)),
        (Fires(RELOAD_OFF, "25m", ({"account": "studio"},)),),
    ),
)

SCENARIOS = CAPS
