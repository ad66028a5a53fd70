"""Logs: a reader that does not read blocks nothing, lines are complete, and dropped lines are counted."""

from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from aiohttp.http_exceptions import BadStatusLine

from exporter.log import BackgroundHandler, configure_log


class Pipe:
    """A pipe whose reader reads only when the test calls it."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        fcntl.fcntl(self.write_end, fcntl.F_SETPIPE_SZ, 4096)
        self._text = b""

    def read_until(self, is_enough: Callable[[str], object]) -> str:
        while not is_enough(self._text.decode()):
            self._text += os.read(self.read_end, 65_536)
        return self._text.decode()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    for descriptor in (made.read_end, made.write_end):
        os.close(descriptor)


def logger(handler: logging.Handler) -> logging.Logger:
    made = logging.getLogger("tests.log")
    made.handlers, made.propagate = [handler], False
    made.setLevel(logging.INFO)
    return made


def test_lines_are_complete_and_in_order(pipe: Pipe) -> None:
    handler = BackgroundHandler(pipe.write_end)
    reader = threading.Thread(target=pipe.read_until, args=(lambda text: text.count("\n") >= 500,))
    reader.start()
    for number in range(500):
        logger(handler).info("line %d %s", number, "x" * 200)
    reader.join(30)
    lines = pipe.read_until(lambda _: True).splitlines()
    assert lines == [f"line {number} {'x' * 200}" for number in range(500)]


def test_a_full_pipe_does_not_block_and_the_dropped_lines_are_counted(pipe: Pipe) -> None:
    handler = BackgroundHandler(pipe.write_end, max_queued=50)
    log = logger(handler)
    for number in range(1_000):
        log.info("line %d %s", number, "x" * 200)
    handler.flush()  # returns although there is no reader
    pipe.read_until(lambda text: "dropped" in text)
    handler.flush()
    log.info("afterwards")
    lines = pipe.read_until(lambda text: text.endswith("afterwards\n")).splitlines()
    expected = 0
    for line in lines[:-1]:
        if "dropped" in line:
            expected += int(line.split()[0])
        else:
            assert line == f"line {expected} {'x' * 200}"
            expected += 1
    assert expected == 1_000
    assert len(lines) < 1_000


def test_a_non_blocking_descriptor_loses_no_lines(pipe: Pipe) -> None:
    os.set_blocking(pipe.write_end, False)
    handler = BackgroundHandler(pipe.write_end)
    for number in range(200):
        logger(handler).info("line %d %s", number, "x" * 200)
    assert len(pipe.read_until(lambda text: text.count("\n") >= 200).splitlines()) == 200


def test_lines_that_a_full_disk_refused_are_counted_once_it_has_space_again(tmp_path: Path) -> None:
    full, good = os.open("/dev/full", os.O_WRONLY), os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    handler = BackgroundHandler(full)
    log = logger(handler)
    for _ in range(3):
        log.info("lost")
    handler.flush()
    os.dup2(good, full)
    log.info("kept")
    handler.flush()
    kept, report = (tmp_path / "log").read_text().splitlines()
    assert kept == "kept"
    assert report.startswith("3 log lines were dropped")


def test_a_line_with_unusable_arguments_is_omitted(pipe: Pipe) -> None:
    handler = BackgroundHandler(pipe.write_end)
    configure_log("info", "logfmt", io.StringIO())  # which switches off the logging module's own report
    logger(handler).info("%d", "text")
    logger(handler).info("next")
    assert pipe.read_until(lambda text: "\n" in text) == "next\n"


def test_without_a_thread_lines_wait_until_one_can_be_started(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    handler = BackgroundHandler(pipe.write_end)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        logger(handler).info("first")
    logger(handler).info("second")
    assert pipe.read_until(lambda text: text.count("\n") == 2) == "first\nsecond\n"


CHATTY = """
import sys, structlog
from exporter.log import configure_log
configure_log("info", sys.argv[1])
for number in range(2000):
    structlog.get_logger().info("event \\ud800 \\xe9", number=number)
"""


@pytest.mark.parametrize("format_", ["logfmt", "json"])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_the_end_of_the_process_loses_no_line(format_: str, locale: str) -> None:
    environ = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", CHATTY, format_], capture_output=True, env=environ, check=True)  # noqa: S603 -- our own code
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 2_000
    if format_ == "json":
        assert [json.loads(line)["number"] for line in lines] == list(range(2_000))


def test_without_standard_error_nothing_is_logged_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    configure_log("info", "logfmt")
    structlog.get_logger().info("without a reader")


def test_a_line_about_an_error_that_quotes_a_request_is_left_out() -> None:
    stream = io.StringIO()
    configure_log("debug", "logfmt", stream)
    for error in (BadStatusLine("canary"), ValueError("shown")):
        logging.getLogger("asyncio").error("Future exception was never retrieved", exc_info=error)
    assert "canary" not in stream.getvalue()
    assert "shown" in stream.getvalue()
