"""Writes the tables in docs/warning.md from the published results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.markdown import code, table, with_parts

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "warning" / "scoring" / "results.json"
HEAD = (
    "alerts",
    "announced >= 4 h before",
    "firing 4 h before",
    "seasonal ends announced",
    "false a month",
    "false hours a month",
    "flaps a month",
)


def warning(path: Path) -> str:
    """The page about warnings in time with its generated part up to date."""
    return with_parts(path.read_text(encoding="utf-8"), {"results": _results})


def _results() -> str:
    results: Mapping[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return "\n" + "".join(f"### {title}\n\n{_summary(result)}\n\n{table(HEAD, _rows(result))}\n\n" for title, result in results.items())


def _summary(result: Mapping[str, Any]) -> str:
    ends, exhausted = result["ends"], result["exhausted"]
    return (
        f"{result['accounts']:,} accounts of {result['kinds']} kinds, {result['days']} days. Of {sum(ends.values()):,} ends, "
        f"{ends.get('visible', 0):,} were visible and {ends.get('seasonal', 0):,} seasonal. AIAccountExhausted: {exhausted['alarms']:,} alarms, "
        f"{exhausted['false']} false; {exhausted['late']} of {exhausted['ends']:,} ends were not reported within 30 minutes."
    )


def _rows(result: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, row in result["detectors"].items():
        shares = (f"{100 * row[part]:.1f} %" for part in ("announced", "standing", "seasonal"))
        yield code(name) if name[0].isupper() else name, *shares, *(f"{row[part]:.2f}" for part in ("false_alarms", "false_hours", "flaps"))
