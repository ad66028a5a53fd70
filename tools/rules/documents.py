"""The rule files that Prometheus loads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from textwrap import fill
from typing import Any

import yaml

from tools.rules import alerts_account, alerts_exporter, alerts_quota, alerts_trend, recording, states
from tools.rules.promql import Scale
from tools.rules.rule import Alert, Group, Record

RUNBOOKS = "https://github.com/ai-account-exporter/ai-account-exporter/blob/main/docs/runbooks"
HEADER = "# Written by `make docs` from tools/rules; do not edit.\n"
FOLDER = PurePosixPath("prometheus/rules")

ALERTS = (
    Group("ai-account-availability", alerts_exporter.AVAILABILITY + alerts_account.AVAILABILITY),
    Group("ai-account-saturation", alerts_quota.SATURATION),
    Group("ai-account-errors", alerts_exporter.ERRORS + alerts_account.ERRORS),
    Group("ai-account-trend", alerts_trend.TREND),
    Group("ai-account-info", (*alerts_trend.INFO, alerts_account.OPTIONAL_REQUEST_FAILING, alerts_account.SETTING_WITHOUT_EFFECT)),
)
RECORDS = (*recording.GROUPS, states.GROUP)
FILES: Mapping[str, tuple[Group, ...]] = {"recording.yaml": RECORDS, "alerts.yaml": ALERTS}


class _Dumper(yaml.SafeDumper):
    """Writes multi-line strings as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def dump(document: object) -> str:
    """YAML with keys in order and long lines unbroken."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)


def render(scale: Scale | None = None) -> dict[str, str]:
    """The text of each rule file by its name, with every duration at this scale."""
    scale = scale or Scale()
    return {name: HEADER + _commented(dump({"groups": [_group(each, scale) for each in groups]})) for name, groups in FILES.items()}


def documents() -> Mapping[str, str]:
    """The text of each generated file by its path in the repository."""
    return {str(FOLDER / name): text for name, text in render().items()}


def alerts() -> Iterable[Alert]:
    """Every alert in the order of the file."""
    return (rule for group in ALERTS for rule in group.rules if isinstance(rule, Alert))


def records() -> Iterable[Record]:
    """Every recording rule in the order of the file."""
    return (rule for group in RECORDS for rule in group.rules if isinstance(rule, Record))


def _commented(text: str) -> str:
    """The text of a file with the meaning of each recording rule above it."""
    for rule in records():
        start = f"  - record: {rule.name}\n"
        text = text.replace(start, fill(rule.meaning, 140, initial_indent="  # ", subsequent_indent="  # ") + "\n" + start)
    return text


def _group(group: Group, scale: Scale) -> dict[str, Any]:
    return {"name": group.name, "interval": scale.duration(group.interval), "rules": [_rule(rule, scale) for rule in group.rules]}


def _rule(rule: Record | Alert, scale: Scale) -> dict[str, Any]:
    expr = scale.expression(rule.expr)
    if isinstance(rule, Record):
        return {"record": rule.name, "expr": expr}
    keep = {"keep_firing_for": scale.duration(rule.keep_firing_for)} if rule.keep_firing_for else {}
    return {
        "alert": rule.name,
        "expr": expr,
        "for": scale.duration(rule.for_),
        **keep,
        "labels": {"severity": rule.severity},
        "annotations": {"summary": rule.summary, "description": rule.description, "runbook_url": f"{RUNBOOKS}/{rule.name}.md"},
    }
