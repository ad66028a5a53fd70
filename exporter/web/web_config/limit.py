"""The rate limit: a token bucket, kept as the moment at which it would be full again."""

from __future__ import annotations

from exporter.model import Seconds

_ROUNDING = 1e-9


class Bucket:
    """Lets in `burst` requests at once, and one more for every interval that passes; it starts full."""

    def __init__(self, interval: Seconds, burst: int) -> None:
        self.pace = (interval, burst)
        self._full_at = float("-inf")

    def take(self, now: float) -> float:
        """Take one token and return 0; or take none and return how long it is until there is one."""
        interval, burst = self.pace
        full_at = max(self._full_at, now)
        missing = full_at - now - interval * (burst - 1)
        if missing > _ROUNDING:
            return missing
        self._full_at = full_at + interval
        return 0.0
