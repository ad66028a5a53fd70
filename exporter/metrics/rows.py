"""The sample lines of all accounts, each written when its poll ends, so that a scrape only joins them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, count
from math import inf
from operator import is_not
from typing import Any, Final

from exporter.accounts.entry import Entry
from exporter.accounts.snapshot import AccountSnapshot, Snapshot, unchanged_until
from exporter.config.job import Job
from exporter.metrics.catalogue import ACCOUNT_FAMILIES
from exporter.metrics.lines import Writer, escaped
from exporter.metrics.samples import Source
from exporter.model import AccountKey

_UNWRITTEN: Final = object()


class Rows:
    """The sample lines of all accounts: a row for each account, a column for each family."""

    def __init__(self) -> None:
        self.version = 0
        """Rises whenever a line changes."""
        self._versions: list[int] = []
        """The version in which each column changed last."""
        self._jobs: tuple[Job, ...] = ()
        self._numbers: dict[AccountKey, int] = {}
        self._entries: list[Entry | None] = []
        """What each row was written from; None where it was not written yet."""
        self._sources: list[Sequence[object]] = []
        """The parts of each account, one a group: what is equal is not written again."""
        self._until: list[float] = []
        """Until when each row is right without another poll."""
        self._groups: dict[tuple[Source, Callable[[Any, Any], bool]], list[int]] = {}
        """The columns that depend on the same part of an account, by what returns this part and what compares it."""
        for column, family in enumerate(ACCOUNT_FAMILIES):
            self._groups.setdefault((family.samples.source, family.samples.is_same), []).append(column)
        self._at = inf
        """The time of the last snapshot. The first one, whatever its accounts, begins with a reset."""
        self._correction = 0.0
        self._label_names: tuple[str, ...] = ()
        self._writers: tuple[Writer, ...] = ()
        self._columns: tuple[list[bytes], ...] = ()

    def outdated(self, snapshot: Snapshot) -> list[int]:
        """Return the numbers of the rows that have to be written for this snapshot."""
        if self._is_reset(snapshot):
            self._reset(snapshot)
        self._at = at = snapshot.at
        polled = compress(count(), map(is_not, snapshot.entries, self._entries))
        expired = compress(count(), map(at.__gt__, self._until))
        return sorted({*polled, *expired})

    def update(self, snapshot: Snapshot) -> None:
        """Write all rows that have to be written for this snapshot."""
        self.write(snapshot, self.outdated(snapshot))

    def write(self, snapshot: Snapshot, numbers: Iterable[int]) -> None:
        """Write these rows."""
        for number in numbers:
            self._write(number, snapshot.account(number), snapshot.entries[number], snapshot.at)

    def prepare(self, part: Snapshot) -> None:
        """Write the rows of the accounts in this snapshot, so that the next scrape finds them. Accounts without a row are left out."""
        if part.correction != self._correction:
            return
        self._at = max(self._at, part.at)
        for place, (job, entry) in enumerate(zip(part.jobs, part.entries, strict=True)):
            number = self._numbers.get(job.key)
            if number is not None and self._jobs[number] is job and self._entries[number] is not entry:
                self._write(number, part.account(place), entry, part.at)

    def _write(self, number: int, account: AccountSnapshot, entry: Entry, at: float) -> None:
        labels = {"provider": account.key.provider, "account": account.key.account, **account.settings.labels}
        label_values = tuple([escaped(labels.get(name, "")) for name in self._label_names])
        sources = [source(account) for source, _ in self._groups]
        for source, known, ((_, is_same), columns) in zip(sources, self._sources[number], self._groups.items(), strict=True):
            if known is _UNWRITTEN or (source is not known and not is_same(source, known)):
                for column in columns:
                    self._put(column, number, self._writers[column].write(source, label_values))
        self._sources[number] = sources
        self._entries[number], self._until[number] = entry, unchanged_until(account, at)

    def _put(self, column: int, number: int, lines: bytes) -> None:
        if self._columns[column][number] != lines:
            self._columns[column][number] = lines
            self.version += 1
            self._versions[column] = self.version

    def columns(self) -> Iterator[tuple[int, list[bytes]]]:
        """Return version and lines of each family, in the order of the catalogue; later rows do not change them."""
        return ((version, column.copy()) for version, column in zip(self._versions, self._columns, strict=True))

    def _is_reset(self, snapshot: Snapshot) -> bool:
        """Whether all rows have to be written again: other accounts or settings, or another time on the clock."""
        return (
            len(snapshot.jobs) != len(self._jobs)
            or any(map(is_not, snapshot.jobs, self._jobs))
            or snapshot.correction != self._correction
            or snapshot.at < self._at
        )

    def _reset(self, snapshot: Snapshot) -> None:
        self._jobs, self._correction, length = snapshot.jobs, snapshot.correction, len(snapshot.jobs)
        self._numbers = {job.key: number for number, job in enumerate(snapshot.jobs)}
        names = tuple(sorted({"provider", "account"}.union(*(job.settings.labels for job in snapshot.jobs))))
        if names != self._label_names:
            self._label_names, self._writers = names, tuple(Writer(family, names) for family in ACCOUNT_FAMILIES)
        self._entries, self._until = [None] * length, [inf] * length
        self._sources = [(_UNWRITTEN,) * len(self._groups)] * length
        self._columns = tuple([b""] * length for _ in ACCOUNT_FAMILIES)
        self.version += 1
        self._versions = [self.version] * len(ACCOUNT_FAMILIES)
