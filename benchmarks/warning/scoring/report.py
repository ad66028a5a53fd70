"""Tables of the figures, in Markdown that is aligned for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.warning.grid import DAY, when
from benchmarks.warning.scoring.detectors import EXHAUSTED, GROUPS, SOON, Rules
from benchmarks.warning.scoring.figures import Figures, exhausted, figures_of, reported_late
from benchmarks.warning.scoring.scores import Alarm, End, Flap, Scores

HEAD = (
    "detector",
    "announced >= 4 h",
    "firing at -4 h",
    "seasonal",
    "lead p5",
    "median",
    "alarms",
    "false",
    "false/month",
    "in six days",
    "false h/month",
    "flaps/month",
)
KIND_HEAD = (
    "kind",
    "accounts",
    "visible",
    "announced",
    "firing at -4 h",
    "seasonal",
    "announced",
    "other ends",
    "false pages/mo",
    "false warnings/mo",
    "flaps/mo",
)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; the first column is aligned left, the others right."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [" | ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]) for row in cells]
    rule = " | ".join(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:]))


def percent(part: int, whole: int) -> str:
    """Return a share in percent."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def report(scores: Scores, rules: Rules, examples: int) -> Iterator[str]:
    """Yield the whole report; `examples` is how many single cases of each kind are listed."""
    figures = figures_of(scores, rules)
    sights = ", ".join(f"{count} {sight}" for sight, count in Counter(end.sight for end in scores.ends).most_common())
    yield f"{scores.kinds.total()} accounts, {scores.months:.1f} account-months, {len(scores.ends)} ends: {sights}\n"
    yield f"{summary(figures)}\n"
    yield f"{_exhausted(scores)}\n"
    if all(name in figures for name in GROUPS):
        yield f"{_by_kind(scores, rules)}\n"
        yield from _cases(scores, figures, examples)
    yield f"Alerts on other resources, or on no account: {dict(scores.elsewhere.most_common(12))}"
    yield f"Rules that were not evaluated: {sorted(scores.unsupported)}"


def summary(figures: dict[str, Figures]) -> str:
    """Return the table of detectors: ends that were visible six hours before, leads in hours, false alarms."""
    return table(HEAD, (_row(name, each) for name, each in figures.items()))


def _row(name: str, figures: Figures) -> list[object]:
    visible, seasonal = figures.visible, figures.seasonal
    return [
        name,
        percent(figures.announced(visible), len(visible)),
        percent(figures.standing(visible), len(visible)),
        percent(figures.announced(seasonal), len(seasonal)),
        f"{figures.lead(0.05):.1f}",
        f"{figures.lead(0.5):.1f}",
        len(figures.alarms),
        len(figures.false),
        f"{figures.per_month(len(figures.false)):.3f}",
        f"{figures.per_month(len(figures.false_in_six_days)):.3f}",
        f"{figures.false_hours:.1f}",
        f"{figures.per_month(len(figures.flaps)):.2f}",
    ]


def _exhausted(scores: Scores) -> str:
    alarms, false, ends, late = exhausted(scores).values()
    return (
        f"{EXHAUSTED[0]}: {alarms} alarms, {false} false; of {ends} ends that lasted an hour while polls succeeded, "
        f"{late} were not reported within 30 minutes"
    )


def _by_kind(scores: Scores, rules: Rules) -> str:
    return table(KIND_HEAD, (_kind_row(kind, scores.of_kind(kind), rules) for kind in scores.kinds))


def _kind_row(kind: str, scores: Scores, rules: Rules) -> list[object]:
    figures = figures_of(scores, rules)
    soon, pages, warnings = figures[SOON], figures[f"{SOON}: pages"], figures[f"{SOON}: warnings"]
    visible, seasonal = soon.visible, soon.seasonal
    return [
        kind, scores.kinds.total(), len(visible), percent(soon.announced(visible), len(visible)), percent(soon.standing(visible), len(visible)),
        len(seasonal), percent(soon.announced(seasonal), len(seasonal)), len(scores.ends) - len(visible) - len(seasonal),
        *(f"{soon.per_month(len(found)):.2f}" for found in (pages.false, warnings.false, soon.flaps)),
    ]  # fmt: skip


def _cases(scores: Scores, figures: dict[str, Figures], examples: int) -> Iterator[str]:
    soon = figures[SOON]
    alarms = [alarm for alarm in scores.alarms if alarm.key == EXHAUSTED and not alarm.is_right]
    yield from _listed("Visible, but not announced", soon.missed, examples)
    yield from _listed("False pages", figures[f"{SOON}: pages"].false, examples)
    yield from _listed("False warnings", figures[f"{SOON}: warnings"].false, examples)
    yield from _listed("Flaps", soon.flaps, examples)
    yield from _listed(f"{EXHAUSTED[0]} although it was not", alarms, examples)
    yield from _listed("Ends that were not reported within 30 minutes", reported_late(scores), examples)


def _listed(title: str, cases: Sequence[End | Alarm | Flap], examples: int) -> Iterator[str]:
    yield f"{title}: {len(cases)}"
    seen: Counter[str] = Counter()
    for case in cases:
        seen[case.kind] += 1
        if seen[case.kind] <= examples:
            yield f"  {case.kind}: {case.account}, {_what(case)}"
    yield ""


def _what(case: End | Alarm | Flap) -> str:
    match case:
        case End():
            leads = ", ".join(f"{' '.join(key)} {hours:.1f} h" for key, hours in case.lead.items() if key[0].startswith("AI"))
            return f"end at {when(case.step)}; {leads or 'nothing fired'}"
        case Alarm():
            early = " (first day)" if case.first < DAY else ""
            return f"{' '.join(case.key)} from {when(case.first)} to {when(case.end)}{early}"
        case Flap():
            return f"{' '.join(case.key)} at {when(case.step)}"
