"""What a rule is, before it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Record:
    """A recording rule."""

    name: str
    expr: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert rule. Durations are those of scale 1."""

    name: str
    severity: Severity
    expr: str
    wait: str
    """`for`: how long it must hold."""
    summary: str
    description: str
    keep: str | None = None
    """`keep_firing_for`: how long it outlives its cause."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other."""

    name: str
    rules: tuple[Record, ...] | tuple[Alert, ...]
    interval: str = "1m"
