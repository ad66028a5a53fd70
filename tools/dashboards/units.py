"""Units, thresholds, colors, and texts in place of numbers."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DashboardRangeMapOptions as Between
from grafana_foundation_sdk.models.dashboard import DashboardSpecialValueMapOptions as NoFigure
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting
from grafana_foundation_sdk.models.dashboard import RangeMap, SpecialValueMap, SpecialValueMatch, Threshold, ValueMap, ValueMapping
from grafana_foundation_sdk.models.dashboard import ValueMappingResult as Shown

from exporter.accounts.forecast import SOON, URGENT
from exporter.accounts.thresholds import LOW_SHARE
from exporter.model import Reason
from exporter.overview.facts import State
from tools.dashboards import expressions as of
from tools.rules.states import NUMBERS

RED, ORANGE, YELLOW, GREEN, BLUE, PURPLE, GREY = "red", "orange", "yellow", "green", "blue", "purple", "text"
Steps = tuple[tuple[float | None, str], ...]

DECIMALS = dict.fromkeys(
    ("usd", "eur", "gbp", "chf", "cny", "inr", "aud", "cad", "nzd", "sek", "nok", "dkk", "pln", "brl", "sgd", "hkd"), 2
) | {"jpy": 0, "krw": 0}  # fmt: skip
"""The currencies, written as on the status page: `1,220.00 USD`. Any other currency is shown as a plain number."""

MONEY = f'unit=~"{"|".join(DECIMALS)}"'

COLORS = {
    State.OK: GREEN, State.WAITING: "#7f8893", State.LOW: YELLOW, State.FAILING: ORANGE, State.STALE: PURPLE, State.EXHAUSTED: RED,
}  # fmt: skip
"""The colors of the status page. They have the same meaning on every dashboard."""
LOW = COLORS[State.LOW]

LOW_LINE: Steps = ((None, GREEN), (float(LOW_SHARE), LOW))
"""For charts that draw the threshold as a line."""
SHARE_STEPS: Steps = ((None, LOW), (float(LOW_SHARE), GREEN))
TIME_LEFT_STEPS: Steps = ((None, RED), (URGENT, LOW), (SOON, GREEN))
KEY_STEPS: Steps = ((None, RED), (2 * of.DAY, LOW), (14 * of.DAY, GREEN))
AGE_STEPS: Steps = ((None, GREEN), (1.5, COLORS[State.FAILING]), (3, COLORS[State.STALE]))
"""In intervals."""
BAD_FROM_ONE: Steps = ((None, GREEN), (1, RED))
GOOD_FROM_ONE: Steps = ((None, RED), (1, GREEN))
PLAIN: Steps = ((None, BLUE),)

STATES = {number: (str(state), COLORS[state]) for state, number in NUMBERS.items()}
STATE_STEPS: Steps = tuple((float(value) if value else None, color) for value, (_, color) in STATES.items())

NO_END = {
    of.NO_FORECAST: ("no forecast", GREY),
    of.NO_LIMIT: ("no limit", GREY),
    of.NOT_KNOWN: ("unknown", GREY),
}
NO_SHARE = {of.NO_LIMIT: ("no limit", GREY)}
YES_NO = {1: ("yes", BLUE), 0: ("no", GREY)}
UP = {1: ("up", GREEN), 0: ("down", RED)}

REASON_COLORS = {
    Reason.UNAUTHORIZED: "dark-red", Reason.FORBIDDEN: "red", Reason.CREDENTIAL: "light-red", Reason.QUOTA_EXHAUSTED: "super-light-red",
    Reason.TIMEOUT: "light-orange", Reason.CONNECTION: "orange", Reason.TLS: "dark-orange", Reason.SERVER_ERROR: "semi-dark-orange",
    Reason.RATE_LIMITED: "yellow", Reason.CLIENT_ERROR: "light-purple", Reason.INVALID_RESPONSE: "purple", Reason.INTERNAL: "dark-purple",
}  # fmt: skip
"""Red: the key or the account. Orange: the vendor or the network. Yellow: waits. Purple: a defect. No failure is green."""


def value_mappings(table: dict[int, tuple[str, str]]) -> list[ValueMapping]:
    """Texts in place of numbers."""
    return [ValueMap({str(value): Shown(text, color, index=index) for index, (value, (text, color)) in enumerate(table.items())})]


def range_mappings(table: dict[int, tuple[str, str]]) -> list[ValueMapping]:
    """Texts in place of numbers, for tables, which may round large numbers."""
    return [
        RangeMap(Between(value - 1, value + 1, Shown(text, color, index=index)))
        for index, (value, (text, color)) in enumerate(table.items())
    ]


def null_mapping(text: str, color: str = GREY) -> list[ValueMapping]:
    """The text for a missing value. Without it, the lowest threshold would color the text."""
    return [SpecialValueMap(NoFigure(SpecialValueMatch.NULL, Shown(text, color, index=99)))]


def threshold_steps(steps: Steps) -> list[Threshold]:
    """Thresholds for a panel."""
    return [Threshold(value, color) for value, color in steps]


def threshold_setting(steps: Steps) -> Setting:
    """Thresholds for an override."""
    return Setting("thresholds", {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]})


def money_overrides() -> list[tuple[str, list[Setting]]]:
    """The unit of each series whose name is a currency or ends in one."""
    return [
        (f"/(^|[ (]){unit}\\)?$/", [Setting("unit", f"currency:financial: {unit.upper()}:suffix"), Setting("decimals", decimals)])
        for unit, decimals in DECIMALS.items()
    ]
