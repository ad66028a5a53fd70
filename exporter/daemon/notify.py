"""Notifies systemd that the service is ready, reloads, stops, and is alive, as sd_notify(3) describes."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import structlog

from exporter.clock import Clock

log = structlog.get_logger()


class Notifier:
    """Sends states to the socket of systemd. Without one, it does nothing."""

    def __init__(self, address: str | None = None, watchdog: float | None = None, monotonic: Callable[[], int] = time.monotonic_ns) -> None:
        """`address` is a path, or `@name` for an abstract address. `watchdog` is how long systemd waits for a sign of life, in seconds.

        `monotonic` is the clock that systemd compares times with, in nanoseconds.
        """
        self._address = address
        self._watchdog = watchdog
        self._monotonic = monotonic
        self._is_failing = False

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Read what systemd sets: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID."""
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environ.get("WATCHDOG_USEC", "")
        is_on = is_ours and microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0
        return cls(environ.get("NOTIFY_SOCKET") or None, int(microseconds) / 1e6 if is_on else None)

    def ready(self) -> None:
        """Report that the service accepts connections."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Report that the service begins to stop."""
        self._send("STOPPING=1")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Report a reload and its end, whether the new configuration is accepted or not."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={self._monotonic() // 1000}")
        try:
            yield
        finally:
            self._send("READY=1")

    async def watch(self, clock: Clock, is_healthy: Callable[[], bool]) -> None:
        """Report in half of the watchdog's time that the service is alive, for as long as it is healthy."""
        if self._address is None or self._watchdog is None:
            return
        while True:
            if is_healthy():
                self._send("WATCHDOG=1")
            await clock.sleep(self._watchdog / 2)

    def _send(self, state: str) -> None:
        """Send without waiting: a full queue of systemd must not delay the polls."""
        if self._address is None:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)  # noqa: FBT003 -- the method's own argument
                sender.sendto(state.encode(), address)
            self._is_failing = False
        except (OSError, ValueError) as error:  # no socket there, or an address that cannot be one
            if not self._is_failing:
                log.warning("notify failed", error=getattr(error, "strerror", None) or type(error).__name__)
            self._is_failing = True
