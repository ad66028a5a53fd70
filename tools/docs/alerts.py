"""Writes the generated part of docs/alerts.md: every alert, from the rules that Prometheus loads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from tools.docs.markdown import table

RULES = Path(__file__).resolve().parents[2] / "prometheus" / "rules" / "alerts.yaml"
HEAD = ("alert", "severity", "after", "what it says")


def alerts(path: Path) -> str:
    """The page about alerts with its generated part up to date."""
    text = path.read_text(encoding="utf-8")
    return re.sub(
        r"(<!-- generated: alerts -->\n).*?(<!-- end -->)", lambda found: f"{found[1]}{_alerts()}{found[2]}", text, flags=re.DOTALL
    )


def _alerts() -> str:
    return f"\n{table(HEAD, _rows())}\n\n"


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            name = rule["alert"]
            yield f"[{name}](runbooks/{name}.md)", rule["labels"]["severity"], rule.get("for", "at once"), rule["annotations"]["summary"]
