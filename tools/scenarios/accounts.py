"""An account's series, from the results of its polls."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.validation.duration import format_duration, parse_duration
from tools.scenarios.scenario import Series, Values, selector

STALE_AFTER = 15 * 60
"""How many seconds the values stay after the last successful poll."""


@dataclass(frozen=True, slots=True)
class AccountSeries:
    """An account of one exporter, polled once a minute."""

    instance: str = "one:9893"

    @property
    def labels(self) -> dict[str, str]:
        """The labels of all its series."""
        return {"provider": "heygen", "account": "studio", "team": "video", "job": "ai", "instance": self.instance}

    def family(self, name: str, values: Values, **labels: str) -> Series:
        """One series of the account."""
        return {selector(f"ai_account_{name}", self.labels | labels): values}

    def alert(self, severity: str, **labels: str) -> dict[str, str]:
        """All labels of an alert on it."""
        return self.labels | labels | {"severity": severity}

    def polls(self, *phases: tuple[str, str]) -> Series:
        """The series of polls. Each phase is what happens, and how long.

        It is `good`, `failed`, `new` (not polled yet), `off` (the exporter is down) or `removed` (the account is not configured).
        """
        target = up = total = success = Values()
        resources = Values(1)
        now = 0.0
        last: float | None = None
        for what, span in phases:
            target = target.set(float(what != "off")).flat(span)
            if what in {"off", "removed"}:
                up, success, total = up.stale(span), success.stale(span), total.stale(span).set(0)
            elif what == "new":
                up, success, total = up.missing(span), success.missing(span), total.flat(span)
            else:
                up, total = up.set(float(what == "good")).flat(span), total.by(1, span)
                if what == "good":
                    success, last = success.set(now).by(60, span), now + parse_duration(span) - 60
                else:
                    success = success.missing(span) if last is None else success.set(last).flat(span)
            resources = _resources(resources, what, span, known=last is not None)
            now += parse_duration(span)
        shown = {"up": up, "scrapes_total": total, "last_success_timestamp_seconds": success, "resources": resources}
        found = {selector("up", {"job": "ai", "instance": self.instance}): target}
        return found | {name: values for family, each in shown.items() for name, values in self.family(family, each).items()}

    def quota(self, resource: str, unit: str, **families: Values) -> Series:
        """The series of one resource: `remaining=...`, `consumed_total=...`."""
        found: Series = {}
        for name, values in families.items():
            found |= self.family(f"quota_{name}", values, resource=resource, unit=unit)
        return found


def _resources(before: Values, what: str, span: str, *, known: bool) -> Values:
    """The number of resources, which is known as long as the values are."""
    if what == "good":
        return before.flat(span)
    kept = min(parse_duration(span), STALE_AFTER) if what == "failed" and known else 0
    gone = parse_duration(span) - kept
    values = before.flat(format_duration(kept)) if kept else before
    return values.stale(format_duration(gone)) if gone else values


STUDIO = AccountSeries()
WALLET = {"resource": "wallet", "unit": "usd"}
