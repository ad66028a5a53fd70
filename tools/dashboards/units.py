"""Units, thresholds, colors, and texts in place of numbers."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DashboardRangeMapOptions as Between
from grafana_foundation_sdk.models.dashboard import DashboardSpecialValueMapOptions as NoFigure
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting
from grafana_foundation_sdk.models.dashboard import RangeMap, SpecialValueMap, SpecialValueMatch, Threshold, ValueMap, ValueMapping
from grafana_foundation_sdk.models.dashboard import ValueMappingResult as Shown

from tools.dashboards import expressions as of

RED, ORANGE, YELLOW, GREEN, BLUE, GREY = "red", "orange", "yellow", "green", "blue", "text"
Steps = tuple[tuple[float | None, str], ...]

CURRENCIES = {
    "usd": "currencyUSD", "eur": "currencyEUR", "gbp": "currencyGBP", "jpy": "currencyJPY", "cny": "currency:CN¥", "chf": "currencyCHF",
    "inr": "currencyINR", "krw": "currencyKRW", "brl": "currencyBRL", "sek": "currencySEK", "nok": "currencyNOK", "dkk": "currencyDKK",
    "pln": "currencyPLN", "czk": "currencyCZK", "zar": "currencyZAR", "try": "currencyTRY", "aud": "currency:A$", "cad": "currency:C$",
    "nzd": "currency:NZ$", "sgd": "currency:S$", "hkd": "currency:HK$", "twd": "currency:NT$", "mxn": "currency:MX$", "ils": "currencyILS",
}  # fmt: skip
"""Grafana's unit for each currency. Any other currency is shown as a plain number."""

MONEY = f'unit=~"{"|".join(CURRENCIES)}"'
NOT_MONEY = f'unit!~"{"|".join(CURRENCIES)}"'

LOW_LINE: Steps = ((None, GREEN), (of.LOW_SHARE, RED))
"""For charts that draw the threshold as a line."""
SHARE_STEPS: Steps = ((None, RED), (of.LOW_SHARE, ORANGE), (0.25, GREEN))
TIME_LEFT_STEPS: Steps = ((None, RED), (of.DAY, ORANGE), (of.SOON, YELLOW), (7 * of.DAY, GREEN))
BAD_FROM_ONE: Steps = ((None, GREEN), (1, RED))
GOOD_FROM_ONE: Steps = ((None, RED), (1, GREEN))
PLAIN: Steps = ((None, BLUE),)

STATES = {
    of.OK: ("ok", GREEN),
    of.WAITING: ("waiting", BLUE),
    of.LOW: ("low", ORANGE),
    of.FAILING: ("failing", ORANGE),
    of.STALE: ("stale", RED),
    of.EXHAUSTED: ("exhausted", RED),
}
STATE_STEPS: Steps = tuple((float(value) if value else None, color) for value, (_, color) in STATES.items())

NO_END = {
    of.NO_FORECAST: ("no forecast", GREEN),
    of.NO_LIMIT: ("no limit", GREEN),
    of.NOT_KNOWN: ("unknown", GREY),
}
YES_NO = {1: ("yes", GREEN), 0: ("no", GREY)}
UP = {1: ("up", GREEN), 0: ("down", RED)}


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
    return [(f"/(^|[ (]){unit}\\)?$/", [Setting("unit", shown), Setting("decimals", 2)]) for unit, shown in CURRENCIES.items()]
