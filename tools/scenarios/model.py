"""A scenario: series over time, one sample a minute, and what is expected of the rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from exporter.validation.duration import parse_duration
from tools.rules.write import RUNBOOKS, alerts


class Part(NamedTuple):
    """A stretch of a series: from `start`, each minute so much more; or not on the page."""

    minutes: int
    start: float = 0.0
    step: float = 0.0
    shown: Literal["yes", "stale", "late"] = "yes"

    def text(self, pace: int) -> str:
        """In promtool's shorthand, with a sample every so many minutes."""
        count = self.minutes // pace
        if self.shown == "late":
            return f"_x{count}"
        if self.shown == "stale":
            return f"stale _x{count - 1}" if count > 1 else "stale"
        return f"{self.start:.12g}{self.step * pace:+.12g}x{count - 1}" if self.step else f"{self.start:.12g}x{count - 1}"


@dataclass(frozen=True, slots=True)
class Line:
    """The values of a series, minute by minute. `at` is what comes next."""

    at: float = 0.0
    parts: tuple[Part, ...] = ()

    def by(self, step: float, span: str) -> Line:
        """For so long, each minute so much more than before."""
        count = _minutes(span)
        return Line(self.at + step * count, (*self.parts, Part(count, self.at, step)))

    def flat(self, span: str) -> Line:
        """For so long the same."""
        return self.by(0, span)

    def plus(self, amount: float) -> Line:
        """From here on so much more."""
        return Line(self.at + amount, self.parts)

    def set(self, value: float) -> Line:
        """From here on another value."""
        return Line(value, self.parts)

    def gone(self, span: str) -> Line:
        """For so long not on the page: Prometheus marks the series stale."""
        return Line(self.at, (*self.parts, Part(_minutes(span), shown="stale")))

    def late(self, span: str) -> Line:
        """For so long not there yet."""
        return Line(self.at, (*self.parts, Part(_minutes(span), shown="late")))

    def text(self, pace: int) -> str:
        """The values in promtool's shorthand, with a sample every so many minutes."""
        return " ".join(part.text(pace) for part in self.parts)


def flat(value: float, span: str) -> Line:
    """A series that does not change."""
    return Line(value).flat(span)


@dataclass(frozen=True, slots=True)
class Fires:
    """These alerts, and no others of the name, are firing: their labels that matter, and at most one text in full."""

    alert: str
    at: str
    labels: tuple[dict[str, str], ...]
    description: str = ""

    def test(self) -> tuple[str, dict[str, Any]]:
        """The kind of test, and the test."""
        if self.description:
            expected = [{"exp_labels": each, "exp_annotations": self._annotations()} for each in self.labels]
            return "alert_rule_test", {"eval_time": self.at, "alertname": self.alert, "exp_alerts": expected}
        names = ", ".join(sorted({name for each in self.labels for name in each}))
        expr = f'count by ({names}) (ALERTS{{alertname="{self.alert}",alertstate="firing"}})'
        samples = [{"labels": _labels("", each), "value": 1} for each in self.labels]
        return "promql_expr_test", {"expr": expr, "eval_time": self.at, "exp_samples": samples}

    def _annotations(self) -> dict[str, str]:
        summary = next(each.summary for each in alerts() if each.name == self.alert)
        return {"summary": summary, "description": self.description, "runbook_url": f"{RUNBOOKS}/{self.alert}.md"}


@dataclass(frozen=True, slots=True)
class Quiet:
    """No alert of that name is firing; with `severity`, none of that severity."""

    alert: str
    at: str
    severity: str = ""

    def test(self) -> tuple[str, dict[str, Any]]:
        """The kind of test, and the test."""
        if not self.severity:
            return "alert_rule_test", {"eval_time": self.at, "alertname": self.alert, "exp_alerts": []}
        expr = f'ALERTS{{alertname="{self.alert}",alertstate="firing",severity="{self.severity}"}}'
        return "promql_expr_test", {"expr": expr, "eval_time": self.at, "exp_samples": []}


@dataclass(frozen=True, slots=True)
class Value:
    """A query has these values, each with its labels."""

    expr: str
    at: str
    samples: tuple[tuple[dict[str, str], float], ...]

    def test(self) -> tuple[str, dict[str, Any]]:
        """The kind of test, and the test."""
        samples = [{"labels": _labels("", labels), "value": value} for labels, value in self.samples]
        return "promql_expr_test", {"expr": self.expr, "eval_time": self.at, "exp_samples": samples}


Series = dict[str, Line]
"""The values of each series by its name with its labels."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens, and what must come of it."""

    name: str
    series: tuple[Series, ...]
    expect: tuple[Fires | Quiet | Value, ...] = field(default=())


def series(name: str, labels: dict[str, str], line: Line) -> Series:
    """One series."""
    return {_labels(name, labels): line}


def _labels(name: str, labels: dict[str, str]) -> str:
    return name + "{" + ", ".join(f'{key}="{value}"' for key, value in labels.items()) + "}"


def _minutes(span: str) -> int:
    return round(parse_duration(span) / 60)
