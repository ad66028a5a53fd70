from __future__ import annotations

import asyncio
import errno
import io

import pytest

from exporter.cli.serve import run_daemon
from exporter.errors import ExporterError
from exporter.web.sockets import ListenError


async def dying(error: Exception) -> None:
    async with asyncio.TaskGroup() as outer, asyncio.TaskGroup() as inner:
        inner.create_task(failing(error))
        outer.create_task(asyncio.Event().wait())


async def failing(error: Exception) -> None:
    raise error


def test_a_loop_that_dies_ends_the_process_and_logs_the_location_without_the_text(log: io.StringIO) -> None:
    with pytest.raises(SystemExit) as ending:
        run_daemon(dying(ZeroDivisionError("canary")), lambda _: None)
    assert ending.value.code == 1
    [line] = log.getvalue().splitlines()
    assert 'event="daemon died" error=ZeroDivisionError' in line
    assert "test_endings.py" in line
    assert "canary" not in line


def test_a_start_that_fails_is_one_line(log: io.StringIO) -> None:
    with pytest.raises(SystemExit) as ending:
        run_daemon(failing(ExporterError("cannot listen on :9893: address already in use")), lambda _: None)
    assert ending.value.code == 1
    [line] = log.getvalue().splitlines()
    assert 'level=error event="start failed" error="cannot listen on :9893: address already in use"' in line
    assert 'remedy="correct what `error` names, and start the exporter again"' in line


def test_an_address_that_is_in_use_has_a_remedy_of_its_own(log: io.StringIO) -> None:
    with pytest.raises(SystemExit):
        run_daemon(failing(ListenError("cannot listen on :9893: address already in use", errno.EADDRINUSE)), lambda _: None)
    assert 'remedy="choose another address with --web.listen-address, or stop what uses this one"' in log.getvalue()


def test_a_normal_end_logs_nothing(log: io.StringIO) -> None:
    run_daemon(asyncio.sleep(0), lambda _: None)
    assert not log.getvalue()
