"""Polls every account on its own interval, each in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

import structlog

from exporter.accounts.entry import Failure, Schedule
from exporter.accounts.store import Store
from exporter.client.client import Client, OptionalResults
from exporter.client.secret_reader import SecretReader
from exporter.clock import LONGEST_TIMER, Clock
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.log import frames
from exporter.model import AccountKey, Reading, Reason, Seconds
from exporter.polling.adaptive import adaptive_interval
from exporter.polling.intervals import awaits_new_secret, backed_off, first_due, is_punctual, next_due, splay
from exporter.polling.no_effect import NoEffect
from exporter.polling.optional import after_poll, optional_results
from exporter.polling.poll_limiter import PollLimiter
from exporter.polling.poll_log import PollLog

log = structlog.get_logger()

Save = Callable[[AccountKey], Awaitable[None]]


async def _save_nothing(_key: AccountKey) -> None:
    """For a daemon without state file."""


class Scheduler:
    """Runs the polls and records their outcomes."""

    def __init__(self, client: Client, store: Store, clock: Clock, save: Save = _save_nothing, secrets: SecretReader | None = None) -> None:
        """`save` is called for an account before and after each poll, to write what is known of it to the state file."""
        self._client = client
        self._store = store
        self._clock = clock
        self._save = save
        self._secrets = secrets or SecretReader({})
        self._limiter = PollLimiter(clock)
        self._log = PollLog()
        self._no_effect = NoEffect()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[AccountKey, tuple[Job, asyncio.Task[NoReturn]]] = {}

    async def run(self, jobs: Sequence[Job]) -> None:
        """Poll all accounts until cancelled. If a loop ends for any other reason, this ends with an error."""
        async with asyncio.TaskGroup() as self._group:
            self.apply(jobs)
            await asyncio.Event().wait()

    def apply(self, jobs: Sequence[Job]) -> None:
        """Put a configuration into effect: the loops of unchanged accounts continue, changed accounts keep their schedule."""
        if self._group is None:
            raise RuntimeError("apply() must be called while run() runs")
        wanted = {job.key: job for job in jobs}
        for key, (job, task) in list(self._tasks.items()):
            if wanted.get(key) != job:
                task.cancel()
                del self._tasks[key]
                self._log.forget(key, [request.name for request in job.requests])
                self._no_effect.forget(key)
        starting = [job for job in jobs if job.key not in self._tasks]
        for job in starting:
            name = f"poll {job.key.provider}/{job.key.account}"
            due = first_due(job, self._store[job.key], self._store.schedule(job.key), len(starting), self._clock)
            self._tasks[job.key] = (job, self._group.create_task(self._poll_forever(job, due), name=name))

    def dead(self) -> list[str]:
        """Return the names of loops that have ended although their account is configured. A stop cancels all of them."""
        return [task.get_name() for _, task in self._tasks.values() if task.done() and not task.cancelled()]

    async def _poll_forever(self, job: Job, due: float) -> NoReturn:
        last_read: object = None
        try:
            while True:
                await self._wait(job, due, last_read)
                await self._spread_out(job, self._clock.now() - due)
                async with self._limiter.turn(job):
                    started = self._clock.now()
                    interval = await self.poll_once(job)
                    last_read = self._secrets.last(job.secret)
                due = next_due(due if is_punctual(started, due, job.settings.interval) else started, interval, self._clock.now())
                due = max(due, self._store[job.key].limited_until or due)  # a poll that started late must not move it forward
                await self._save_schedule(job.key, Schedule(self._store.schedule(job.key).begun_at, due))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # A task group would treat it as a normal end, and the account would never be polled again.
            raise RuntimeError(f"the loop of {job.key} was cancelled from within") from None

    async def _wait(self, job: Job, due: float, last_read: object) -> None:
        """Sleep until the poll is due; after a refused secret only until the next interval at which the secret has changed.

        What the vendor asked to wait is always kept.
        """
        while (left := due - (now := self._clock.now())) > 0:
            entry = self._store[job.key]
            refused, limited = awaits_new_secret(entry), (entry.limited_until or now) - now
            await self._clock.sleep_together(min(left, max(job.settings.interval, limited)) if refused else left)
            if refused and await self._secrets.is_other_than(job.secret, last_read):
                return

    async def _spread_out(self, job: Job, late: float) -> None:
        """Wait as after a start, if the poll is late because the machine was suspended: then all accounts are due at once."""
        if late > LONGEST_TIMER and (delay := splay(job.key, job.settings.interval, len(self._tasks))) > 1.0:
            await self._clock.sleep_together(delay)

    async def poll_once(self, job: Job) -> Seconds:
        """Poll one account and record the outcome; returns the interval from the start of this poll to the start of the next."""
        clock, settings, before, begun = self._clock, job.settings, self._store[job.key], self._clock.now()
        # Saved before the poll: a restart in the middle of a poll must not repeat it at once.
        await self._save_schedule(job.key, Schedule(begun, begun + settings.interval))
        started = clock.monotonic()
        optional = optional_results(job, before.optional, begun)
        outcome = await self._outcome(job, optional)
        duration, at = Seconds(clock.monotonic() - started), clock.now()
        if isinstance(outcome, PollError):
            interval = backed_off(settings.interval, before.failures + 1, settings.max_backoff, clock.random())
            limited_until = None if outcome.retry_after is None else at + min(outcome.retry_after, settings.max_retry_after)
            interval = Seconds(max(interval, (limited_until or at) - begun))
            self._store.record_failure(job.key, outcome, at=at, duration=duration, interval=interval, limited_until=limited_until)
            self._log.failed(job, Failure.of(outcome), self._store[job.key], at)
            return interval
        interval = adaptive_interval(settings, outcome, before, at, at + clock.correction())
        requests = after_poll(settings, before.optional, optional, begun=begun, at=at, chance=clock.random)
        self._store.record_success(job.key, outcome, at=at, duration=duration, interval=interval, optional=requests)
        self._log.succeeded(job, outcome, before, at)
        self._log.optional_requests(job, optional.outcomes, before, self._store[job.key], at)
        if settings.budgets or settings.thresholds:
            entry = self._store[job.key]
            self._no_effect.report(job, entry.fresh_reading(at, settings.stale_after) or outcome, entry.optional)
        return interval

    async def _save_schedule(self, key: AccountKey, schedule: Schedule) -> None:
        self._store.set_schedule(key, schedule)
        await self._save(key)

    async def _outcome(self, job: Job, optional: OptionalResults) -> Reading | PollError:
        try:
            return await self._client.poll(job, optional)
        except PollError as error:
            return error.without_frames()
        except Exception as error:  # noqa: BLE001 -- a defect fails this poll, not the daemon
            log.error(  # noqa: TRY400 -- the text of the error may contain a key
                "poll crashed", provider=job.key.provider, account=job.key.account, error=type(error).__name__, at=frames(error)
            )
            return PollError(Reason.INTERNAL, f"defect of the exporter ({type(error).__name__}); see its log")
