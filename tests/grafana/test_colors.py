"""Colors mean the same on all dashboards and on the status page, and money is written the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from colorsys import rgb_to_hls
from decimal import Decimal
from pathlib import Path

import pytest

from exporter.model import Reason
from exporter.overview.facts import State
from exporter.web import status
from exporter.web.status import formatting
from tests.grafana.boards import BOARDS, Json, panels
from tools.dashboards.units import COLORS, DECIMALS, REASON_COLORS

CSS = (Path(status.__file__).parent / "templates" / "status.css").read_text(encoding="utf-8")
HUES = {"red": (350, 15), "orange": (15, 35), "yellow": (30, 60), "green": (90, 150), "purple": (260, 300)}
"""In degrees."""


def hls(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return rgb_to_hls(red, green, blue)


@pytest.mark.parametrize("state", State)
def test_a_state_has_the_color_of_the_status_page(state: State) -> None:
    shades = re.findall(rf"--{state}: (#[0-9a-f]{{6}})", CSS)
    assert shades
    for shade in shades:
        hue, _, saturation = hls(shade)
        if COLORS[state].startswith("#"):  # grey
            assert max(saturation, hls(COLORS[state])[2]) < 0.2
        else:
            low, high = HUES[COLORS[state]]
            assert low <= hue * 360 <= high or (low > high and not high < hue * 360 < low)


def overrides(board: Json) -> Iterator[tuple[str, str, Json]]:
    """The panel, the series and the settings of each override."""
    for panel in panels(board):
        for each in panel["fieldConfig"]["overrides"]:
            yield panel["title"], each["matcher"]["options"], {setting["id"]: setting["value"] for setting in each["properties"]}


def test_a_state_and_a_reason_have_one_color_everywhere() -> None:
    for board in BOARDS.values():
        for _, series, settings in overrides(board):
            if state := next((each for each in State if each == series), None):
                assert settings["thresholds"]["steps"][1]["color"] == COLORS[state]
            if reason := next((each for each in Reason if each == series), None):
                assert settings["color"]["fixedColor"] == REASON_COLORS[reason]


def test_no_failure_is_green_and_every_reason_has_a_color() -> None:
    assert REASON_COLORS.keys() == set(Reason)
    assert not any("green" in color for color in REASON_COLORS.values())


def test_unlimited_and_unknown_are_neutral() -> None:
    texts = {}
    for board in BOARDS.values():
        for panel in panels(board):
            for mapping in re.findall(
                r"'text': '([a-z ]+)', 'color': '(\w+)'|'color': '(\w+)', 'index': \d+, 'text': '([a-z ]+)'", str(panel)
            ):
                texts[mapping[0] or mapping[3]] = mapping[1] or mapping[2]
    assert {texts[text] for text in ("no limit", "no forecast", "unknown")} == {"text"}


@pytest.mark.parametrize(("unit", "decimals"), DECIMALS.items())
def test_money_is_written_as_on_the_status_page(unit: str, decimals: int) -> None:
    value = Decimal(1220)
    assert formatting.counted(value, unit) == f"{value:,.{decimals}f} {unit.upper()}"
    settings = [found for _, series, found in overrides(BOARDS["grafana/dashboards/fleet.json"]) if f"{unit}\\)?$" in series]
    assert settings
    assert all(found == {"unit": f"currency:financial: {unit.upper()}:suffix", "decimals": decimals} for found in settings)


def test_the_panels_know_every_currency_of_the_status_page() -> None:
    assert set(DECIMALS) == formatting._CURRENCIES
