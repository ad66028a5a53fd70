"""Records as rows of the state file: the entry is JSON with exact amounts."""

from __future__ import annotations

from functools import cache
from math import isfinite
from typing import TypeGuard

from pydantic import TypeAdapter, ValidationError

from exporter.accounts.entry import Entry, Record, Schedule
from exporter.model import AccountKey


@cache
def _entries() -> TypeAdapter[Entry]:
    return TypeAdapter(Entry)


def encode(entry: Entry) -> str:
    """Return the entry as JSON; amounts are texts of at most 800 digits."""
    return _entries().dump_json(entry, exclude_none=True).decode()


def decode(provider: object, account: object, begun_at: object, next_poll_at: object, text: object) -> tuple[AccountKey, Record] | None:
    """Return one row as a record; None where it is damaged, or holds a number that is not finite as a double or too long."""
    if not (isinstance(provider, bytes) and isinstance(account, bytes) and isinstance(text, bytes)):
        return None
    if not (_is_time(begun_at) and _is_time(next_poll_at)):
        return None
    try:
        key, entry = AccountKey(provider.decode(), account.decode()), _entries().validate_json(text, strict=True)
    except (UnicodeDecodeError, ValidationError):
        return None
    return key, Record(entry, Schedule(begun_at, next_poll_at))


def _is_time(value: object) -> TypeGuard[float | None]:
    return value is None or (isinstance(value, float) and isfinite(value))
