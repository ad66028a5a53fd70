"""Pushes the metrics to one receiver, on an interval."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

import structlog
from prometheus_client import Metric
from yarl import URL

from exporter.accounts.snapshot import Snapshot
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import Response, Transport
from exporter.config.push_settings import Otlp
from exporter.errors import PollError
from exporter.log import Reminder, frames
from exporter.metrics.collector import push_families
from exporter.model import Reason, Seconds
from exporter.polling.intervals import backed_off
from exporter.providers.response import by_status
from exporter.push.otlp import Series, encode, rejected
from exporter.validation.file_threads import in_daemon_thread

FIRST_RETRY: Final = Seconds(5.0)
"""The shortest wait after a failure that may pass soon, in seconds. It doubles with each further one, up to the interval."""
MIN_RETRY_AFTER: Final = Seconds(1.0)
"""The shortest wait, in seconds: a receiver that asks for less must not be sent pushes without a pause."""
MAX_RETRY_AFTER: Final = Seconds(3600.0)
"""The longest wait that a receiver may ask for with `Retry-After`, unless the interval is longer."""

_RETRYABLE: Final = frozenset({429, 502, 503, 504})
"""The statuses of failures that may pass soon: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes."""
_HEADERS: Final = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip", "Accept": "application/x-protobuf"}

log = structlog.get_logger()


class TransientError(PollError):
    """A push failed, and may succeed soon."""


@dataclass(slots=True)
class PushStatistics:
    """The errors and the last success of all pushes. It outlives a change of their settings."""

    errors: Counter[Reason] = field(default_factory=Counter)
    last_success_at: float | None = None

    def families(self) -> Iterable[Metric]:
        """Return the families about pushes."""
        return push_families(self.errors, self.last_success_at)


class Pusher:
    """Pushes what the page of `/metrics` shows. One push runs at a time, and what it needs of the processor is used in a thread.

    Nothing is kept of a push that failed: the next one contains the values of its own time, and every counter since its beginning.
    """

    def __init__(
        self,
        settings: Otlp,
        *,
        snapshot: Callable[[], Snapshot],
        families: Callable[[Snapshot], Iterable[Metric]],
        transport: Transport,
        secrets: SecretReader,
        resource: Mapping[str, str],
        statistics: PushStatistics,
        former: Pusher | None = None,
    ) -> None:
        """`families` returns what a page shows; `resource` are attributes that the settings do not set; `former` pushed until now."""
        self.settings = settings
        self._snapshot = snapshot
        self._families = families
        self._transport = transport
        self._secrets = secrets
        self._clock = transport.clock
        self._resource = {**resource, **settings.resource}
        self._statistics = statistics
        self.sent: Series = former.sent if former and _receiver(former.settings) == _receiver(settings) else {}
        """What the receiver has."""
        self._failures = 0
        self._reminder = Reminder()
        self._is_working = False
        """Whether the last push succeeded as a whole."""
        self._task: asyncio.Task[NoReturn] | None = None

    def start(self) -> None:
        """Push now, and then on the interval."""
        self._task = asyncio.create_task(self.run(), name="push")

    def stop(self) -> None:
        """Push no more."""
        if self._task:
            self._task.cancel()

    async def close(self) -> None:
        """Push once more, and then no more."""
        self.stop()
        if self._task:
            await asyncio.wait([self._task])
        await self.push()

    async def run(self) -> NoReturn:
        """Push for ever."""
        while True:
            await self._clock.sleep_together(await self.push())

    async def push(self) -> Seconds:
        """Push once, and return how long to wait for the next push. Nothing is raised: a failure is counted and logged."""
        try:
            count = await self._deliver()
        except PollError as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 -- a defect costs this push, not the daemon
            log.error("push crashed", error=type(error).__name__, at=frames(error))  # noqa: TRY400 -- the error's own text may hold a key
            return self._failed(PollError(Reason.INTERNAL, "the push crashed; the log shows where"))
        return self._succeeded(count)

    async def _deliver(self) -> int:
        """Send the metrics; returns how many data points the receiver has rejected, though it accepted the others.

        Raises:
            PollError: it is unknown whether the receiver has accepted them, or it has not.
        """
        settings = self.settings
        try:
            async with asyncio.timeout(settings.timeout):
                headers = {name: (await self._secrets.read(source)).get_secret_value() for name, source in settings.headers.items()}
                snapshot = self._snapshot()
                body, series = await in_daemon_thread(lambda: self._encoded(snapshot), "push")
                response = await self._transport.send(
                    "POST", URL(settings.endpoint), settings.connection, data=body, headers={**headers, **_HEADERS}
                )
        except TimeoutError:
            raise TransientError(Reason.TIMEOUT, f"no complete response within {settings.timeout:g}s") from None
        self._check(response)
        count = rejected(response.body())
        self.sent = series
        return count

    def _encoded(self, snapshot: Snapshot) -> tuple[bytes, Series]:
        body, series = encode(self._families(snapshot), snapshot.at, self._resource, self.sent)
        return gzip.compress(body, compresslevel=1), series

    def _check(self, response: Response) -> None:
        status = response.status
        if 300 <= status < 400:
            raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status}: redirects are not followed, to protect the headers")
        if not response.is_success:
            kind = TransientError if status in _RETRYABLE else PollError
            wait = response.retry_after(self._clock.wall()) if response.is_limited else None
            raise kind(by_status(status), f"HTTP {status}", wait)
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status} with a web page: the endpoint is not a receiver of OTLP")

    def _succeeded(self, count: int) -> Seconds:
        self._failures, self._statistics.last_success_at = 0, self._clock.wall()
        if count:
            self._statistics.errors[Reason.CLIENT_ERROR] += 1
            self._log(f"the receiver rejected {count} data points; its own log may show why", Reason.CLIENT_ERROR)
        else:
            self._log()
        return self.settings.interval

    def _failed(self, error: PollError) -> Seconds:
        self._failures += 1
        self._statistics.errors[error.reason] += 1
        self._log(str(error), error.reason)
        interval = self.settings.interval
        if error.retry_after is not None:
            return min(max(error.retry_after, MIN_RETRY_AFTER), max(MAX_RETRY_AFTER, interval))
        if isinstance(error, TransientError) or error.reason is Reason.CONNECTION:
            return min(interval, backed_off(FIRST_RETRY, self._failures + 1, interval, self._clock.random()))
        return interval

    def _log(self, error: str = "", reason: Reason | None = None) -> None:
        """Log the first success and each recovery, and failures as the reminder selects them."""
        host = URL(self.settings.endpoint).raw_host
        if reason:
            self._is_working = False
            if self._reminder.is_due("push", error, self._clock.monotonic()):
                log.warning("push failed", host=host, reason=reason, error=error)
        elif not self._is_working:
            self._is_working = True
            self._reminder.forget("push")
            log.info("push succeeded", host=host)


def _receiver(settings: Otlp) -> tuple[object, ...]:
    """Return what determines where the series are. A header may select a tenant."""
    return settings.endpoint, settings.headers, settings.resource
