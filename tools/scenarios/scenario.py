"""The parts of a unit test for promtool: series with one value per minute, and what the rules must do with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from exporter.validation.duration import parse_duration
from tools.rules.documents import RUNBOOKS, alerts


class Part(NamedTuple):
    """Some minutes of a series. The value starts at `start` and changes by `step` each minute, unless the series is stale or missing."""

    minutes: int
    start: float = 0.0
    step: float = 0.0
    kind: Literal["values", "stale", "missing"] = "values"

    def notation(self, pace: int) -> str:
        """In promtool's notation, with a sample every `pace` minutes."""
        count = self.minutes // pace
        if self.kind == "missing":
            return f"_x{count}"
        if self.kind == "stale":
            return f"stale _x{count - 1}" if count > 1 else "stale"
        return f"{self.start:.12g}{self.step * pace:+.12g}x{count - 1}" if self.step else f"{self.start:.12g}x{count - 1}"


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a series; `next` is the next one."""

    next: float = 0.0
    parts: tuple[Part, ...] = ()

    def by(self, step: float, span: str) -> Values:
        """Change by `step` each minute."""
        count = _minutes(span)
        return Values(self.next + step * count, (*self.parts, Part(count, self.next, step)))

    def flat(self, span: str) -> Values:
        """Do not change."""
        return self.by(0, span)

    def plus(self, amount: float) -> Values:
        """Add to the next value."""
        return Values(self.next + amount, self.parts)

    def set(self, value: float) -> Values:
        """Replace the next value."""
        return Values(value, self.parts)

    def stale(self, span: str) -> Values:
        """Vanish from the page, so that Prometheus marks the series stale."""
        return Values(self.next, (*self.parts, Part(_minutes(span), kind="stale")))

    def missing(self, span: str) -> Values:
        """Do not exist yet."""
        return Values(self.next, (*self.parts, Part(_minutes(span), kind="missing")))

    def notation(self, pace: int) -> str:
        """In promtool's notation, with a sample every `pace` minutes."""
        return " ".join(part.notation(pace) for part in self.parts)


def flat(value: float, span: str) -> Values:
    """A series that does not change."""
    return Values(value).flat(span)


@dataclass(frozen=True, slots=True)
class Firing:
    """Exactly these alerts of the name are firing. With `description`, all their labels and annotations are compared."""

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
        samples = [{"labels": selector("", each), "value": 1} for each in self.labels]
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
class Result:
    """A query returns these values, each with its labels."""

    expr: str
    at: str
    samples: tuple[tuple[dict[str, str], float], ...]

    def test(self) -> tuple[str, dict[str, Any]]:
        """The kind of test, and the test."""
        samples = [{"labels": selector("", labels), "value": value} for labels, value in self.samples]
        return "promql_expr_test", {"expr": self.expr, "eval_time": self.at, "exp_samples": samples}


Series = dict[str, Values]
"""Values by the name and labels of their series."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One unit test."""

    name: str
    series: tuple[Series, ...]
    expect: tuple[Firing | Quiet | Result, ...] = field(default=())


def selector(name: str, labels: dict[str, str]) -> str:
    """A series in Prometheus's notation."""
    return name + "{" + ", ".join(f'{key}="{value}"' for key, value in labels.items()) + "}"


def _minutes(span: str) -> int:
    return round(parse_duration(span) / 60)
