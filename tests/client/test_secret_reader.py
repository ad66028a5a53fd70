"""Secrets are read in threads that nothing waits for, and at most one thread reads a file."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import SecretStr

from exporter.client.client import Client
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import open_session
from exporter.config.credentials import SecretSource
from exporter.errors import CredentialError, PollError
from exporter.model import Reason, Seconds
from exporter.simulator.simulator import Simulator
from exporter.validation.file_threads import FileThreads
from tests.support import PATIENCE, FakeClock, make_job, no_threads, pass_time, until

SHORT: Final = Seconds(0.05)


class Silent(SecretSource):
    """A file that does not answer until it is released."""

    def read(self, environ: Mapping[str, str], folder: Path | None = None) -> SecretStr:
        RELEASED.wait(PATIENCE)
        return super().read(environ, folder)


RELEASED: Final = threading.Event()


@pytest.fixture(autouse=True)
def release() -> Iterator[None]:
    RELEASED.clear()
    yield
    RELEASED.set()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("first")
    return path


async def test_a_file_that_does_not_answer_fails_with_credential_and_holds_one_thread(key: Path) -> None:
    reader, source = SecretReader({}, FileThreads(SHORT)), Silent(file=key)
    before = set(threading.enumerate())
    for _ in range(5):
        with pytest.raises(CredentialError, match="does not answer") as caught:
            await reader.read(source)
        assert str(key) not in str(caught.value)
    assert len(set(threading.enumerate()) - before) == 1


async def test_other_files_and_the_event_loop_are_not_delayed(tmp_path: Path) -> None:
    reader = SecretReader({}, FileThreads(Seconds(PATIENCE)))
    silent = []
    for number in range(64):
        (tmp_path / f"{number}").write_text("key")
        silent.append(asyncio.create_task(reader.read(Silent(file=tmp_path / f"{number}"))))
    (tmp_path / "good").write_text("good")
    assert (await reader.read(SecretSource(file=tmp_path / "good"))).get_secret_value() == "good"
    assert await asyncio.to_thread(int) == 0
    assert not any(task.done() for task in silent)
    RELEASED.set()
    assert {secret.get_secret_value() for secret in await asyncio.gather(*silent)} == {"key"}


async def test_a_file_that_answers_again_is_read(key: Path) -> None:
    reader = SecretReader({}, FileThreads(Seconds(PATIENCE)))
    silent = asyncio.create_task(reader.read(Silent(file=key)))
    await until(lambda: reader.files.is_waiting(key), "the file is read")
    pass_time(PATIENCE)
    with pytest.raises(CredentialError):
        await silent
    RELEASED.set()
    assert (await reader.read(SecretSource(file=key))).get_secret_value() == "first"


async def test_a_timeout_of_the_poll_while_the_file_does_not_answer_is_the_fault_of_the_file(simulator: Simulator, key: Path) -> None:
    async with open_session("test") as session:
        client = Client(session, {}, FakeClock().clock)
        with pytest.raises(PollError) as caught:
            await client.poll(make_job(simulator.url, secret=Silent(file=key), timeout=SHORT))
        assert caught.value.reason is Reason.CREDENTIAL
        assert not simulator.requests


async def test_a_change_of_the_file_is_noticed_by_its_content(key: Path) -> None:
    reader, source = SecretReader({}), SecretSource(file=key)
    await reader.read(source)
    used = reader.last(source)
    key.write_text("first")
    assert not await reader.is_other_than(source, used)
    key.write_text("other")  # of the same size
    assert await reader.is_other_than(source, used)
    key.unlink()
    assert await reader.is_other_than(source, used)
    gone = reader.last(source)
    assert not await reader.is_other_than(source, gone)


async def test_a_file_that_does_not_answer_has_not_changed(key: Path) -> None:
    reader = SecretReader({})
    await reader.read(SecretSource(file=key))
    reader.files = FileThreads(SHORT)
    assert not await reader.is_other_than(Silent(file=key), reader.last(SecretSource(file=key)))


async def test_variables_and_values_are_read_without_a_thread_and_never_change() -> None:
    reader, before = SecretReader({"KEY": "one"}), set(threading.enumerate())
    for source in (SecretSource(env="KEY"), SecretSource(value=SecretStr("one"))):
        assert (await reader.read(source)).get_secret_value() == "one"
        assert not await reader.is_other_than(source, reader.last(source))
    assert set(threading.enumerate()) <= before


HANGING: Final = """
import asyncio, threading
from pathlib import Path
from exporter.validation.file_threads import FileThreads

async def main():
    try:
        await FileThreads(0.05).run(Path("file"), threading.Event().wait)
    except TimeoutError:
        print("timeout")

asyncio.run(main())
"""


def test_a_file_that_does_not_answer_does_not_delay_the_end_of_the_process() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", HANGING], capture_output=True, text=True, timeout=PATIENCE, check=True)  # noqa: S603 -- our own code
    assert (done.stdout, done.stderr) == ("timeout\n", "")


async def test_a_thousand_accounts_of_one_file_take_turns(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, running, most, steps = FileThreads(Seconds(PATIENCE)), [0], [0], [0]
    loop = asyncio.get_running_loop()
    call_soon = loop.call_soon

    def counted(*arguments: Any, **options: Any) -> asyncio.Handle:
        steps[0] += 1
        return call_soon(*arguments, **options)

    def call() -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        running[0] -= 1

    monkeypatch.setattr(loop, "call_soon", counted)
    await asyncio.gather(*(files.run(key, call) for _ in range(1_000)))
    assert most == [1]
    assert steps[0] < 20 * 1_000  # each release wakes one caller, not all


async def test_a_thread_that_cannot_be_started_blocks_no_later_call(key: Path) -> None:
    files = FileThreads()
    with no_threads(), pytest.raises(OSError, match="no more threads are allowed"):
        await files.run(key, key.read_text)
    assert await files.run(key, key.read_text) == "first"


async def test_a_secret_for_which_no_thread_can_be_started_fails_with_credential(key: Path) -> None:
    reader, source = SecretReader({}), SecretSource(file=key)
    with no_threads():
        with pytest.raises(CredentialError, match="cannot be accessed: no more threads are allowed"):
            await reader.read(source)
        assert not await reader.is_other_than(source, None)  # the loop of an account ends with any other error
    assert (await reader.read(source)).get_secret_value() == "first"


async def test_an_exception_of_the_call_is_raised(key: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await FileThreads().run(key, fail)


async def test_a_variable_that_changes_is_checked_and_used_at_once() -> None:
    environ = {"KEY": "one", "OTHER": "another"}
    reader, source = SecretReader(environ), SecretSource(env="KEY")
    first = await reader.read(source)
    assert await reader.read(source) is first
    assert (await reader.read(SecretSource(env="OTHER"))).get_secret_value() == "another"
    environ["KEY"] = "two"
    assert (await reader.read(source)).get_secret_value() == "two"
    environ["KEY"] = "${KEY}"
    with pytest.raises(CredentialError):
        await reader.read(source)
    del environ["KEY"]
    with pytest.raises(CredentialError, match="is not set"):
        await reader.read(source)
    environ["KEY"] = "two"
    assert (await reader.read(source)).get_secret_value() == "two"


async def test_values_of_two_accounts_are_told_apart() -> None:
    reader = SecretReader({})
    sources = [SecretSource(value=SecretStr(text)) for text in ("one", "two")]
    for _ in range(2):
        assert [(await reader.read(source)).get_secret_value() for source in sources] == ["one", "two"]
