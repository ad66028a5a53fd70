"""Expands the PromQL of this package: names for selectors, and durations at another scale."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent

from exporter.validation.duration import format_duration, parse_duration

NAMES = {
    "SPEND": 'resource=~"(.*_)?spend"',
    # Slots are held rather than used up: having none free is not an emergency.
    "SUPPLY": 'resource!~"(.*_)?spend",unit!="slots"',
    "NO_SLOTS": 'unit!="slots"',
    # The vendor refills these by itself within hours, also where it returns no reset.
    "WINDOW": 'resource=~"(hourly|daily|.+_hour)_.+"',
    "NOT_HOURLY": 'resource!~"(hourly|.+_hour)_.+|.+_interval"',
    "VENDOR": 'reason=~"timeout|connection|tls|server_error"',
    "CREDENTIAL": 'reason=~"unauthorized|forbidden|credential"',
    "BAD_STATE": 'status=~"past_due|unpaid|incomplete|incomplete_expired|suspended|paused|cancell?ed|(.*_)?disabled|expired|blocked|closed"',
}
"""The matchers that a name in braces stands for: `{SPEND}` selects the spending caps."""

_NAME = re.compile(r"\b(?:" + "|".join(NAMES) + r")\b")
_SECONDS = re.compile(r"\bseconds\(([0-9a-z]+)\)")
_RANGE = re.compile(r"(?<=\[)[0-9a-z]+(?::[0-9a-z]+)?(?=\])")
_OFFSET = re.compile(r"(?<=\boffset )[0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Scale:
    """Divides every window and duration by `factor`, so that a test sees in seconds what takes hours."""

    factor: float = 1.0

    def duration(self, text: str) -> str:
        """A Prometheus duration at this scale."""
        return format_duration(parse_duration(text) / self.factor)

    def number(self, text: str) -> str:
        """The same as a number of seconds."""
        return f"{parse_duration(text) / self.factor:.12g}"

    def expression(self, text: str) -> str:
        """PromQL for Prometheus: `seconds(3d)` becomes a number, ranges and offsets are scaled, names are replaced by matchers."""
        text = _NAME.sub(lambda found: NAMES[found[0]], dedent(text).strip())
        text = _SECONDS.sub(lambda found: self.number(found[1]), text)
        text = _RANGE.sub(lambda found: ":".join(map(self.duration, found[0].split(":"))), text)
        return _OFFSET.sub(lambda found: self.duration(found[0]), text)
