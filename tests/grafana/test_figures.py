"""What panels show for certain figures. promtool computes it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.grafana.boards import ANY, ROOT, expressions, filled
from tests.prometheus.tool import promtool
from tools.dashboards.expressions import FLEET, NO_FORECAST, NO_LIMIT

LABELS = '{provider="openai",account="production",resource="spend",unit="usd"}'
Figures = dict[str, float | str]
PANELS = {f"{board}: {place}": expression for board, place, expression in expressions()}


def is_shown(folder: Path, figures: Figures, expression: str, value: float | None, labels: str = LABELS) -> bool:
    """Whether the expression has this value while the account exposes these figures or series of them, by the family; None for no value."""
    test = {
        "interval": "1m",
        "input_series": [
            {"series": _series(family), "values": figure if isinstance(figure, str) else f"{figure}x10"}
            for family, figure in figures.items()
        ],
        "promql_expr_test": [
            {
                "expr": filled(expression, ANY),
                "eval_time": "9m",
                "exp_samples": [] if value is None else [{"labels": labels, "value": value}],
            }
        ],
    }
    document = {"rule_files": [str(ROOT / "prometheus/rules/recording.yaml")], "evaluation_interval": "1m", "tests": [test]}
    (folder / "test.yaml").write_text(yaml.safe_dump(document))
    return promtool("test", "rules", folder / "test.yaml")[0] == 0


def _series(family: str) -> str:
    labels = 'job="ai",instance="one",provider="openai",account="production"'
    further = ',resource="spend",unit="usd"' if family.startswith("quota_") else ""
    name, _, own = f"ai_account_{family}".removesuffix("}").partition("{")
    return f"{name}{{{labels}{further}{own and ','}{own}}}"


@pytest.mark.parametrize(
    ("figures", "share"),
    [
        ({"remaining": 100, "used": 300, "limit": 400}, 0.25),
        ({"remaining": 100, "used": 300, "limit": 400, "budget": 500}, 0.25),
        ({"remaining": 100, "used": 300, "limit": 400, "budget": 320}, 0.0625),
        ({"used": 300, "budget": 320}, 0.0625),
        ({"used": 400, "budget": 320, "unlimited": 1}, -0.25),
        ({"used": 300}, NO_LIMIT),
        ({"remaining": 100}, NO_LIMIT),
        ({"remaining": 100, "limit": 400, "unlimited": 1}, NO_LIMIT),
        ({"used": 0, "limit": 0, "remaining": 0}, None),
    ],
)
def test_the_share_is_that_of_the_limit_or_of_a_smaller_budget(tmp_path: Path, figures: Figures, share: float | None) -> None:
    exposed = {"scrapes_total": 1, "resources": 1} | {f"quota_{part}": figure for part, figure in figures.items()}
    assert is_shown(tmp_path, exposed, FLEET.share_or_reason(), share)


def test_while_polls_fail_the_last_amount_has_no_share(tmp_path: Path) -> None:
    stale = {"quota_remaining": "100x4 stale", "quota_limit": "400x4 stale", "resources": "1x4 stale"}
    assert is_shown(tmp_path, {"scrapes_total": 1, **stale}, FLEET.remaining(), 100)
    assert is_shown(tmp_path, {"scrapes_total": 1, **stale}, FLEET.share_or_reason(), None)


def test_an_end_of_what_has_a_budget_is_not_excluded(tmp_path: Path) -> None:
    assert is_shown(tmp_path, {"quota_used": 300, "quota_budget": 320}, FLEET.ends_in_or_reason(), NO_FORECAST)
    assert is_shown(tmp_path, {"quota_used": 300}, FLEET.ends_in_or_reason(), NO_LIMIT)


def test_a_counter_without_a_current_amount_adds_no_row(tmp_path: Path) -> None:
    exposed: Figures = {"scrapes_total": 1, "quota_consumed_total": "0+60x10"}
    used = PANELS["fleet: Accounts and balances D"]
    assert is_shown(tmp_path, {**exposed, "quota_used": "0+60x10", "resources": 1}, used, 540)
    assert is_shown(tmp_path, {**exposed, "quota_used": "0+60x3 stale", "resources": "1x3 stale"}, used, None)


def test_an_interval_that_varies_without_a_failure_is_no_back_off(tmp_path: Path) -> None:
    waits = PANELS["exporter-health: Back-off and rate limits A"]
    for errors, is_back_off in (("0x10", False), ("0x5 1x5", True)):
        exposed: Figures = {"scrape_interval_seconds": "60x5 120x5", 'scrape_errors_total{reason="timeout"}': errors}
        assert is_shown(tmp_path, exposed, f"count({waits})", 1 if is_back_off else None, labels="{}")
