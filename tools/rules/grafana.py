"""The alerts as a provisioning file for Grafana's own alerting, built as Grafana itself imports rules of Prometheus.

Every series that the expression returns is an alert, whatever its value is, so a math node turns each value into 1. Source:
https://github.com/grafana/grafana/blob/main/pkg/services/ngalert/prom/query.go
"""

from __future__ import annotations

import re
from typing import Any, Final

from tools.rules.documents import ALERTS, HEADER, RUNBOOKS, dump
from tools.rules.promql import Scale
from tools.rules.rule import Alert

PATH: Final = "grafana/alerting/ai-account-exporter.yaml"
FOLDER: Final = "AI accounts"
SOURCE: Final = "ai-account-prometheus"
"""The uid of the data source in grafana/provisioning/datasources."""
QUERY, MATH, THRESHOLD = "query", "prometheus_math", "threshold"
_VALUE: Final = re.compile(r"\$value\b")
_EXPRESSIONS: Final = {"name": "Expression", "type": "__expr__", "uid": "__expr__"}


def provisioning() -> str:
    """The text of the file."""
    groups = [
        {
            "orgId": 1,
            "name": group.name,
            "folder": FOLDER,
            "interval": group.interval,
            "rules": [_rule(rule) for rule in group.rules if isinstance(rule, Alert)],
        }
        for group in ALERTS
    ]
    return HEADER + dump({"apiVersion": 1, "groups": groups})


def uid(alert: Alert) -> str:
    """The uid of a rule: at most 40 characters."""
    return f"{alert.name.replace('AIAccount', 'ai-').lower()}-{alert.severity}"


def _rule(alert: Alert) -> dict[str, Any]:
    return {
        "uid": uid(alert),
        "title": alert.name,
        "condition": THRESHOLD,
        "data": [_query(Scale().expression(alert.expr)), *_conditions()],
        "noDataState": "OK",
        "execErrState": "Error",
        "for": alert.for_,
        "keepFiringFor": alert.keep_firing_for or "0s",
        "missing_series_evals_to_resolve": 1,
        "annotations": {
            "summary": alert.summary,
            "description": _VALUE.sub(f"$values.{QUERY}.Value", alert.description),
            "runbook_url": f"{RUNBOOKS}/{alert.name}.md",
        },
        "labels": {"severity": alert.severity},
    }


def _query(expr: str) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": SOURCE}
    model = {"datasource": source, "expr": expr, "instant": True, "range": False, "refId": QUERY}
    return {"refId": QUERY, "datasourceUid": SOURCE, "relativeTimeRange": {"from": 600, "to": 0}, "model": model}


def _conditions() -> list[dict[str, Any]]:
    is_there = " || ".join(f"{function}(${QUERY})" for function in ("is_number", "is_nan", "is_inf"))
    above = [{"evaluator": {"type": "gt", "params": [0]}}]
    models = (
        {"refId": MATH, "type": "math", "expression": is_there},
        {"refId": THRESHOLD, "type": "threshold", "expression": MATH, "conditions": above},
    )
    return [
        {
            "refId": model["refId"],
            "queryType": model["type"],
            "datasourceUid": "__expr__",
            "relativeTimeRange": {"from": 0, "to": 0},
            "model": {"datasource": dict(_EXPRESSIONS), **model},
        }
        for model in models
    ]
