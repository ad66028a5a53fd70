"""Sharding: which accounts one of several exporters polls, without coordination between them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from exporter.model import AccountKey

MAX_SHARDS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several exporters that read the same configuration; by default there is only one."""

    ordinal: int = 0
    """From 0."""
    total: int = 1

    def holds(self, key: AccountKey) -> bool:
        """Whether this shard polls the account: exactly one does."""
        return ordinal_of(key, self.total) == self.ordinal


WHOLE: Final = Shard()


def ordinal_of(key: AccountKey, total: int) -> int:
    """Return the shard that polls the account. An additional shard takes accounts over, and no other account moves.

    Rendezvous hashing (Thaler and Ravishankar, 1998): the shard whose hash together with the account is the highest.
    """
    return 0 if total == 1 else max(range(total), key=lambda ordinal: _weight(ordinal, key))


def _weight(ordinal: int, key: AccountKey) -> bytes:
    return hashlib.sha256("\0".join((str(ordinal), *key)).encode()).digest()
