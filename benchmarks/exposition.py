"""Compares scrapes with prometheus-client, on the same series in the same run: `python benchmarks/exposition.py`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import gzip
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial

from prometheus_client import generate_latest

from exporter.accounts.store import Store
from exporter.metrics.collector import BUCKETS, Families, account_families, exporter_families
from exporter.metrics.exposition import Exposition
from exporter.metrics.negotiation import Negotiated
from exporter.model import Quota, Reading, Seconds, Status
from exporter.providers.library import load_definitions
from exporter.web.scrapes import Scrapes
from tools.docs.jobs import clock_at, jobs_of

NOW = 1_760_000_000.0
BUILD = ("0.0.0", "benchmark")
SERIES = (2_000, 20_000, 200_000)
SERIES_OF_AN_ACCOUNT = 43
TOGETHER = 8
PROVIDERS = ("elevenlabs", "heygen", "liveavatar")
STATES = ("trialing", "active", "past_due", "unpaid", "canceled")
PLAIN, GZIP = Negotiated(), Negotiated(gzip=True)


def new_reading(number: int) -> Reading:
    """Return a complete reading: two resources with all their parts, a status and some features."""
    used = Decimal(number)
    quotas = tuple(Quota(f"resource_{i}", "credits", 100_000 - used, used, Decimal(100_000), resets_at=NOW + number) for i in range(2))
    features = {f"feature_{i}": bool(i % 2) for i in range(2)}
    return Reading(quotas, {"plan": "creator", "workspace": f"w-{number}"}, Status("active", STATES), features)


class Subject:
    """An exporter whose accounts are polled and scraped, and prometheus-client with the same families."""

    def __init__(self, accounts: int) -> None:
        names = [
            {"provider": PROVIDERS[number % 3], "name": f"account-{number}", "labels": {"team": "video"}} for number in range(accounts)
        ]
        self.store = Store(jobs_of(load_definitions(), *names), BUCKETS, clock_at(NOW))
        self.exposition = Exposition(BUILD, runtime=False)
        self._scrapes = Scrapes(self.store, self.exposition)
        self._loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(TOGETHER)
        self._polls = 0

    def poll_all(self) -> None:
        """Poll every account, which prepares its rows, as the daemon does."""
        self._polls += 1
        for number, job in enumerate(self.store.snapshot().jobs):
            self.store.record_success(job.key, new_reading(number + self._polls), at=NOW, duration=Seconds(0.25), interval=Seconds(300.0))
            self.exposition.rows.prepare(self.store.snapshot([job.key]))

    def scrape(self, negotiated: Negotiated, times: int = 1) -> list[bytes]:
        """Scrape so many times at once."""

        async def scrape() -> list[bytes]:
            return [page.body for page in await asyncio.gather(*(self._scrapes.get(negotiated) for _ in range(times)))]

        return self._loop.run_until_complete(scrape())

    def peer(self, negotiated: Negotiated) -> bytes:
        """Scrape prometheus-client: it creates the families, writes them, and compresses them as its own servers do."""
        snapshot = self.store.snapshot()
        page = generate_latest(Families([*account_families(snapshot.accounts, ("team",)), *exporter_families(snapshot, BUILD)]))
        return gzip.compress(page) if negotiated.gzip else page

    def peer_together(self) -> list[bytes]:
        """Scrape prometheus-client several times at once."""
        return list(self._threads.map(self.peer, [GZIP] * TOGETHER))


def seconds(measured: Callable[[], object], rounds: int, before: Callable[[], object] = lambda: None) -> float:
    """Return the time of the quickest round: the others include other load of the machine."""
    times = []
    for _ in range(rounds):
        before()
        gc.collect()
        started = time.perf_counter()
        measured()
        times.append(time.perf_counter() - started)
    return min(times)


def measure(subject: Subject, rounds: int) -> dict[str, tuple[float, float]]:
    """Return the seconds of the exporter and of prometheus-client for each case."""
    if subject.scrape(PLAIN)[0] != subject.peer(PLAIN):
        raise SystemExit("the two pages differ: nothing to compare")
    cases = {}
    for form, name in ((PLAIN, "plain"), (GZIP, "gzip")):
        scrape, peer = partial(subject.scrape, form), seconds(partial(subject.peer, form), rounds)
        cases[f"all accounts changed, {name}"] = seconds(scrape, 3 * rounds, subject.poll_all), peer
        cases[f"unchanged, {name}"] = seconds(scrape, 5 * rounds), peer
    together = seconds(lambda: subject.scrape(GZIP, TOGETHER), rounds, subject.poll_all)
    cases[f"{TOGETHER} at once, all changed, gzip"] = together, seconds(subject.peer_together, 1)
    return cases


def main() -> None:
    """Measure and print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, nargs="*", default=SERIES, help="how many series the pages have")
    parser.add_argument("--rounds", type=int, default=3, help="how often prometheus-client is measured (default: %(default)s)")
    options = parser.parse_args()
    for wanted in options.series:
        subject = Subject(round(wanted / SERIES_OF_AN_ACCOUNT))
        subject.poll_all()
        page = subject.scrape(PLAIN)[0]
        print(f"\n{page.count(b'account=')} series, {len(page) / 1e6:.1f} MB\n{'':34} {'ms':>9} {'prometheus-client':>18} {'ratio':>7}")
        for name, (ours, peer) in measure(subject, options.rounds).items():
            print(f"{name:34} {ours * 1e3:9.2f} {peer * 1e3:18.2f} {ours / peer:7.4f}")


if __name__ == "__main__":
    main()
