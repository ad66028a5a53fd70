"""Unit tests of RunningOut for quotas that reset every day."""

from __future__ import annotations

from tools.scenarios.accounts import STUDIO
from tools.scenarios.scenario import Firing, Quiet, Scenario, Series, Values, flat
from tools.scenarios.trend import OUT, WARNING

LABELS = {"resource": "characters", "unit": "characters"}
MESSAGE = (
    "By the last forecast, account studio at heygen is expected to run out of characters at 1970-01-0{day} 23:00 UTC, if the coming days are "
    "like the past ones. Neither a reset nor auto reload is expected before that. Top it up, or find out what uses it."
)


def _resets(*hours: int) -> Values:
    """A reset at each of these times. The vendor shows the first new one half an hour late, the second an hour, and so on."""
    values, last = Values(), 0
    for number, hour in enumerate(hours, 1):
        shown = hour * 60 + 30 * number
        values, last = values.set(hour * 3600).flat(f"{shown - last}m"), shown
    return values


def _quota(remaining: Values, resets: Values, resource: str = "characters") -> Series:
    """On the second day from 16:00 to 22:00, an end at 23:00 is forecast."""
    ends = Values().missing("40h").set(47 * 3600).flat("6h").stale("52h")
    return STUDIO.quota(resource, "characters", remaining=remaining, exhaustion_timestamp_seconds=ends, reset_timestamp_seconds=resets)


def _days(second: Values) -> Values:
    return second.set(1000).flat("50h")


DAILY = _resets(24, 48, 72, 96)
ALL = ("good", "98h")
TOPPED_UP = flat(1000, "24h").set(300).flat("22h").set(1000).flat("52h")
LOW = flat(1000, "24h").set(500).flat("24h")

SCENARIOS = (
    Scenario(
        "the warning stays for a day and a half, also after the reset, and expects the end at the same time of the new day",
        (STUDIO.polls(ALL), _quota(_days(LOW), DAILY)),
        (
            Quiet(OUT, "40h"),
            Firing(OUT, "47h", (STUDIO.alert("warning", **LABELS),), MESSAGE.format(day=2)),
            *(Firing(OUT, time, WARNING) for time in ("48h", "48h30m", "49h")),
            Firing(OUT, "50h", (STUDIO.alert("warning", **LABELS),), MESSAGE.format(day=3)),
            Firing(OUT, "81h", WARNING),
            Quiet(OUT, "82h30m"),
        ),
    ),
    Scenario(
        "the warning stays while nothing is left",
        (STUDIO.polls(ALL), _quota(_days(flat(1000, "24h").set(500).flat("22h").set(0).flat("2h")), DAILY)),
        tuple(Firing(OUT, time, WARNING) for time in ("45h", "47h", "49h")),
    ),
    Scenario(
        "the account is removed",
        (STUDIO.polls(("good", "60h"), ("removed", "38h")), _quota(LOW.set(1000).flat("12h").stale("38h"), DAILY)),
        (Firing(OUT, "59h", WARNING), Quiet(OUT, "60h15m")),
    ),
    Scenario(
        "a reset ends the warning if the next one is further away, or if the resource has the name of a window of hours",
        (
            STUDIO.polls(ALL),
            _quota(_days(LOW), _resets(48, 96 + 168)),
            _quota(_days(LOW), _resets(*range(4, 104, 4)), "four_hour_characters"),
        ),
        (Firing(OUT, "47h", ({"resource": "characters"}, {"resource": "four_hour_characters"})), Quiet(OUT, "48h15m"), Quiet(OUT, "60h")),
    ),
    Scenario(
        "a monthly quota is topped up on its last day",
        (STUDIO.polls(ALL), _quota(TOPPED_UP, _resets(60, 800))),
        (Firing(OUT, "42h", WARNING), Quiet(OUT, "46h15m"), Quiet(OUT, "50h")),
    ),
    Scenario(
        "a daily quota is raised",
        (STUDIO.polls(ALL), _quota(LOW.set(4000).flat("50h"), DAILY)),
        (Firing(OUT, "47h", WARNING), Quiet(OUT, "48h15m"), Quiet(OUT, "60h")),
    ),
    Scenario(
        "a monthly quota whose reset drifts is topped up on its last day",
        (STUDIO.polls(ALL), _quota(TOPPED_UP, Values(60 * 3600).by(1, "98h"))),
        (Firing(OUT, "42h", WARNING), Quiet(OUT, "46h15m"), Quiet(OUT, "50h")),
    ),
)
