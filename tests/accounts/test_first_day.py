"""The configuration of the quick start causes no alert on a healthy account of any vendor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
import yaml

from exporter.accounts.thresholds import HELD_UNITS, WHOLE_UNITS, floors_of
from exporter.config.context import ConfigContext
from exporter.config.models import Config
from exporter.config.threshold_settings import thresholds_of
from exporter.model import Quota, Threshold
from exporter.providers.library import EXAMPLES, read_definitions
from tests.providers.examples import HAPPY, Example
from tools.rules.alerts_quota import SATURATION
from tools.rules.promql import NAMES
from tools.rules.recording import REMAINING, THRESHOLD

ROOT: Final = Path(__file__).parent.parent.parent
PACKAGED: Final = [example for example in HAPPY if EXAMPLES in example.path.parents]
PAGE: Final = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
DOCUMENTED: Final = {
    "quickstart.md": next(block for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) if "accounts:" in block),
    "config.example.yaml": (ROOT / "config.example.yaml").read_text(encoding="utf-8"),
}
LOW: Final = {
    "elevenlabs/subscription": ["voice_add_edits warning: 18 edits < 46"],
    "heygen/wallet": ["wallet warning: 42.5 usd < 50"],
    "heygen/wallet-auto-reload-off": ["wallet warning: 3.2 usd < 50", "wallet critical: 3.2 usd < 10"],
    "serpapi/account": ["searches warning: 5958 searches < 6000"],
}
"""The examples in which something is really low: a fifth of what is used up, or the amount that the file sets for the vendor."""
EVERYWHERE: Final = (Threshold("*", "warning", share=Decimal("0.2")), Threshold("*", "critical", share=Decimal("0.05")))


def thresholds(name: str, example: Example) -> tuple[Threshold, ...]:
    """The thresholds of an account of the example's vendor: those of the file for this vendor, else its defaults."""
    context = ConfigContext({}, ROOT, read_definitions(), check_secrets=False)
    config = Config.model_validate(yaml.safe_load(DOCUMENTED[name]), context=context)
    own = [account.thresholds for account in config.accounts if account.provider == example.definition.name]
    return thresholds_of(config.defaults.thresholds, own[0] if own else {})


def alerting(quotas: tuple[Quota, ...], thresholds_: tuple[Threshold, ...]) -> Iterator[str]:
    """The resources for which AIAccountBelowThreshold fires, by its own comparison."""
    for quota in quotas:
        for severity, floor in floors_of(quota, thresholds_).items():
            if quota.remaining is not None and quota.remaining < floor:
                yield f"{quota.resource} {severity}: {quota.remaining} {quota.unit} < {floor}"


def test_the_alert_fires_when_less_than_the_threshold_is_left() -> None:
    """`alerting` compares as the shipped rule does."""
    expressions = {alert.expr for alert in SATURATION if alert.name == "AIAccountBelowThreshold"}
    assert expressions == {
        f'{REMAINING} < ignoring (severity) {THRESHOLD}{{severity="{severity}"}}' for severity in ("critical", "warning")
    }


@pytest.mark.parametrize("name", DOCUMENTED)
@pytest.mark.parametrize("example", PACKAGED, ids=lambda example: example.id)
def test_a_healthy_account_causes_no_alert_with_a_documented_configuration(example: Example, name: str) -> None:
    assert list(alerting(example.reading.quotas, thresholds(name, example))) == LOW.get(example.id, [])


@pytest.mark.parametrize("name", DOCUMENTED)
@pytest.mark.parametrize("example", PACKAGED, ids=lambda example: example.id)
def test_what_is_held_causes_no_alert_when_all_of_it_is_in_use(example: Example, name: str) -> None:
    full = tuple(Quota(each.resource, each.unit, Decimal(0), each.limit, each.limit) for each in held(example.reading.quotas))
    assert list(alerting(full, thresholds(name, example))) == []


def test_some_vendors_report_what_is_held() -> None:
    assert len({example.definition.name for example in PACKAGED if held(example.reading.quotas)}) >= 4


def held(quotas: tuple[Quota, ...]) -> list[Quota]:
    return [quota for quota in quotas if quota.unit in HELD_UNITS]


def test_a_threshold_that_names_what_is_held_applies() -> None:
    full = Quota("voice_slots", "slots", Decimal(0), Decimal(3), Decimal(3))
    named = Threshold("voice_slots", "warning", amount=Decimal(1))
    assert list(alerting((full,), (*EVERYWHERE, named))) == ["voice_slots warning: 0 slots < 1"]
    share = Threshold("voice_slots", "warning", share=Decimal("0.2"))
    assert floors_of(full, (*EVERYWHERE, share)) == {"warning": Decimal(1)}


@pytest.mark.parametrize("unit", sorted(WHOLE_UNITS - HELD_UNITS))
@pytest.mark.parametrize(
    ("limit", "warning", "critical"), [(0, 0, 0), (1, 1, 1), (3, 1, 1), (95, 19, 5), (100, 20, 5), (33_333, 6667, 1667)]
)
def test_a_share_of_what_is_counted_is_a_whole_number(unit: str, limit: int, warning: int, critical: int) -> None:
    quota = Quota("any", unit, remaining=Decimal(1), limit=Decimal(limit))
    assert floors_of(quota, EVERYWHERE) == {"warning": warning, "critical": critical}


@pytest.mark.parametrize("unit", ["usd", "credits", "minutes", "percent"])
def test_a_share_of_anything_else_is_exact(unit: str) -> None:
    quota = Quota("any", unit, remaining=Decimal(1), limit=Decimal(3))
    assert floors_of(quota, EVERYWHERE) == {"warning": Decimal("0.6"), "critical": Decimal("0.15")}


def test_the_alerts_on_what_is_used_up_leave_out_what_is_held() -> None:
    assert set(re.findall(r'unit!="(\w+)"', NAMES["SUPPLY"])) == HELD_UNITS


def test_the_page_about_thresholds_lists_the_units_of_what_is_counted() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    assert "(" + ", ".join(f"`{unit}`" for unit in sorted(WHOLE_UNITS)) + ")" in " ".join(page.split())
