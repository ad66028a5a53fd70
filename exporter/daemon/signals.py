"""The process's signals: SIGTERM and SIGINT stop it. SIGHUP reloads the configuration, or stops what has none."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Self


class Signals:
    """Calls one function for a stop and one for a reload, while its context lasts; afterwards the signals are ignored.

    Before this, `exporter.__main__` handles them.
    """

    def __init__(self, stop: Callable[[], object], reload: Callable[[], object] | None) -> None:
        """`reload` is None where nothing can be reloaded: SIGHUP then means that the terminal was closed, unless `nohup` ignores it."""
        self._actions = {signal.SIGTERM: stop, signal.SIGINT: stop}
        if reload or signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            self._actions[signal.SIGHUP] = reload or stop

    def __enter__(self) -> Self:
        for number, act in self._actions.items():
            asyncio.get_running_loop().add_signal_handler(number, act)
        return self

    def __exit__(self, *_: object) -> None:
        for number in self._actions:
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)  # the process is about to end by itself
