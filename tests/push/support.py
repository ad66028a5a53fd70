"""What a push is made with, and the failures that are counted."""

from __future__ import annotations

from collections.abc import Callable

from exporter.push.pusher import Pusher, PushStatistics

MakePusher = Callable[..., Pusher]


def errors(statistics: PushStatistics) -> dict[str, int]:
    return {reason.value: count for reason, count in statistics.errors.items()}
