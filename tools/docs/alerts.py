"""Writes the tables in docs/alerts.md: every alert and every recorded series, from the rules that Prometheus loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from tools.markdown import table, with_parts
from tools.rules.documents import records

RULES = Path(__file__).resolve().parents[2] / "prometheus" / "rules" / "alerts.yaml"
HEAD = ("alert", "severity", "after", "summary")


def alerts(path: Path) -> str:
    """The page about alerts with its generated parts up to date."""
    recorded = ((f"`{rule.name}`", rule.meaning) for rule in records())
    parts = {"alerts": lambda: f"\n{table(HEAD, _rows())}\n\n", "recorded": lambda: f"\n{table(('series', 'meaning'), recorded)}\n\n"}
    return with_parts(path.read_text(encoding="utf-8"), parts)


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            name = rule["alert"]
            yield f"[{name}](runbooks/{name}.md)", rule["labels"]["severity"], rule.get("for", "0s"), rule["annotations"]["summary"]
