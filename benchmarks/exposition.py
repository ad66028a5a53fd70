"""Compares the time of a page with prometheus-client, on the same families in the same run: `python benchmarks/exposition.py`."""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from decimal import Decimal

from prometheus_client import generate_latest

from exporter.accounts.snapshot import Snapshot
from exporter.accounts.store import Store
from exporter.metrics.collector import BUCKETS, Families, account_families, exporter_families
from exporter.metrics.exposition import Exposition
from exporter.metrics.negotiation import negotiate
from exporter.model import Quota, Reading, Seconds, Status
from exporter.providers.library import load_definitions
from tools.docs.jobs import clock_at, jobs_of

NOW = 1_760_000_000.0
BUILD = ("0.0.0", "benchmark")
SLOW, QUICK = 3, 20
"""Rounds of slow and of quick measurements. The best is reported, because the others include other load of the machine."""
PROVIDERS = ("elevenlabs", "heygen", "liveavatar")
STATES = ("trialing", "active", "past_due", "unpaid", "canceled")


def new_reading(number: int) -> Reading:
    """Return a complete reading: four resources with all their parts, a status and some features."""
    used = Decimal(number)
    quotas = tuple(Quota(f"resource_{i}", "credits", 100_000 - used, used, Decimal(100_000), resets_at=NOW + number) for i in range(4))
    features = {f"feature_{i}": bool(i % 2) for i in range(4)}
    return Reading(quotas, {"plan": "creator", "workspace": f"w-{number}"}, Status("active", STATES), features)


def new_store(accounts: int) -> Store:
    """Return a store in which every account was polled once."""
    names = [{"provider": PROVIDERS[number % 3], "name": f"account-{number}", "labels": {"team": "video"}} for number in range(accounts)]
    store = Store(jobs_of(load_definitions(), *names), BUCKETS, clock_at(NOW))
    poll(store, accounts)
    return store


def poll(store: Store, count: int, offset: int = 0) -> None:
    """Poll this many accounts again, starting at `offset`."""
    jobs = store.snapshot().jobs
    for number in range(offset, offset + count):
        key = jobs[number % len(jobs)].key
        store.record_success(key, new_reading(number), at=NOW, duration=Seconds(0.25), interval=Seconds(300.0))


def peer_families(snapshot: Snapshot) -> Families:
    """Return all families, as a collector for prometheus-client."""
    return Families([*account_families(snapshot.accounts, ("team",)), *exporter_families(snapshot, BUILD)])


def new_exposition() -> Exposition:
    """Return an exposition with an empty cache."""
    return Exposition(BUILD, runtime=False)


def best(rounds: int, measured: Callable[[int], Callable[[], object]]) -> float:
    """Return the shortest round in milliseconds. `measured` prepares a round and returns the call to time."""
    times = []
    for number in range(rounds):
        run = measured(number)
        gc.collect()
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times) * 1000


def measure(accounts: int) -> dict[str, float]:
    """Return the milliseconds of each measurement; the first is that of prometheus-client."""
    store, changed = new_store(accounts), max(1, accounts // 100)
    families, warm = peer_families(store.snapshot()), new_exposition()
    if generate_latest(families) != warm.render(store.snapshot()).body:
        raise SystemExit("the two pages differ: nothing to compare")

    def after_changes(number: int) -> Callable[[], object]:
        poll(store, changed, offset=number * changed)
        return lambda: warm.render(store.snapshot())

    def cold(_: int) -> Callable[[], object]:
        fresh = new_exposition()
        return lambda: fresh.render(store.snapshot())

    return {
        "prometheus-client, families given": best(SLOW, lambda _: lambda: generate_latest(families)),
        "prometheus-client, families created": best(SLOW, lambda _: lambda: generate_latest(peer_families(store.snapshot()))),
        "exposition, cold": best(SLOW, cold),
        "exposition, warm": best(QUICK, lambda _: lambda: warm.render(store.snapshot())),
        "exposition, warm, gzip": best(QUICK, lambda _: lambda: warm.render(store.snapshot(), negotiate("", "gzip"))),
        f"exposition, {changed} of {accounts} accounts changed": best(QUICK, after_changes),
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=2000, help="how many accounts there are (default: %(default)s)")
    accounts = parser.parse_args().accounts
    size = len(new_exposition().render(new_store(accounts).snapshot()).body)
    print(f"{accounts} accounts, a page of {size / 1e6:.1f} MB, the best of {SLOW} slow or {QUICK} quick rounds\n")
    times = measure(accounts)
    peer = next(iter(times.values()))
    print(f"{'':44} {'ms':>9} {'of the first':>13}")
    for name, milliseconds in times.items():
        print(f"{name:44} {milliseconds:9.1f} {milliseconds / peer:12.2f}x")


if __name__ == "__main__":
    main()
