"""Writes the figures in docs/warning.md and docs/faq.md from the published results."""

from __future__ import annotations

import json
from collections import Counter
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
    "false a month, by six days",
    "false hours a month",
    "flaps a month",
)


DESIGNED, HELD_OUT = "Kinds used for the design", "Kinds never used for the design"
FIRST = "The 34 kinds of the first evaluation"
BEFORE = "Kinds used for the design, rules without the forecast"
MISSED_HEAD = ("kind", "account", "end, day and hour", "warned, hours before")
KIND_HEAD = (
    "kind", "accounts", "visible ends", "of them announced", "seasonal ends", "of them announced", "false critical", "false warnings", "flaps",
)  # fmt: skip
COMPARED = (
    ("The rules", DESIGNED),
    ("The rules, on the 34 kinds of the first evaluation", FIRST),
    ("The rules, on kinds that were never used for the design", HELD_OUT),
    ("The rules without the forecast", BEFORE),
)
BASELINE = "BaselinePredictLinear12h baseline"
CAUSES = {
    "Use comes in bursts, and a burst stops before the end.": (
        "ad-hoc work of a data team", "bursts of three days", "experiment under a spending cap", "game with patch days, auto reload fails",
        "huge single jobs", "localisation batch with refunds", "long renders, vendor updates every 30m", "monthly batch in a monthly quota",
        "newsroom, adaptive interval", "payroll every two weeks", "release Friday", "release Friday in a quota, 30m", "retry storm",
        "shows at weekends only", "spending cap, bursts", "two live programmes a week", "viral", "wallet campaigns", "wallet runaway job",
        "weekly webinar, auto reload off",
    ),
    "Use falls or stops for days, such as in a holiday week.": (
        "handed over", "holiday week", "paused at random", "step down", "trial of a team", "trial used up once", "wallet decaying use",
    ),
    "The quota ends close to its reset, shortly before or shortly after it.": (
        "agents in a weekly quota", "captions of a parliament in a weekly quota", "daily quota", "daily quota, evening players",
        "deadline in a monthly quota", "homework in a weekly quota", "month-end reports with overage",
        "scraper at midnight in a daily quota", "support chat in a daily quota", "two exporters, monthly quota", "weekly quota",
    ),
}  # fmt: skip
OTHER = "A day is unlike the days before, and few days are known after a restart."


def warning(path: Path) -> str:
    """A page about warnings in time with its generated parts up to date."""
    parts = {
        "announced": _announced,
        "summary": _overview,
        "results": _results,
        "false warnings": _false_warnings,
        "missed ends": _missed,
        "kinds": _kinds,
    }
    return with_parts(path.read_text(encoding="utf-8"), parts)


def _published() -> Mapping[str, Any]:
    results: Mapping[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return results


def _results() -> str:
    tables = (f"#### {title}\n\n{_summary(result)}\n\n{table(HEAD, _rows(result))}\n\n" for title, result in _published().items())
    return "\n" + "".join(tables)


def _overview() -> str:
    """The rows that answer whether the rules are worth their alerts."""
    rows = [
        (f"{rules}: {name}", *_cells(_published()[title]["detectors"][f"ending soon: {alerts}"]))
        for rules, title in COMPARED
        for alerts, name in (("warnings", "warnings"), ("pages", "critical alerts"))
    ]
    baseline = "`predict_linear` over six hours, less than twelve hours ahead", *_cells(_published()[DESIGNED]["detectors"][BASELINE])
    return "\n" + table(HEAD, [*rows, baseline]) + "\n\n"


def _announced() -> str:
    """The most important figures, as sentences."""
    results = [_published()[kinds] for kinds in (DESIGNED, HELD_OUT)]
    found = {alerts: [result["detectors"][f"ending soon: {alerts}"] for result in results] for alerts in ("warnings", "pages")}
    months = [result["accounts"] * result["days"] / 30 for result in results]
    warned, paged = ([f"{100 * row['announced']:.0f} %" for row in rows] for rows in found.values())
    sent = [sum(row["alarms"] for row in rows) for rows in found.values()]
    false = [round(sum(row["false_alarms"] * each for row, each in zip(rows, months, strict=True))) for rows in found.values()]
    return (
        f"Of the ends that could be seen, {warned[0]} had a warning at least four hours before, and {paged[0]} a critical alert. On kinds of\n"
        f"accounts that were never used for the design of the rules, these shares are {warned[1]} and {paged[1]}. Of {sent[0]:,} warnings {false[0]} were false,\n"
        f"and of {sent[1]:,} critical alerts {false[1]}.\n"
    )


def _false_warnings() -> str:
    """The false warnings of all kinds by cause."""
    found = Counter[str]()
    for title in (DESIGNED, HELD_OUT):
        found.update({kind: row["false_warnings"] for kind, row in _published()[title]["by_kind"].items() if row["false_warnings"]})
    causes = {kind: cause for cause, kinds in CAUSES.items() for kind in kinds}
    rows = []
    for cause in (*CAUSES, OTHER):
        kinds = {kind: count for kind, count in found.most_common() if causes.get(kind, OTHER) == cause}
        if kinds:
            rows.append((cause, str(sum(kinds.values())), ", ".join(f"{kind} ({count})" for kind, count in kinds.items())))
    return "\n" + table(("why", "false warnings", "kinds"), rows) + "\n\n"


def _missed() -> str:
    """The visible ends of all kinds that were not announced."""
    ends = [end for title in (DESIGNED, HELD_OUT) for end in _published()[title]["missed"]]
    return "\n" + table(MISSED_HEAD, [(end["kind"], end["account"], end["at"], f"{end['hours_before']:.1f}") for end in ends]) + "\n\n"


def _kinds() -> str:
    """What happened to the accounts of each kind, and in parentheses what the rules without the forecast did."""
    published = _published()
    before = published[BEFORE]["by_kind"]
    rows = [_kind_row(kind, row, before.get(kind)) for title in (DESIGNED, HELD_OUT) for kind, row in published[title]["by_kind"].items()]
    return "\n" + table(KIND_HEAD, rows) + "\n\n"


def _kind_row(kind: str, row: Mapping[str, int], before: Mapping[str, int] | None) -> tuple[str, ...]:
    parts = ("accounts", "visible", "announced", "seasonal", "seasonal_announced", "false_pages", "false_warnings", "flaps")
    compared = parts[-3:] if before else ()
    return kind, *(f"{row[part]} ({before[part]})" if before and part in compared else str(row[part]) for part in parts)


def _summary(result: Mapping[str, Any]) -> str:
    ends, exhausted = result["ends"], result["exhausted"]
    return (
        f"{result['accounts']:,} accounts of {result['kinds']} kinds, {result['days']} days. Of {sum(ends.values()):,} ends, "
        f"{ends.get('visible', 0):,} were visible and {ends.get('seasonal', 0):,} seasonal. AIAccountExhausted: {exhausted['alarms']:,} alarms, "
        f"{exhausted['false']} false. It did not report {exhausted['late']} of {exhausted['ends']:,} ends within 30 minutes."
    )


def _rows(result: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, row in result["detectors"].items():
        yield code(name) if name[0].isupper() else name.replace("pages", "critical"), *_cells(row)


def _cells(row: Mapping[str, float]) -> tuple[str, ...]:
    """The cells of a row below all columns of the head but the first."""
    shares = (f"{100 * row[part]:.1f} %" for part in ("announced", "standing", "seasonal"))
    return *shares, *(f"{row[part]:.2f}" for part in ("false_alarms", "false_in_six_days", "false_hours", "flaps"))
