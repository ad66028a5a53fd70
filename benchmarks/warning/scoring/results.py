"""The published results: what the documentation shows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.warning.grid import when
from benchmarks.warning.scoring.detectors import SOON, Rules
from benchmarks.warning.scoring.figures import Figures, exhausted, figures_of
from benchmarks.warning.scoring.scores import Scores

RESULTS: Final = Path(__file__).with_name("results.json")
Result = Mapping[str, Any]


def result_of(scores: Scores, rules: Rules) -> Result:
    """Return the result of one run as JSON."""
    return {
        "accounts": scores.kinds.total(),
        "days": scores.days,
        "kinds": len(scores.kinds),
        "ends": dict(Counter(end.sight for end in scores.ends).most_common()),
        "exhausted": exhausted(scores),
        "by_kind": {kind: _kind(scores.of_kind(kind), rules) for kind in scores.kinds},
        "missed": list(_missed(figures_of(scores, rules)[SOON])),
        "detectors": {name: _row(figures) for name, figures in figures_of(scores, rules).items()},
    }


def _missed(soon: Figures) -> Iterator[Result]:
    for end in soon.missed:
        yield {"kind": end.kind, "account": end.account, "at": when(end.step), "hours_before": round(soon.hours_before(end), 1)}


def _kind(scores: Scores, rules: Rules) -> Mapping[str, int]:
    """Return what the alerts that announce an end did on the accounts of one kind."""
    figures = figures_of(scores, rules)
    soon, pages, warnings = figures[SOON], figures[f"{SOON}: pages"], figures[f"{SOON}: warnings"]
    return {
        "accounts": scores.kinds.total(),
        "visible": len(soon.visible),
        "announced": soon.announced(soon.visible),
        "seasonal": len(soon.seasonal),
        "seasonal_announced": soon.announced(soon.seasonal),
        "false_pages": len(pages.false),
        "false_warnings": len(warnings.false_in_six_days),
        "flaps": len(soon.flaps),
    }


def publish(title: str, result: Result, path: Path = RESULTS) -> None:
    """Add a result under a title, or replace the one that has it."""
    path.write_text(f"{json.dumps({**published(path), title: result}, indent=1)}\n", encoding="utf-8")


def published(path: Path = RESULTS) -> Mapping[str, Result]:
    """Return the results by title, in the order in which they were added."""
    found: Mapping[str, Result] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _row(figures: Figures) -> Mapping[str, float]:
    return {**figures.as_numbers(), "false_hours": round(figures.false_hours, 2), "alarms": len(figures.alarms)}
