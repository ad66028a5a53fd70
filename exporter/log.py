"""Logs on standard error, as logfmt or JSON, those of the libraries included."""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
import traceback
from collections.abc import Hashable, Iterator
from contextlib import suppress
from typing import Final, Literal, TextIO

import structlog

LEVELS: Final = ("debug", "info", "warn", "error")
LogFormat = Literal["logfmt", "json"]

MAX_QUEUED_LINES: Final = 10_000
"""How many lines wait for standard error at most. Further lines are dropped and counted."""
REMIND_AFTER: Final = 3600.0
"""After how long a failure that continues is logged again, in seconds."""
FLUSH_TIMEOUT: Final = 0.5
"""How long the end of the process waits until the queued lines are written, in seconds."""


def configure_log(level: str, format_: LogFormat, stream: TextIO | None = None) -> None:
    """Send all logs to the stream, or to standard error. Tracebacks are written without local variables, which may hold a key."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
    ]
    order = ["ts", "level", "event"]
    logfmt = structlog.processors.LogfmtRenderer(key_order=order, bool_as_flag=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False) if format_ == "json" else logfmt,
        ],
    )
    handler = _handler(stream or sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_is_relevant)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.raiseExceptions = False  # `handleError` would write the arguments of the line
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _handler(stream: TextIO | None) -> logging.Handler:
    if stream is None:  # standard error is closed
        return logging.NullHandler()
    try:
        return BackgroundHandler(stream.fileno())
    except OSError:  # a stream in memory, as tests use it
        return logging.StreamHandler(stream)


class BackgroundHandler(logging.Handler):
    """Writes lines to a file descriptor in a thread, so that a reader that does not read never blocks the event loop."""

    def __init__(self, descriptor: int, max_queued: int = MAX_QUEUED_LINES) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._max_queued = max_queued
        self._changed = threading.Condition()
        self._queued: list[str] = []
        self._dropped = 0
        self._is_idle = True
        self._thread: threading.Thread | None = None
        self._is_line_open = False

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line, or count it where the queue is full."""
        try:
            line = self.format(record)
        except (TypeError, ValueError, LookupError):  # a library's arguments do not fit its message
            self.handleError(record)
            return
        with self._changed:
            if len(self._queued) >= self._max_queued:
                self._dropped += 1
                return
            self._queued.append(line)
            self._is_idle = False
            if self._thread is None:
                self._start_thread()
            self._changed.notify_all()

    def _start_thread(self) -> None:
        # A daemon thread, since a write that blocks must not delay the end of the process.
        thread = threading.Thread(target=self._write_forever, name="log", daemon=True)
        with suppress(RuntimeError):  # no more threads are allowed; the next line tries again
            thread.start()
            self._thread = thread

    def flush(self) -> None:
        """Wait until all lines are written, for a bounded time."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_idle, FLUSH_TIMEOUT)

    def _write_forever(self) -> None:
        while True:
            with self._changed:
                self._is_idle = not self._queued
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._queued)
                # All at once: every dropped line is younger than these, and older than those that come from here on.
                lines, self._queued, dropped, self._dropped = self._queued, [], self._dropped, 0
            failed = self._write(lines)
            failed += dropped
            if failed and self._write([self._report(failed)]):
                with self._changed:
                    self._dropped += failed

    def _report(self, count: int) -> str:
        text = f"{count} log {'line was' if count == 1 else 'lines were'} dropped, because standard error could not be written"
        return self.format(logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, None, None))

    def _write(self, lines: list[str]) -> int:
        """Write whole lines; returns how many could not be written."""
        content = "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
        rest = memoryview(b"\n" + content if self._is_line_open else content)
        while rest:
            try:
                written = os.write(self._descriptor, rest)
            except BlockingIOError:  # another process made the descriptor non-blocking
                select.select((), (self._descriptor,), ())
            except OSError:  # such as a full disk, or a pipe without a reader
                return bytes(rest).count(b"\n")
            else:
                self._is_line_open = rest[written - 1] != ord("\n")
                rest = rest[written:]
        return 0


def _is_relevant(record: logging.LogRecord) -> bool:
    """Leave out aiohttp's lines about requests that are not HTTP: the fault is the client's, and the text quotes its headers."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__module__ != "aiohttp.http_exceptions"


class Reminder:
    """Selects which of repeated failures are logged: the first, one with another cause, and one an hour."""

    def __init__(self) -> None:
        self._logged: dict[Hashable, tuple[str, float]] = {}
        """The cause that was logged last, and when."""

    def is_due(self, key: Hashable, cause: str, now: float) -> bool:
        """Whether to log this failure. `now` is the time of a clock that never jumps."""
        cause_before, at = self._logged.get(key, ("", now))
        if cause_before == cause and now - at < REMIND_AFTER:
            return False
        self._logged[key] = (cause, now)
        return True

    def forget(self, key: Hashable) -> None:
        """Take note that what failed works again, or is gone: the next failure is a first one."""
        self._logged.pop(key, None)


def frames(error: BaseException) -> str:
    """Return where an error was raised, without its text and without local variables: either may hold a key."""
    return " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__))


def errors_in(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Yield the errors of a group, those of nested groups included."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from errors_in(error)
        else:
            yield error
