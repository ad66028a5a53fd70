"""The types of rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning", "info"]

JOB = "cluster, namespace, job"
"""The labels of exporters that belong together: jobs of two clusters or namespaces may have one name."""
TARGET = f"{JOB}, instance"
"""The labels of one exporter."""

_NAME = "{{ $labels.unit }}{{ if ne $labels.unit $labels.resource }} of {{ $labels.resource }}{{ end }}"
EXACT = 'printf "%.4f" | reReplaceAll "[.]?0+$" ""'
"""Formats a number: `humanize` writes 0.05 usd as 50m usd, which reads like millions."""
DURATION = 'humanizeDuration | reReplaceAll " [0-9]+s$" ""'
"""Formats seconds to the minute: 13d 23h 44m."""
AMOUNT = f"{{{{ $value | {EXACT} }}}} {_NAME}"
"""An amount of a resource, for descriptions: characters have no second name."""
_ABSOLUTE = 'reReplaceAll "^-" ""'
HAS_LEFT = f"{{{{ if lt $value 0.0 }}}}is in overage by {{{{ $value | {EXACT} | {_ABSOLUTE} }}}} {_NAME}{{{{ else }}}}has {AMOUNT} left{{{{ end }}}}"
"""What remains of a resource, for descriptions. A negative amount is overage."""
OVERAGE_SHARE = f"is in overage by {{{{ $value | humanizePercentage | {_ABSOLUTE} }}}} of its limit of {{{{ $labels.resource }}}}"
"""A negative share of the limit, for descriptions."""


@dataclass(frozen=True, slots=True)
class Record:
    """A recording rule."""

    name: str
    expr: str
    meaning: str
    """One or two sentences: the comment in the file, and the description in docs/alerts.md."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule, with durations at scale 1."""

    name: str
    severity: Severity
    expr: str
    for_: str
    summary: str
    description: str
    keep_firing_for: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that Prometheus evaluates in order."""

    name: str
    rules: tuple[Record, ...] | tuple[Alert, ...]
    interval: str = "1m"
