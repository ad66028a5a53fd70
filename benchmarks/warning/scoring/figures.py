"""The figures of one detector: a group of alerts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmarks.warning.scoring.detectors import EXHAUSTED, Key, Rules
from benchmarks.warning.scoring.scores import Alarm, End, Flap, Scores

HOURS_AHEAD = 4


@dataclass(frozen=True)
class Figures:
    """What came of the alerts of one detector."""

    scores: Scores
    keys: Collection[Key]

    @cached_property
    def visible(self) -> list[End]:
        """The ends that the goal counts."""
        return [end for end in self.scores.ends if end.sight == "visible"]

    @cached_property
    def seasonal(self) -> list[End]:
        """The ends that only the same hours of an earlier day or week showed."""
        return [end for end in self.scores.ends if end.sight == "seasonal"]

    @cached_property
    def alarms(self) -> list[Alarm]:
        """All alarms."""
        return [alarm for alarm in self.scores.alarms if alarm.key in self.keys]

    @cached_property
    def false(self) -> list[Alarm]:
        """The false ones."""
        return [alarm for alarm in self.alarms if not alarm.is_right]

    @cached_property
    def false_in_six_days(self) -> list[Alarm]:
        """Those that are false by six days, too."""
        return [alarm for alarm in self.alarms if not alarm.is_right_in_six_days]

    @cached_property
    def flaps(self) -> list[Flap]:
        """All flaps."""
        return [flap for flap in self.scores.flaps if flap.key in self.keys]

    @cached_property
    def missed(self) -> list[End]:
        """The visible ends that were not announced."""
        return [end for end in self.visible if not self.is_announced(end)]

    def is_announced(self, end: End) -> bool:
        """Whether one of the alerts fired at some moment at least four hours before."""
        return self.hours_before(end) >= HOURS_AHEAD

    def announced(self, ends: Sequence[End]) -> int:
        """Return how many of these ends were announced."""
        return sum(map(self.is_announced, ends))

    def standing(self, ends: Sequence[End]) -> int:
        """Return before how many of these ends one of the alerts fired exactly four hours before."""
        return sum(not end.standing.isdisjoint(self.keys) for end in ends)

    def lead(self, quantile: float) -> float:
        """Return a quantile of the hours between the first alert and a visible end."""
        leads = sorted(map(self.hours_before, self.visible))
        return leads[int(quantile * (len(leads) - 1))] if leads else 0.0

    def per_month(self, number: float) -> float:
        """Return a number of an account's month."""
        return number / self.scores.months

    @property
    def false_hours(self) -> float:
        """The hours of a month at which they fire and are wrong."""
        return self.per_month(sum(self.scores.false_hours[key] for key in self.keys))

    def as_numbers(self) -> dict[str, float]:
        """Return the figures that are compared from run to run."""
        return {
            "announced": share(self.announced(self.visible), len(self.visible)),
            "standing": share(self.standing(self.visible), len(self.visible)),
            "seasonal": share(self.announced(self.seasonal), len(self.seasonal)),
            "false_alarms": round(self.per_month(len(self.false)), 4),
            "false_in_six_days": round(self.per_month(len(self.false_in_six_days)), 4),
            "flaps": round(self.per_month(len(self.flaps)), 4),
        }

    def hours_before(self, end: End) -> float:
        """Return how long before an end the first of the alerts fired; 0 if none did."""
        return max((end.lead.get(key, 0.0) for key in self.keys), default=0.0)


def figures_of(scores: Scores, rules: Rules) -> dict[str, Figures]:
    """Return the figures of each detector."""
    return {name: Figures(scores, keys) for name, keys in rules.detectors.items()}


def exhausted(scores: Scores) -> dict[str, int]:
    """Return the figures of the alert that an account is exhausted: alarms, false ones, ends that it should report, and late reports."""
    alarms = [alarm for alarm in scores.alarms if alarm.key == EXHAUSTED]
    return {
        "alarms": len(alarms),
        "false": sum(not alarm.is_right for alarm in alarms),
        "ends": sum(end.should_tell for end in scores.ends),
        "late": len(reported_late(scores)),
    }


def reported_late(scores: Scores) -> list[End]:
    """Return the ends that were not reported within 30 minutes after the vendor's update."""
    return [end for end in scores.ends if end.should_tell and (end.told_after is None or end.told_after > 0.5 + end.delay)]


def share(part: int, whole: int) -> float:
    """Return a share; 1 of nothing."""
    return round(part / whole, 6) if whole else 1.0
