"""SIGTERM: stop polling, save, close, within five seconds, whatever hangs."""

from __future__ import annotations

from exporter.accounts.persistence import CLOSE_WAIT
from exporter.cli.serve import EXIT_TIMEOUT
from exporter.daemon.daemon import FINISH_TIMEOUT
from exporter.log import FLUSH_TIMEOUT
from exporter.web.server import SHUTDOWN_TIMEOUT

PROMISED = 5.0


def test_all_waits_of_a_stop_together_are_shorter_than_the_promise() -> None:
    """Nothing else of a stop waits: polls, reloads and reads of files are cancelled, and threads are left behind."""
    answers = 2 * SHUTDOWN_TIMEOUT  # aiohttp's `RequestHandler.shutdown`: before it cancels a handler, and after
    threads = EXIT_TIMEOUT + 2 * FLUSH_TIMEOUT  # the interpreter's own flush may still run when the timer begins another
    assert FINISH_TIMEOUT + answers + CLOSE_WAIT + threads < PROMISED
