"""The share that a table shows: of the limit or of the budget, or the reason why there is none. promtool computes it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.grafana.boards import ANY, ROOT, filled
from tests.prometheus.tool import promtool
from tools.dashboards.expressions import FLEET, NO_FORECAST, NO_LIMIT

LABELS = '{provider="openai",account="production",resource="spend",unit="usd"}'
Figures = dict[str, float | str]


def is_shown(folder: Path, figures: Figures, expression: str, value: float | None) -> bool:
    """Whether the expression has this value while the account exposes these figures or series of them, by the family; None for no value."""
    exposed = LABELS.replace("{", '{job="ai",instance="one",')
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f"ai_account_{family}{exposed}", "values": figure if isinstance(figure, str) else f"{figure}x10"}
            for family, figure in figures.items()
        ],
        "promql_expr_test": [
            {
                "expr": filled(expression, ANY),
                "eval_time": "9m",
                "exp_samples": [] if value is None else [{"labels": LABELS, "value": value}],
            }
        ],
    }
    document = {"rule_files": [str(ROOT / "prometheus/rules/recording.yaml")], "evaluation_interval": "1m", "tests": [test]}
    (folder / "test.yaml").write_text(yaml.safe_dump(document))
    return promtool("test", "rules", folder / "test.yaml")[0] == 0


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
