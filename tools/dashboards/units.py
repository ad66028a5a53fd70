"""How figures are shown: units, colours, and words in place of numbers."""

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
"""Units of money and how Grafana writes them; one that is missing here is shown as a plain number."""

MONEY = f'unit=~"{"|".join(CURRENCIES)}"'
NOT_MONEY = f'unit!~"{"|".join(CURRENCIES)}"'

LOW_LINE: Steps = ((None, GREEN), (of.LOW_SHARE, RED))
"""For charts that draw thresholds as lines."""
SHARE_STEPS: Steps = ((None, RED), (of.LOW_SHARE, ORANGE), (0.25, GREEN))
RUNWAY_STEPS: Steps = ((None, RED), (of.DAY, ORANGE), (of.SOON, YELLOW), (7 * of.DAY, GREEN))
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
STATE_STEPS: Steps = tuple((float(value) if value else None, colour) for value, (_, colour) in STATES.items())

NO_RUNWAY = {
    of.RESETS_FIRST: ("resets first", GREEN),
    of.NOT_FALLING: ("not falling", GREEN),
    of.NO_LIMIT: ("no limit", GREEN),
    of.NOT_KNOWN: ("not known", GREY),
}
YES_NO = {1: ("yes", GREEN), 0: ("no", GREY)}
UP = {1: ("up", GREEN), 0: ("down", RED)}


def words(table: dict[int, tuple[str, str]]) -> list[ValueMapping]:
    """Words in place of these numbers."""
    return [ValueMap({str(value): Shown(text, colour, index=index) for index, (value, (text, colour)) in enumerate(table.items())})]


def ranges(table: dict[int, tuple[str, str]]) -> list[ValueMapping]:
    """Words in place of numbers about as large: a table may round large ones."""
    return [
        RangeMap(Between(value - 1, value + 1, Shown(text, colour, index=index)))
        for index, (value, (text, colour)) in enumerate(table.items())
    ]


def nothing(text: str, colour: str = GREY) -> list[ValueMapping]:
    """What is said where there is no figure: a threshold would colour it as if it were the lowest."""
    return [SpecialValueMap(NoFigure(SpecialValueMatch.NULL, Shown(text, colour, index=99)))]


def thresholds(steps: Steps) -> list[Threshold]:
    """Colours from these values on."""
    return [Threshold(value, colour) for value, colour in steps]


def threshold_setting(steps: Steps) -> Setting:
    """The same as the setting of an override."""
    return Setting("thresholds", {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in steps]})


def money_overrides() -> list[tuple[str, list[Setting]]]:
    """A series whose name is or ends in a unit of money is written as such: pattern and settings."""
    return [(f"/(^|[ (]){unit}\\)?$/", [Setting("unit", shown), Setting("decimals", 2)]) for unit, shown in CURRENCIES.items()]
