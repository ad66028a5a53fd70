"""A changed secret file ends the back-off of an account that the vendor refuses, and no other wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from exporter.config.credentials import SecretSource
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import Reading, Reason, Seconds
from tests.polling.support import ONE_VENDOR, RecordingClient, Time, running
from tests.support import make_job


def refusing(reason: Reason) -> Callable[[Job], Reading]:
    def answer(job: Job) -> Reading:
        raise PollError(reason, "no")

    return answer


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text("former")
    return file


def rotate(key: Path) -> None:
    key.write_text("the-next-one")


@asynccontextmanager
async def backed_off_account(reason: Reason, file: Path, lasts: float = 0.0) -> AsyncIterator[tuple[Time, RecordingClient]]:
    """An account that failed at 0, 60 and 180 seconds, and is due again at 420."""
    time = Time(chance=1.0)
    vendor = RecordingClient(time, lasts, refusing(reason))
    job = make_job(ONE_VENDOR, secret=SecretSource(file=file), interval=Seconds(60.0))
    async with running(vendor, [job], time.clock):
        await time.run(200)
        assert vendor.starts() == [0, 60, 180]
        yield time, vendor


REFUSALS = [Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.CREDENTIAL]


@pytest.mark.parametrize("reason", REFUSALS)
async def test_a_changed_secret_is_tried_at_the_next_scheduled_time(key: Path, reason: Reason) -> None:
    async with backed_off_account(reason, key) as (time, vendor):
        rotate(key)
        await time.run(39)
        assert vendor.starts()[3:] == []
        await time.run(2)
        assert vendor.starts()[3:] == [240]


@pytest.mark.parametrize("reason", REFUSALS)
async def test_the_same_secret_is_not_tried_sooner(key: Path, reason: Reason) -> None:
    async with backed_off_account(reason, key) as (time, vendor):
        await time.run(300)
    assert vendor.starts()[3:] == [420]


@pytest.mark.parametrize("reason", sorted(set(Reason) - set(REFUSALS)))
async def test_a_changed_secret_does_not_end_other_waits(key: Path, reason: Reason) -> None:
    async with backed_off_account(reason, key) as (time, vendor):
        rotate(key)
        await time.run(300)
    assert vendor.starts()[3:] == [420]


async def test_a_changed_secret_is_not_tried_before_the_wait_that_the_vendor_asked_for(key: Path) -> None:
    def locked(job: Job) -> Reading:
        raise PollError(Reason.UNAUTHORIZED, "HTTP 401", Seconds(130.0))

    time = Time(chance=1.0)
    vendor = RecordingClient(time, answer=locked)
    job = make_job(ONE_VENDOR, secret=SecretSource(file=key), interval=Seconds(60.0))
    async with running(vendor, [job], time.clock):
        await time.run(500)
        assert vendor.starts() == [0, 130, 260, 500]
        rotate(key)
        await time.run(400)
    assert vendor.starts()[4:] == [630]


async def test_the_schedule_is_restored_after_a_changed_secret_succeeds(key: Path) -> None:
    async with backed_off_account(Reason.UNAUTHORIZED, key) as (time, vendor):
        rotate(key)
        vendor.answer = lambda _: Reading()
        await time.run(170)
    assert vendor.starts()[3:] == [240, 300, 360]


async def test_a_secret_that_changes_during_the_poll_is_a_changed_secret(key: Path) -> None:
    async with backed_off_account(Reason.UNAUTHORIZED, key, lasts=30.0) as (time, vendor):
        rotate(key)  # 20 s into the third poll
        await time.run(100)
    assert len(vendor.starts()) == 4
