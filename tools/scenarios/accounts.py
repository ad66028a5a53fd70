"""Accounts that scenarios are made of: their series follow from what their polls came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporter.model import Reason
from exporter.validation.duration import parse_duration
from tools.scenarios.model import Line, Series, series


@dataclass(frozen=True, slots=True)
class Account:
    """An account as one exporter shows it. It is polled each minute."""

    account: str = "studio"
    provider: str = "heygen"
    team: str = "video"
    instance: str = "one:9893"

    @property
    def labels(self) -> dict[str, str]:
        """The labels of all its series."""
        return {"provider": self.provider, "account": self.account, "team": self.team, "job": "ai", "instance": self.instance}

    def show(self, family: str, line: Line, **labels: str) -> Series:
        """A series of the account."""
        return series(f"ai_account_{family}", self.labels | labels, line)

    def alert(self, severity: str, **labels: str) -> dict[str, str]:
        """All labels of an alert on it."""
        return self.labels | labels | {"severity": severity}

    def polls(self, *phases: tuple[str, str], interval: float = 300) -> Series:
        """What its polls tell, phase by phase: `good`, `off` (the exporter does not run), `new` (not yet polled) or a reason; and how long."""
        page = _Page()
        for what, span in phases:
            page.add(what, span)
        shown = {"up": page.up, "scrapes_total": page.polls, "last_success_timestamp_seconds": page.last_success}
        shown["scrape_interval_seconds"] = Line(interval).flat(_sum(phases))
        found = {name: line for family, line in shown.items() for name, line in self.show(family, line).items()}
        for reason, line in page.errors.items():
            found |= self.show("scrape_errors_total", line, reason=reason)
        return found

    def quota(self, resource: str, unit: str, **families: Line) -> Series:
        """Figures of one resource: `remaining=...`, `consumed_total=...`."""
        found: Series = {}
        for family, line in families.items():
            found |= self.show(f"quota_{family}", line, resource=resource, unit=unit)
        return found

    def threshold(self, resource: str, unit: str, line: Line, severity: str) -> Series:
        """A floor that its owner has set."""
        return self.show("quota_threshold", line, resource=resource, unit=unit, severity=severity)


@dataclass(slots=True)
class _Page:
    """The series of polls while they are built."""

    up: Line = field(default_factory=Line)
    polls: Line = field(default_factory=Line)
    last_success: Line = field(default_factory=Line)
    errors: dict[str, Line] = field(default_factory=lambda: {str(reason): Line() for reason in Reason})
    now: float = 0.0
    success_at: float | None = None

    def add(self, what: str, span: str) -> None:
        if what == "off":
            self._off(span)
        elif what == "new":
            self.up, self.last_success, self.polls = self.up.late(span), self.last_success.late(span), self.polls.flat(span)
            self._count("", span)
        else:
            self._polled(what, span)
        self.now += parse_duration(span)

    def _off(self, span: str) -> None:
        self.up, self.last_success, self.polls = self.up.gone(span), self.last_success.gone(span), self.polls.gone(span).set(0)
        self.errors = {reason: line.gone(span).set(0) for reason, line in self.errors.items()}

    def _polled(self, what: str, span: str) -> None:
        self.up = self.up.set(float(what == "good")).flat(span)
        self.polls = self.polls.by(1, span)
        self._count(what, span)
        if what == "good":
            self.last_success = self.last_success.set(self.now).by(60, span)
            self.success_at = self.now + parse_duration(span) - 60
        elif self.success_at is None:
            self.last_success = self.last_success.late(span)
        else:
            self.last_success = self.last_success.set(self.success_at).flat(span)

    def _count(self, failed: str, span: str) -> None:
        self.errors = {
            reason: line.plus(1).by(1, span).plus(-1) if reason == failed else line.flat(span) for reason, line in self.errors.items()
        }


def _sum(phases: tuple[tuple[str, str], ...]) -> str:
    return f"{round(sum(parse_duration(span) for _, span in phases))}s"
