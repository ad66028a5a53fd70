"""The results of the soak test."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """The results."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    scrapes: list[float] = field(default_factory=list)
    samples: list[tuple[int, int, int]] = field(default_factory=list)
    reloads: Counter[str] = field(default_factory=Counter)

    def fault(self, kind: str, example: str) -> None:
        """Record something that must not happen."""
        self.broken[kind] += 1
        if self.broken[kind] <= 3:
            self.examples.append(f"{kind}: {example}")


def check_resources(tally: Tally) -> None:
    """Check memory, descriptors and threads."""
    samples = tally.samples
    (memory, fds, _), (memory_end, fds_end, _) = samples[0], samples[-1]
    if memory_end > 1.25 * memory + 16_384:
        tally.fault("memory that grows", f"{memory} to {memory_end} KiB")
    if fds_end > fds + 75:  # while it runs, every hanging account has one
        tally.fault("descriptors that leak", f"{fds} to {fds_end}")
    if (threads := max(sample[2] for sample in samples)) > 64:
        tally.fault("too many threads", str(threads))


def report(tally: Tally) -> None:
    """Print the table."""
    print(f"\n{'':12} {'start':>10} {'end':>10} {'max':>10}")
    for name, values in zip(("RSS, KiB", "fds", "threads"), zip(*tally.samples, strict=True), strict=True):
        print(f"{name:12} {values[0]:10} {values[-1]:10} {max(values):10}")
    times = tally.scrapes or [0.0]
    print(f"\nscrapes: {len(tally.scrapes)}, median {1000 * statistics.median(times):.0f} ms, slowest {1000 * max(times):.0f} ms")
    print(f"reloads: {dict(tally.reloads)}\npolls: {tally.counts.pop('polls', 0)}; failures by reason:")
    for reason, count in sorted(tally.counts.items()):
        print(f"  {reason:18} {count:8}")
    print("must be 0:")
    for kind in sorted({"wrong numbers", "stale numbers", "counters that fell", "accounts not polled", *tally.broken}):
        print(f"  {kind:30} {tally.broken[kind]:8}")
    print(*tally.examples, sep="\n")
