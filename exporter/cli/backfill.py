"""`demo --history`: what Prometheus would have scraped in the past days, as OpenMetrics for `promtool tsdb create-blocks-from`."""

from __future__ import annotations

import asyncio
import re
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from exporter.client.client import Client
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import open_session
from exporter.clock import Clock
from exporter.config.job import Job, build_jobs
from exporter.config.loading import Loaded
from exporter.daemon.poll_once import new_store
from exporter.daemon.version import build, user_agent
from exporter.metrics.exposition import Exposition
from exporter.metrics.lines import number_text
from exporter.metrics.negotiation import Format, Negotiated
from exporter.model import AccountKey
from exporter.polling.scheduler import Scheduler
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS
from exporter.simulator.rhythm import paced, paced_course
from exporter.simulator.simulator import Simulator

STEP: Final = 240.0
"""Seconds between scrapes by default. Prometheus treats a series as absent after five minutes."""
DELAY: Final = 8.0
"""Seconds from polls to the next scrape."""
INTERVAL: Final = "12m"
TARGET: Final = 'job="ai-accounts",instance="exporter:9893"'
"""The labels that Prometheus adds in prometheus.example.yaml."""
FAULTY: Final = 0.25
"""The part of the time, at its end, in which the accounts have their faults."""
_UP: Final = "# HELP up 1 if the scrape succeeded.\n# TYPE up gauge\nup 1.0\n"
_LE: Final = re.compile(r'le="[^"]*",?')
_OPENMETRICS: Final = Negotiated(Format.OPENMETRICS)


class PastClock:
    """A clock that is set to each time in turn, and runs from there: polls take as long as they do."""

    def __init__(self, at: float) -> None:
        self.set(at)

    def set(self, at: float) -> None:
        """Set the time."""
        self._at, self._set = at, time.perf_counter()

    def __call__(self) -> float:
        """Return the time."""
        return self._at + time.perf_counter() - self._set


Points = tuple["array[float]", "array[float]"]
"""The values of a series, and their times."""


@dataclass(slots=True)
class PastFamily:
    """The heading of a family, and its series."""

    heading: dict[str, None] = field(default_factory=dict)
    series: dict[str, Points] = field(default_factory=dict)


class PastScrapes:
    """The pages of many scrapes, sorted by series as OpenMetrics demands."""

    def __init__(self) -> None:
        self._families: dict[str, PastFamily] = {}
        self._page = ""
        self._samples: list[tuple[Points, float]] = []
        """What the last page contains: most pages are the same."""

    def add(self, page: str, at: float) -> None:
        """Add a page in the syntax of OpenMetrics."""
        if page != self._page:
            self._page, self._samples = page, list(self._read(page))
        for (values, times), value in self._samples:
            values.append(value)
            times.append(at)

    def _read(self, page: str) -> Iterator[tuple[Points, float]]:
        family = PastFamily()
        for line in page.replace("# EOF\n", "").splitlines():
            if line.startswith("#"):
                family = self._families.setdefault(line.split(" ", 3)[2], PastFamily())
                family.heading[line] = None
            else:
                series, _, value = line.rpartition(" ")
                yield family.series.setdefault(series, (array("d"), array("d"))), float(value)

    def lines(self) -> Iterator[str]:
        """Yield the text, with the labels of the target and the time of each sample."""
        for family in self._families.values():
            yield from (f"{line}\n" for line in family.heading)
            metrics: dict[str, list[Iterator[str]]] = {}
            for series, samples in family.series.items():
                labels = _LE.sub("", series.partition("{")[2])
                metrics.setdefault(labels, []).append(_lines(series, *samples))
            for metric in metrics.values():
                for lines in zip(*metric, strict=True):  # the series of a histogram belong together
                    yield from lines
        yield "# EOF\n"


def _lines(series: str, values: Iterable[float], times: Iterable[float]) -> Iterator[str]:
    name, _, labels = series.removesuffix("}").partition("{")
    head = f"{name}{{{TARGET}{',' if labels else ''}{labels}}}"
    return (f"{head} {number_text(value)} {at:.0f}\n" for value, at in zip(values, times, strict=True))


async def past_scrapes(config: Callable[[str], Loaded], span: float, end: float, step: float = STEP) -> PastScrapes:
    """Poll the accounts of the demo at a slower pace from `end - span` on, in simulated time, and scrape what the exporter exposes.

    `config` returns their configuration from the URL of the simulator.
    """
    began = end - span
    now, scrapes = PastClock(began - DELAY), PastScrapes()
    clock = Clock(now, now, random=Random(0).random)  # noqa: S311 -- the same history every time
    accounts = (
        replace(each.simulated, body=paced(each.simulated.body, began), course=paced_course(each.simulated.course))
        for each in DEMO_ACCOUNTS
    )
    async with Simulator(accounts, monotonic=now, wall=now) as simulator, open_session(user_agent()) as session:
        jobs = build_jobs(config(simulator.url))
        store, secrets = new_store(jobs, clock), SecretReader({})
        scheduler = Scheduler(Client(session, {}, clock, secrets), store, clock, secrets=secrets)
        exposition, due = Exposition(build(), runtime=False), {job.key: began + (index % 3) * step for index, job in enumerate(jobs)}
        for number in range(int(span / step) + 1):
            at = began + number * step
            now.set(at - DELAY)
            if at >= end - FAULTY * span:
                for each in DEMO_ACCOUNTS:
                    simulator.set_fault(each.simulated.secret, each.fault)
            await _poll(scheduler, jobs, due, at)
            now.set(at)
            scrapes.add(exposition.render(store.snapshot(), _OPENMETRICS).body.decode() + _UP, at)
    return scrapes


async def _poll(scheduler: Scheduler, jobs: Iterable[Job], due: dict[AccountKey, float], at: float) -> None:
    async with asyncio.TaskGroup() as polls:
        tasks = {job.key: polls.create_task(scheduler.poll_once(job)) for job in jobs if due[job.key] <= at}
    due |= {key: at + task.result() for key, task in tasks.items()}
