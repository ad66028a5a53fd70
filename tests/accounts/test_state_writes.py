"""Writes of the state file are counted, logged, exported and shown."""

from __future__ import annotations

from pathlib import Path

from exporter.accounts.persistence import REMEDY, Persistence
from exporter.accounts.snapshot import StateWrites
from exporter.daemon.poll_once import new_store
from exporter.metrics.exposition import Exposition
from exporter.overview.build import build_overview
from tests.accounts.state import in_worker, opened
from tests.accounts.support import KEY, RECORD, Log
from tests.support import FakeClock, make_job

FAMILIES = "ai_account_exporter_state_"


def page(state: Persistence, clock: FakeClock) -> dict[str, str]:
    """The families about the state file."""
    store = new_store([make_job("http://127.0.0.1:1")], clock.clock, writes=lambda: state.writes)
    body = Exposition(("", ""), runtime=False).render(store.snapshot()).body.decode()
    lines = [line for line in body.splitlines() if line.startswith(FAMILIES)]
    return {name.removeprefix(FAMILIES): value for name, _, value in (line.partition(" ") for line in lines)}


async def test_a_successful_write_has_its_time(tmp_path: Path) -> None:
    clock = FakeClock()
    state = await opened(tmp_path / "state.db", clock.clock)
    assert page(state, clock) == {"last_write_successful": "1.0", "write_errors_total": "0.0"}
    await state.save(KEY, RECORD)
    at = clock.clock.now()
    assert state.writes == StateWrites(is_successful=True, errors=0, succeeded_at=at)
    assert float(page(state, clock)["last_write_success_timestamp_seconds"]) == at
    await state.close()


async def test_failed_writes_are_counted_and_logged_once_an_hour_until_they_recover(tmp_path: Path) -> None:
    clock = FakeClock()
    state = await opened(tmp_path / "state.db", clock.clock)
    await state.save(KEY, RECORD)
    log, written_at = Log(), clock.clock.now()
    await in_worker(state, "PRAGMA query_only=1")
    for _ in range(13):
        await state.save(KEY, RECORD)
        clock.now += 300.0
    shown = page(state, clock)
    assert (shown["last_write_successful"], shown["write_errors_total"]) == ("0.0", "13.0")
    assert float(shown["last_write_success_timestamp_seconds"]) == written_at
    await in_worker(state, "PRAGMA query_only=0")
    await state.save(KEY, RECORD)
    assert page(state, clock)["last_write_successful"] == "1.0"
    failed = {"event": "state write failed", "level": "error", "error": "attempt to write a readonly database", "remedy": REMEDY}
    assert log.lines() == [failed, failed, {"event": "state write recovered", "level": "info"}]
    await state.close()


async def test_a_file_that_cannot_be_opened_is_a_failed_write(tmp_path: Path) -> None:
    clock = FakeClock()
    state = await opened(tmp_path / "missing" / "state.db", clock.clock)
    assert page(state, clock) == {"last_write_successful": "0.0", "write_errors_total": "1.0"}
    await state.close()


def test_without_a_state_file_there_are_no_families() -> None:
    assert page(Persistence.disabled(), FakeClock()) == {}


def test_the_overview_shows_whether_the_state_is_written() -> None:
    clock = FakeClock().clock
    jobs = [make_job("http://127.0.0.1:1")]
    for writes, shown in ((None, None), (StateWrites(), True), (StateWrites().failed(), False)):
        snapshot = new_store(jobs, clock, writes=lambda writes=writes: writes).snapshot()  # type: ignore[misc]  # a lambda with a default
        assert build_overview(snapshot, "1").state_written is shown


def test_a_page_is_rendered_again_when_a_write_fails() -> None:
    writes = StateWrites()
    store = new_store([make_job("http://127.0.0.1:1")], FakeClock().clock, writes=lambda: writes)
    exposition = Exposition(("", ""), runtime=False)
    assert b"write_errors_total 0.0" in exposition.render(store.snapshot()).body
    writes = writes.failed()
    assert b"write_errors_total 1.0" in exposition.render(store.snapshot()).body
