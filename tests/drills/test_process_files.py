"""Drills: files and pipes that hang, and signals at bad moments."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from exporter.cli.main import main
from exporter.simulator.simulator import Simulator
from tests.cli.support import LISTENING, Daemon, daemon, launched, ready, reload
from tests.drills.process import SERVED, errors, line, polls_of, secret, simulated, stop_cleanly, until_polled, watched, write_config
from tests.support import CANARY, PATIENCE, until

GOOD: Final = range(3)
SILENT: Final = range(3, 43)

SIGNALLED: Final = """
import os, runpy, signal, sys

number = signal.Signals[sys.argv[1]]

class Finder:
    def find_spec(self, name, path, target=None):
        if name in {"click", "pydantic", "aiohttp", "exporter.cli.serve", "exporter.daemon.daemon"}:
            os.kill(os.getpid(), number)

sys.meta_path.insert(0, Finder())
sys.argv[:] = ["exporter", *sys.argv[2:]]
runpy.run_module("exporter", run_name="__main__")
"""
"""The daemon, which gets a signal each time that one of these modules is imported."""


@contextmanager
def silent(files: Iterable[Path]) -> Iterator[None]:
    """Block every open of these files, as on a network file system that is down: with a lease, the kernel waits for us (fcntl(2))."""
    former = signal.signal(signal.SIGIO, signal.SIG_IGN)  # the kernel asks us to give up the lease
    descriptors = [os.open(file, os.O_RDWR) for file in files]
    try:
        for descriptor in descriptors:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
        signal.signal(signal.SIGIO, former)


def threads(running: Daemon) -> int:
    return len(list(Path(f"/proc/{running.process.pid}/task").iterdir()))


async def test_forty_secret_files_do_not_answer(tmp_path: Path) -> None:
    numbers = [*GOOD, *SILENT]
    async with Simulator(map(simulated, numbers)) as simulator:
        path = write_config(tmp_path, simulator.url, numbers)
        all_lines = list(map(line, numbers))
        with silent(tmp_path / f"key-{number}" for number in SILENT):
            async with daemon("serve", "--config.file", path, *SERVED) as running:
                async with watched(running, all_lines) as watcher:
                    for number in SILENT:
                        await watcher.until_failed(number, "credential")
                    for number in GOOD:
                        await watcher.until(re.escape(line(number)))
                    before = threads(running)
                    polls = [len(polls_of(simulator, number)) for number in GOOD]
                    for number in SILENT:
                        await watcher.until_failed(number, "credential", more_than=1)
                    # Others read the files that answer, and end at once.
                    await until(lambda: threads(running) <= before, "one thread for each file, however often it is read")
                    counts = dict(zip(GOOD, polls, strict=True))
                    await until(lambda: all(len(polls_of(simulator, number)) > counts[number] for number in GOOD), "all others are polled")
                    assert [errors(watcher.page, number) for number in GOOD] == [{}] * len(GOOD)
                await stop_cleanly(running)
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            async with watched(running, all_lines) as watcher:
                for number in numbers:
                    await watcher.until(re.escape(line(number)))
            await stop_cleanly(running)


async def test_a_secret_file_that_answers_again_is_used(tmp_path: Path) -> None:
    async with Simulator(map(simulated, GOOD)) as simulator:
        path = write_config(tmp_path, simulator.url, GOOD)
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            async with watched(running, map(line, GOOD)) as watcher:
                with silent([tmp_path / "key-2"]):
                    await watcher.until_failed(2, "credential")
                await watcher.until(re.escape(line(2)))
            await stop_cleanly(running)


async def test_standard_error_is_not_read(tmp_path: Path) -> None:
    async with Simulator(map(simulated, GOOD)) as simulator:
        path = write_config(tmp_path, simulator.url, GOOD, interval="1h")
        text = path.read_text()
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            for number in range(60):  # far more than the pipe holds
                path.write_text("accounts:\n" + "\n".join(f"  - {{name: a{number}-{each}, provider: nobody}}" for each in range(80)))
                assert (await reload(running))[0] == 500
            assert (await running.get("/metrics"))[0] == 200
            path.write_text(text)
            assert (await reload(running))[0] == 200
            running.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                while Path(f"/proc/{running.process.pid}").exists():  # noqa: ASYNC110 -- its pipe may have no reader
                    await asyncio.sleep(0.01)
            _, rest = await running.process.communicate()
            assert running.process.returncode == 0
    assert all(b"level=" in each for each in rest.splitlines()[:-1])  # the last one may be cut off where the pipe was full


async def test_a_reload_is_requested_during_the_start(tmp_path: Path) -> None:
    async with Simulator(map(simulated, GOOD)) as simulator:
        path = write_config(tmp_path, simulator.url, GOOD)
        async with launched("-c", SIGNALLED, "SIGHUP", "serve", "--config.file", path, *SERVED) as running:
            running.process.send_signal(signal.SIGHUP)
            await ready(running)
            await stop_cleanly(running)


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
async def test_the_process_is_stopped_during_the_start(tmp_path: Path, number: str) -> None:
    path = write_config(tmp_path, "http://127.0.0.1:1", GOOD)
    arguments = ("-c", SIGNALLED, number, "serve", "--config.file", path, *SERVED)
    process = await asyncio.create_subprocess_exec(sys.executable, *map(str, arguments), stdout=-1, stderr=-1)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_the_process_is_stopped_while_the_state_file_does_not_answer(tmp_path: Path) -> None:
    path = write_config(tmp_path, "http://127.0.0.1:1", GOOD, more="state: {path: state.db}")
    async with daemon("serve", "--config.file", path, *SERVED) as running:  # which makes the file
        await stop_cleanly(running)
    with silent([tmp_path / "state.db"]):
        arguments = ("serve", "--config.file", str(path), *SERVED)
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "exporter", *arguments, stdout=-1, stderr=-1)
        assert process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            log = await process.stderr.readuntil(b"config loaded")
            await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        _, rest = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0
    assert not LISTENING.search(log + rest)


async def test_the_process_is_stopped_while_the_configuration_does_not_answer(tmp_path: Path) -> None:
    async with Simulator(map(simulated, GOOD)) as simulator:
        path = write_config(tmp_path, simulator.url, GOOD)
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            with silent([path]):
                for _ in range(60):
                    running.process.send_signal(signal.SIGHUP)
                reloads = [asyncio.create_task(reload(running)) for _ in range(30)]
                before = threads(running)
                polls = len(polls_of(simulator, 0))
                await until_polled(simulator, 0, polls + 3)
                assert threads(running) <= before + 1
                await stop_cleanly(running)
            await asyncio.gather(*reloads, return_exceptions=True)


@pytest.mark.parametrize("flag", ["--config.file", "--web.config.file"])
def test_a_named_pipe_is_given_at_the_start(tmp_path: Path, flag: str) -> None:
    path = write_config(tmp_path, "http://127.0.0.1:1", GOOD)
    os.mkfifo(tmp_path / "pipe")
    for command in ("serve", "check"):
        done = CliRunner().invoke(main, [command, "--config.file", str(path), flag, str(tmp_path / "pipe")])
        assert (done.exit_code, "not a regular file" in done.output) == (2, True)


async def test_a_secret_is_missing_at_the_start(tmp_path: Path) -> None:
    async with Simulator(map(simulated, GOOD)) as simulator:
        path = write_config(tmp_path, simulator.url, GOOD)
        (tmp_path / "key-2").unlink()
        check = CliRunner().invoke(main, ["check", "--config.file", str(path)])
        assert (check.exit_code, "accounts[2].credentials.api_key: the file does not exist" in check.output) == (2, True)
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            async with watched(running, map(line, GOOD)) as watcher:
                for number in (0, 1):
                    await watcher.until(re.escape(line(number)))
                await watcher.until_failed(2, "credential")
                assert (await reload(running))[0] == 200
                (tmp_path / "key-2").write_text(secret(2))
                await watcher.until(re.escape(line(2)))
                assert [errors(watcher.page, number) for number in (0, 1)] == [{}, {}]
            await stop_cleanly(running)
        assert re.search(rb'event="poll failed".*account=a2 reason=credential error="the file does not exist', running.log)


def break_config(folder: Path, how: str) -> None:
    """Replace the configuration by something unreadable."""
    path = folder / "config.yaml"
    account = "accounts: [{name: a0, provider: heygen, credentials: {api_key: {file: %s}}}]"
    match how:
        case "surrogate":
            path.write_text(account % '"/run/\\ud800"')
        case "null byte":
            path.write_text(account % '"/run/\\0"')
        case "circle of links":
            (folder / "circle.yaml").unlink(missing_ok=True)
            (folder / "circle.yaml").symlink_to("circle.yaml")
            path.write_text(f"provider_files: [circle.yaml]\n{account % 'key-0'}")
        case "deep":
            path.write_text("a: " + "[" * 100_000)
        case "folder":
            path.unlink()
            path.mkdir()
        case "named pipe":
            path.unlink()
            os.mkfifo(path)
        case _:
            path.unlink()
            path.symlink_to("/dev/zero")


@pytest.mark.parametrize("how", ["surrogate", "null byte", "circle of links", "deep", "folder", "named pipe", "device"])
async def test_the_configuration_becomes_something_that_cannot_be_read(tmp_path: Path, how: str) -> None:
    async with Simulator(map(simulated, GOOD)) as simulator:
        path = write_config(tmp_path, simulator.url, GOOD, interval="1h")
        text = path.read_text()
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            all_lines = list(map(line, GOOD))
            async with watched(running, all_lines, all_lines) as watcher:
                break_config(tmp_path, how)
                assert (await reload(running))[0] == 500
                await watcher.until("config_last_reload_successful 0.0$")
                running.process.send_signal(signal.SIGHUP)
                path.rmdir() if how == "folder" else path.unlink()
                path.write_text(text)
                assert (await reload(running))[0] == 200
                await watcher.until("config_last_reload_successful 1.0$")
            assert [len(polls_of(simulator, number)) for number in GOOD] == [1, 1, 1]
            await stop_cleanly(running)
            assert b"Traceback" not in running.log


MISPLACED: Final = (
    "accounts: [{name: a0, provider: heygen, credentials: {api_key: {file: %s}}}]",
    "accounts: [{name: a0, provider: heygen, credentials: {api_key: {file: keys/%s}}}]",
    "accounts: [{name: a0, provider: heygen, credentials: {api_key: {env: %s}}}]",
    "accounts: [{name: a0, provider: heygen, credentials: {api_key: %s}}]",
    "accounts: [{name: a0, provider: heygen, credentials: {%s: {file: key-0}}}]",
    "accounts: [{name: a0, provider: heygen, credentials: {api_key: {file: key-0, extra: %s}}}]",
    "accounts: [{name: a0, provider: heygen, credentials: {api_key: {oauth2: {client_id: x, refresh_token_file: %s}}}}]",
    "accounts: [{name: a0, provider: heygen, ca_file: %s, credentials: {api_key: {file: key-0}}}]",
    "accounts: [{name: a0, provider: %s, credentials: {api_key: {file: key-0}}}]",
    "provider_files: [%s]\naccounts: [{name: a0, provider: heygen, credentials: {api_key: {file: key-0}}}]",
    "state: {path: missing/%s}\naccounts: [{name: a0, provider: heygen, credentials: {api_key: {file: key-0}}}]",
)


async def test_a_key_is_written_where_something_else_belongs(tmp_path: Path) -> None:
    async with Simulator(map(simulated, GOOD)) as simulator:
        path = write_config(tmp_path, simulator.url, GOOD)
        key = CANARY.replace("-", "_") + "4eC39HqLyjWDarjtT1zdp7dc"
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            for misplaced in MISPLACED:
                path.write_text(misplaced % key)
                _, text = await reload(running)
                check = CliRunner().invoke(main, ["check", "--config.file", str(path)])
                assert "Traceback" not in check.output
                assert key not in f"{text}{check.output}", misplaced
                page = (await running.get("/metrics"))[1] + (await running.get("/"))[1] + (await running.get("/api/v1/accounts"))[1]
                assert key not in page, misplaced
            await stop_cleanly(running)
        assert key.encode() not in running.log
        for misplaced in MISPLACED:
            path.write_text(misplaced % key)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "exporter", "once", "--config.file", str(path), stdout=-1, stderr=-1
            )
            output = b"".join(await asyncio.wait_for(process.communicate(), PATIENCE))
            assert key.encode() not in output, misplaced
        async with daemon("serve", "--config.file", path, *SERVED) as running:  # with the key in state.path
            await stop_cleanly(running)
        assert b'event="state unusable" error="state.path: ' in running.log
        assert key.encode() not in running.log
