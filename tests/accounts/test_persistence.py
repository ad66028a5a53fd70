"""What is saved is restored at the next start. Failed writes never stop polling, and no secret is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.accounts.entry import Failure
from exporter.accounts.persistence import REMEDY, Persistence
from exporter.client.client import Client
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import AccountKey
from exporter.simulator.simulator import Simulator
from tests.accounts.state import execute, filled, in_worker, opened, stored
from tests.accounts.support import KEY, RECORD, Log, account, record
from tests.support import ACCOUNTS, CANARY, secret_of


async def test_saved_entries_are_restored_at_the_next_start(path: Path) -> None:
    state = await opened(path)
    assert (state.usable, await state.restore()) == (True, {})
    await state.save(KEY, RECORD)
    await state.save(KEY, record(next_poll_at=1660.0))
    await state.save(account(1), RECORD)
    await state.save(account(2), RECORD)
    await state.forget([account(2)])
    await state.close()
    again, log = await opened(path), Log()
    entries = await again.restore()
    await again.close()
    assert entries.keys() == {KEY, account(1)}
    assert repr(entries[KEY]) == repr(record(next_poll_at=1660.0))
    assert log.lines() == [{"event": "state restored", "level": "info", "accounts": 2, "skipped": 0}]


async def test_skipped_rows_are_counted_in_the_log(path: Path) -> None:
    filled(path, 3)
    execute(path, "UPDATE accounts SET entry = '?' WHERE account = 'account-1'")
    state, log = await opened(path), Log()
    assert len(await state.restore()) == 2
    await state.close()
    assert log.lines() == [{"event": "state restored", "level": "warning", "accounts": 2, "skipped": 1}]


async def test_a_write_is_on_disk_when_save_returns(path: Path, state: Persistence) -> None:
    await state.save(KEY, RECORD)
    shutil.copy(path, path.with_name("crashed.db"))
    shutil.copy(f"{path}-wal", path.with_name("crashed.db-wal"))
    assert repr(stored(path.with_name("crashed.db"))[KEY]) == repr(RECORD)


async def test_an_unusable_file_is_logged_once_and_does_not_stop_polling(tmp_path: Path) -> None:
    log = Log()
    state = await opened(tmp_path)
    await state.save(KEY, RECORD)
    await state.forget([KEY])
    assert (state.usable, await state.restore()) == (True, {})
    await state.close()
    error = "state.path: is not a state file and was left unchanged: move it away or change the path"
    assert log.lines() == [{"event": "state unusable", "level": "error", "error": error}]


async def test_without_a_file_nothing_is_saved_and_nothing_is_logged() -> None:
    log, state = Log(), Persistence.disabled()
    await state.save(KEY, RECORD)
    await state.forget([KEY])
    assert (state.usable, await state.restore()) == (False, {})
    await state.close()
    assert log.lines() == []


async def test_after_closing_nothing_is_written_and_nothing_raises(path: Path, state: Persistence) -> None:
    await state.save(KEY, RECORD)
    await state.close()
    await state.save(KEY, record(polls=8))
    await state.forget([KEY])
    await state.close()
    assert (state.usable, await state.restore()) == (False, {})
    assert repr(stored(path)[KEY]) == repr(RECORD)


async def test_a_full_disk_is_logged_once_and_so_is_the_recovery(state: Persistence) -> None:
    log, large = Log(), record(mismatches={"x" * 200_000: 1})
    await in_worker(state, "PRAGMA max_page_count=10")
    await state.save(KEY, large)
    await state.save(KEY, large)
    await in_worker(state, "PRAGMA max_page_count=1000000")
    await state.save(KEY, large)
    await state.save(KEY, RECORD)
    assert log.lines() == [
        {"event": "state write failed", "level": "error", "error": "database or disk is full", "remedy": REMEDY},
        {"event": "state write recovered", "level": "info"},
    ]
    assert repr((await state.restore())[KEY]) == repr(RECORD)


async def test_an_entry_that_cannot_be_written_is_a_failed_write_that_does_not_quote_it(state: Persistence) -> None:
    log = Log()
    await state.save(AccountKey("liveavatar", "\ud800"), RECORD)
    assert log.lines() == [{"event": "state write failed", "level": "error", "error": "UnicodeEncodeError", "remedy": REMEDY}]


async def test_a_file_that_became_unreadable_restores_nothing(state: Persistence) -> None:
    await in_worker(state, "DROP TABLE accounts")
    log = Log()
    assert await state.restore() == {}
    assert log.lines() == [{"event": "state unreadable", "level": "error", "error": "no such table: accounts"}]


def everything_in(path: Path) -> bytes:
    return b"".join(found.read_bytes() for found in sorted(path.parent.iterdir()))


@pytest.mark.parametrize("provider", [account.provider for account in ACCOUNTS])
async def test_no_key_and_no_text_of_a_vendor_is_written_to_the_file(
    path: Path,
    state: Persistence,
    client: Client,
    simulator: Simulator,
    job: Callable[..., Job],
    provider: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_KEY", CANARY)
    polled = job(provider)
    reading = await client.poll(polled)
    await state.save(polled.key, record(reading=reading, error=None))
    simulator.set_response(secret_of(provider), status=401, body={"code": CANARY, "message": CANARY, "detail": {"status": CANARY}})
    with pytest.raises(PollError) as caught:
        await client.poll(polled)
    await state.save(account(1), record(reading=reading, error=Failure.of(caught.value)))
    assert str(caught.value).encode() in everything_in(path)
    assert CANARY.encode() not in everything_in(path)


async def test_the_search_would_find_a_key_in_the_file(path: Path, state: Persistence) -> None:
    await state.save(KEY, record(mismatches={CANARY: 1}))
    assert CANARY.encode() in everything_in(path)
