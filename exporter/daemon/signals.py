"""What the process is told from outside: SIGTERM and SIGINT stop it, SIGHUP makes it reload."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import NoReturn


class Signals:
    """Listens to signals from its making on; belongs inside of a running loop."""

    def __init__(self) -> None:
        self.stop, self._hangup = asyncio.Event(), asyncio.Event()
        for number, event in ((signal.SIGTERM, self.stop), (signal.SIGINT, self.stop), (signal.SIGHUP, self._hangup)):
            asyncio.get_running_loop().add_signal_handler(number, event.set)

    async def on_hangup(self, act: Callable[[], Awaitable[object]]) -> NoReturn:
        """Act once for each signal, or for several that came together."""
        while True:
            await self._hangup.wait()
            self._hangup.clear()
            await act()
