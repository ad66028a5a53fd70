"""This package's PromQL and rule manager against promtool's: every start and end of every alert."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.warning.grid import STEP, Bools, Floats, Labels, steps_of, when
from benchmarks.warning.promql.syntax import seconds
from benchmarks.warning.scoring.detectors import Rules
from benchmarks.warning.scoring.scores import evaluate
from benchmarks.warning.simulation.batch import Batch

COMPARED = ("account", "instance", "job", "resource", "unit")
Edge = tuple[int, int, Labels]
"""Step, 1 for a start or -1 for an end, and labels with alertname and severity."""


def verify(batch: Batch, rules: Rules, days: int, accounts: int) -> Iterator[str]:
    """Yield every difference in the first days of the first accounts of a batch."""
    steps, names = steps_of(days), {"", *(known.account.name for known in batch.accounts[:accounts])}
    series = {key: column[:steps] for key, column in batch.series.items() if dict(key[1]).get("account", "") in names}
    firing, unsupported = evaluate(series, rules, steps)
    skipped = {each.partition(":")[0] for each in unsupported}
    ours = {edge for key, found in firing.items() for labels, row in _merged(found).items() for edge in _edges(key, labels, row)}
    theirs = {edge for edge in _promtool(series, rules, steps) if dict(edge[2])["alertname"] not in skipped}
    for side, edges in (("only promtool", theirs - ours), ("only here", ours - theirs)):
        for step, sign, labels in sorted(edges):
            yield f"{side}: {when(step)} {'starts' if sign > 0 else 'ends'} {dict(labels)}"


def _merged(found: dict[Labels, Bools]) -> dict[Labels, Bools]:
    merged: dict[Labels, Bools] = {}
    for labels, row in found.items():
        kept = tuple(sorted(pair for pair in labels if pair[0] in COMPARED))
        merged[kept] = merged[kept] | row if kept in merged else row
    return merged


def _edges(key: tuple[str, str], labels: Labels, row: Bools) -> Iterator[Edge]:
    named = tuple(sorted((*labels, ("alertname", key[0]), ("severity", key[1]))))
    for step, change in enumerate(np.diff(row.astype(int), prepend=0).tolist()):
        if change:
            yield step, change, named


def _promtool(series: dict[tuple[str, Labels], Floats], rules: Rules, steps: int) -> set[Edge]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.json"  # JSON is YAML
        path.write_text(json.dumps(_test(series, rules, steps)), encoding="utf-8")
        command = ["promtool", "test", "rules", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- the PATH's promtool
    output = done.stdout + done.stderr
    found = re.findall(r", time: (\S+),\s+exp:.*\n\s+got:(.*)", output)
    if not found:
        raise SystemExit(f"promtool reports nothing:\n{output[:2000]}")
    return {
        (int(seconds(at)) // STEP, int(value), tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels))))
        for at, got in found
        for labels, value in re.findall(r"\{([^}]*)\} (-?1)E\+00", got)
    }


def _test(series: dict[tuple[str, Labels], Floats], rules: Rules, steps: int) -> dict[str, object]:
    """Return a test of the starts (1) and ends (-1) at each step. It expects none, so each failure shows the result."""
    now = f'max by (alertname, severity, {", ".join(COMPARED)}) (ALERTS{{alertstate="firing"}}'
    expr = f"({now}) unless {now} offset 5m)) or -1 * ({now} offset 5m) unless {now}))"
    return {
        "rule_files": [str(path) for path in rules.files],
        "evaluation_interval": "5m",
        "group_eval_order": [group["name"] for group in rules.groups],
        "tests": [
            {
                "interval": "5m",
                "input_series": [{"series": _selector(*key), "values": notation(column)} for key, column in series.items()],
                "promql_expr_test": [{"expr": expr, "eval_time": f"{5 * step}m"} for step in range(steps)],
            }
        ],
    }


def _selector(name: str, labels: Labels) -> str:
    return f"{name}{{{','.join(f'{label}={json.dumps(value)}' for label, value in labels)}}}"


def notation(column: Floats) -> str:
    """Return samples in promtool's notation; what vanishes is marked stale, as a scrape does it."""
    is_same = (column[1:] == column[:-1]) | (np.isnan(column[1:]) & np.isnan(column[:-1]))
    starts = [0, *(np.flatnonzero(~is_same) + 1).tolist()]
    return " ".join(_run(float(column[first]), first, end - first) for first, end in zip(starts, [*starts[1:], len(column)], strict=True))


def _run(value: float, first: int, count: int) -> str:
    if value == value:  # noqa: PLR0124 -- not NaN
        return f"{value:.17g}x{count - 1}" if count > 1 else f"{value:.17g}"
    if not first:
        return f"_x{count}"
    return f"stale _x{count - 1}" if count > 1 else "stale"
