"""The verdicts: which ends were announced, which alarms were right, which alerts came and went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from benchmarks.warning.grid import DAY, HOUR, Bools, Series, spans, steps_of
from benchmarks.warning.promql.rules import Firing, alert, record
from benchmarks.warning.promql.series import Database
from benchmarks.warning.promql.syntax import Unsupported, seconds
from benchmarks.warning.scoring.detectors import CAP_EXCEEDED, EXHAUSTED, FACTS, Key, Rules, key_of
from benchmarks.warning.scoring.judge import Judge, Sight
from benchmarks.warning.simulation.batch import Batch, Known

LEAD = 4 * HOUR
SIX_DAYS = 6 * DAY
"""The second judgement, the same for all alerts, so that rules that announce different times can be compared."""
REACH = 72 * HOUR
"""An alert that fired longer ago does not announce an end."""
PAUSE = 6 * HOUR
"""Starts of an alert within this time after it stopped are one alarm; without a top-up between, they are a flap."""


@dataclass(frozen=True)
class End:
    """One end of an account, and which alerts announced it."""

    account: str
    kind: str
    step: int
    sight: Sight
    lead: Mapping[Key, float]
    """Hours from the first moment at which each alert fired to the end."""
    standing: frozenset[Key]
    """The alerts that fired four hours before."""
    told_after: float | None
    """Hours until the alert that it is exhausted fired; None if it did not within a day."""
    should_tell: bool
    """Whether it lasted an hour while polls succeeded."""
    delay: float
    """Hours between two updates of the vendor."""


@dataclass(frozen=True)
class Alarm:
    """One alarm and whether it was right."""

    account: str
    kind: str
    key: Key
    first: int
    end: int
    is_right: bool
    """Whether it would have ended within twice the announced time."""
    is_right_in_six_days: bool
    """Whether it would have ended within six days, or within twice the announced time if that is longer."""


@dataclass(frozen=True)
class Flap:
    """One restart of an alert for no reason."""

    account: str
    kind: str
    key: Key
    step: int


@dataclass
class Scores:
    """The verdicts on one batch, or on many."""

    kinds: Counter[str] = field(default_factory=Counter)
    """The number of accounts of each kind."""
    days: int = 0
    ends: list[End] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    flaps: list[Flap] = field(default_factory=list)
    false_hours: Counter[Key] = field(default_factory=Counter)
    elsewhere: Counter[str] = field(default_factory=Counter)
    """Alarms about other resources of an account, or about no account."""
    unsupported: set[str] = field(default_factory=set)

    @property
    def months(self) -> float:
        """Account-months."""
        return self.kinds.total() * self.days / 30

    def of_kind(self, kind: str) -> Scores:
        """Return the verdicts on the accounts of one kind, without what is known only of all."""
        return Scores(
            Counter({kind: self.kinds[kind]}),
            self.days,
            [end for end in self.ends if end.kind == kind],
            [alarm for alarm in self.alarms if alarm.kind == kind],
            [flap for flap in self.flaps if flap.kind == kind],
        )

    def __iadd__(self, other: Scores) -> Scores:
        self.kinds += other.kinds
        self.days = other.days
        self.ends += other.ends
        self.alarms += other.alarms
        self.flaps += other.flaps
        self.false_hours += other.false_hours
        self.elsewhere += other.elsewhere
        self.unsupported |= other.unsupported
        return self


def evaluate(series: Series, rules: Rules, steps: int) -> tuple[dict[Key, Firing], set[str]]:
    """Return the firing steps of each alert, and which rules could not be evaluated and why."""
    database = Database(steps, series)
    firing: dict[Key, Firing] = {}
    unsupported: set[str] = set()
    for rule in (rule for group in rules.groups for rule in group["rules"]):
        try:
            if "record" in rule:
                record(database, rule["record"], rule["expr"], rule.get("labels", {}))
                continue
            found = alert(database, rule["expr"], seconds(rule.get("for", "")), seconds(rule.get("keep_firing_for", "")))
        except Unsupported as reason:
            unsupported.add(f"{rule.get('record') or rule['alert']}: {reason}")
            continue
        _merge(firing.setdefault(key_of(rule), {}), found)
    return firing, unsupported


def score(batch: Batch, rules: Rules) -> Scores:
    """Return the verdicts on one batch."""
    scores = Scores(days=batch.days)
    firing, scores.unsupported = evaluate(batch.series, rules, steps_of(batch.days))
    fired = _by_account(batch, firing, scores.elsewhere)
    for known in batch.accounts:
        name, kind = known.account.name, known.account.kind
        scores.kinds[kind] += 1
        judge, rows = Judge(known, batch.days), fired[name]
        scores.ends += [_end(known, judge, rows, step) for step in judge.ends]
        for key, row in rows.items():
            scores.flaps += [Flap(name, kind, key, step) for step in _flaps(judge, row)]
            scores.alarms += _alarms(known, judge, key, row, rules)
            if key in rules.horizons:
                hours = (np.flatnonzero(row[::HOUR]) * HOUR).tolist()
                scores.false_hours[key] += sum(not judge.would_end(step, 2 * rules.horizons[key]) for step in hours)
    return scores


def _merge(known: Firing, found: Firing) -> None:
    for labels, row in found.items():
        known[labels] = known[labels] | row if labels in known else row


def _by_account(batch: Batch, firing: Mapping[Key, Firing], elsewhere: Counter[str]) -> dict[str, dict[Key, Bools]]:
    """Return the alerts on each account's main resource. Those of two exporters on one account are one."""
    resources = {known.account.name: known.account.resource for known in batch.accounts}
    fired: dict[str, dict[Key, Bools]] = {name: {} for name in resources}
    for (alert_name, severity), found in firing.items():
        key = (alert_name, "critical" if alert_name in FACTS else severity)
        for labels, row in found.items():
            named = dict(labels)
            account = named.get("account", "")
            if account not in fired or named.get("resource", resources[account]) != resources[account]:
                elsewhere[f"{' '.join(key)} {named.get('resource', '')}".strip()] += len(spans(row))
                continue
            rows = fired[account]
            rows[key] = rows[key] | row if key in rows else row
    return fired


def _end(known: Known, judge: Judge, rows: Mapping[Key, Bools], step: int) -> End:
    since = max(judge.last_filled(step) + HOUR, step - REACH, 0)  # what fires within an hour of a top-up is about what was before
    fired = {key: np.flatnonzero(row[since : step + 1]) for key, row in rows.items()}
    lead = {key: (step - since - int(at[0])) / HOUR for key, at in fired.items() if len(at)}
    at = step - LEAD
    standing = frozenset(key for key, row in rows.items() if at >= since and row[max(0, at)])
    reported = rows.get(CAP_EXCEEDED if known.account.spec.form == "spend" else EXHAUSTED)
    late = [] if reported is None else np.flatnonzero(reported[step : step + DAY]).tolist()
    delay = known.account.spec.update_every / HOUR
    lasted = (min([step + DAY, *(filled for filled in judge.filled if filled > step)]) - step) / HOUR
    is_shown = judge.newest(step + HOUR // 2) >= step - step % known.account.spec.update_every or known.account.refuses_polls
    should_tell = lasted >= 1 + delay and is_shown and step < judge.steps - DAY
    name, kind = known.account.name, known.account.kind
    return End(name, kind, step, judge.sight(step), lead, standing, late[0] / HOUR if late else None, should_tell, delay)


def _flaps(judge: Judge, row: Bools) -> Iterator[int]:
    runs = spans(row)
    for (_, stopped), (first, _) in pairwise(runs):
        if first - stopped <= PAUSE and not any(stopped - HOUR <= filled <= first for filled in judge.filled):
            yield first


def _alarms(known: Known, judge: Judge, key: Key, row: Bools, rules: Rules) -> Iterator[Alarm]:
    if key != EXHAUSTED and key not in rules.horizons:
        return
    before: int | None = None
    for first, end in spans(row):
        is_new, before = before is None or first - before > PAUSE, end
        if is_new:
            yield Alarm(known.account.name, known.account.kind, key, first, end, *_verdicts(judge, key, first, rules))


def _verdicts(judge: Judge, key: Key, first: int, rules: Rules) -> tuple[bool, bool]:
    if key == EXHAUSTED:
        return (judge.was_empty(first),) * 2
    within = 2 * rules.horizons[key]
    return judge.would_end(first, within), judge.would_end(first, max(within, SIX_DAYS))
