"""One account by the hour: what was left and used, what happened, and what fired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from benchmarks.warning.grid import HOUR, Bools, steps_of, when
from benchmarks.warning.scoring.detectors import Rules
from benchmarks.warning.scoring.scores import evaluate
from benchmarks.warning.simulation.batch import Batch, Known

SHOWN = ("kind", "resource", "unit", "per_day", "limit", "overage", "reload", "reload_fails_from", "topup", "thresholds", "spec")


def show(batch: Batch, known: Known, rules: Rules, first: int, hours: int) -> Iterator[str]:
    """Yield one line for each hour."""
    rows = _firing(batch, known, rules)
    yield str({name: value for name, value in asdict(known.account).items() if name in SHOWN and value})
    yield f"ends: {', '.join(map(when, known.history.ends))}"
    for step in range(first, min(first + hours * HOUR, steps_of(batch.days) - 1), HOUR):
        yield "  ".join(filter(None, (*_state(known, step), *_events(known, step), *(name for name, row in rows.items() if row[step]))))


def _firing(batch: Batch, known: Known, rules: Rules) -> dict[str, Bools]:
    name, resource = known.account.name, known.account.resource
    series = {key: column for key, column in batch.series.items() if dict(key[1]).get("account", name) == name}
    firing, _ = evaluate(series, rules, steps_of(batch.days))
    rows: dict[str, Bools] = {}
    for key, found in firing.items():
        for labels, row in found.items():
            if dict(labels).get("resource", resource) == resource:
                place = f"{key[0].removeprefix('AIAccount')} {key[1]}"
                rows[place] = rows[place] | row if place in rows else row
    return rows


def _state(known: Known, step: int) -> tuple[str, ...]:
    account, history = known.account, known.history
    left, used = history.remaining[step] + account.overage, history.consumed[step + 1 : step + HOUR + 1].sum()
    reset = next((reset - step for reset in account.resets if reset > step), None)
    return f"{when(step):>8}", f"left {left:12.2f}", f"used/h {used:10.2f}", f"reset in {reset / HOUR:.1f} h" if reset else ""


def _events(known: Known, step: int) -> Iterator[str]:
    hour = range(step, step + HOUR)
    yield from (f"{why} {amount:g} at {when(at)}" for at, why, amount in known.history.fillings if at in hour)
    yield from (f"END at {when(at)}" for at in known.history.ends if at in hour)
