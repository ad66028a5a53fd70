"""Writes the table in docs/alerts.md: every alert, from the rules that Prometheus loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from tools.markdown import table, with_parts

RULES = Path(__file__).resolve().parents[2] / "prometheus" / "rules" / "alerts.yaml"
HEAD = ("alert", "severity", "after", "summary")


def alerts(path: Path) -> str:
    """The page about alerts with its generated part up to date."""
    return with_parts(path.read_text(encoding="utf-8"), {"alerts": lambda: f"\n{table(HEAD, _rows())}\n\n"})


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            name = rule["alert"]
            yield f"[{name}](runbooks/{name}.md)", rule["labels"]["severity"], rule.get("for", "0s"), rule["annotations"]["summary"]
