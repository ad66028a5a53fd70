"""Records of every shape."""

from __future__ import annotations

import io
import json
from array import array
from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from exporter.accounts.consumption import Consumption
from exporter.accounts.entry import Entry, Failure, OptionalRequest, Record, Schedule
from exporter.accounts.history import EMPTY, History
from exporter.errors import Cause
from exporter.log import configure_log
from exporter.model import AccountKey, AutoReload, Quota, Reading, Reason, Seconds, Status, is_storable

T = TypeVar("T")

KEY: Final = AccountKey("liveavatar", "stage")
ENTRY: Final = Entry(
    interval=Seconds(300.0),
    reading=Reading(quotas=(Quota("credits", "credits", remaining=Decimal("10.50")),), info={"plan": "pro"}),
    up=False,
    error=Failure(Reason.RATE_LIMITED, "HTTP 429"),
    failures=1,
    last_poll_at=1060.5,
    last_success_at=1000.25,
    limited_until=1300.0,
    duration=Seconds(0.125),
    polls=7,
    errors={Reason.RATE_LIMITED: 1},
    mismatches={"credits.used": 2},
    consumption=(
        Consumption(
            "credits",
            "credits",
            since=100.5,
            at=1000.25,
            consumed=Decimal("89.50"),
            replenished=Decimal(50),
            remaining=Decimal("10.50"),
            readings=4,
            history=History(array("d", [100.5, 900.25]), array("d", [0.0, 89.5]), ((900.25, 1000.25),)),
        ),
    ),
    optional={"/key": OptionalRequest(Reading(info={"workspace": "w-1"}), 1000.25, Failure(Reason.FORBIDDEN, "HTTP 403"), 2, 1400.0)},
    optional_errors={Reason.FORBIDDEN: 2},
)
RECORD: Final = Record(ENTRY, Schedule(1060.375, 1360.5))


def complete(type_: type[T], **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Values with every field set. A field that is added to the type must be added here too."""
    assert parts.keys() == {part.name for part in fields(type_)}  # type: ignore[arg-type]  # dataclasses only
    return st.builds(type_, **parts)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def mappings(keys: st.SearchStrategy[Any], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Mapping[Any, Any]]:
    return st.dictionaries(keys, values, max_size=3)


TEXTS: Final = st.text(max_size=20)
COUNTS: Final = st.integers(min_value=0, max_value=10**20)
FLOATS: Final = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS: Final = st.decimals(allow_nan=False, allow_infinity=False).filter(is_storable)
REASONS: Final = st.sampled_from(Reason)

QUOTAS: Final = complete(
    Quota,
    resource=TEXTS,
    unit=TEXTS,
    remaining=maybe(DECIMALS),
    used=maybe(DECIMALS),
    limit=maybe(DECIMALS),
    overage_limit=maybe(DECIMALS),
    unlimited=st.booleans(),
    resets_at=maybe(FLOATS),
)
READINGS: Final = complete(
    Reading,
    quotas=st.lists(QUOTAS, max_size=3).map(tuple),
    info=mappings(TEXTS, TEXTS),
    status=maybe(complete(Status, current=TEXTS, known=st.lists(TEXTS, max_size=3).map(tuple))),
    features=mappings(TEXTS, st.booleans()),
    auto_reload=maybe(complete(AutoReload, unit=TEXTS, threshold=maybe(DECIMALS), amount=maybe(DECIMALS))),
    created_at=maybe(FLOATS),
    credential_expires_at=maybe(FLOATS),
    mismatches=st.lists(TEXTS, max_size=3).map(tuple),
)
NUMBERS: Final = st.lists(FLOATS, min_size=2, max_size=2).map(lambda values: array("d", sorted(values)))
HISTORIES: Final = st.just(EMPTY) | complete(
    History,
    times=NUMBERS,
    amounts=NUMBERS,
    empty=st.lists(st.tuples(FLOATS, FLOATS), max_size=3).map(tuple),
)
CONSUMPTION: Final = complete(
    Consumption,
    resource=TEXTS,
    unit=TEXTS,
    since=FLOATS,
    at=FLOATS,
    consumed=DECIMALS,
    replenished=DECIMALS,
    used=maybe(DECIMALS),
    remaining=maybe(DECIMALS),
    limit=maybe(DECIMALS),
    resets_at=maybe(FLOATS),
    readings=COUNTS,
    history=HISTORIES,
)
FAILURES: Final = complete(Failure, reason=REASONS, message=TEXTS, cause=maybe(st.sampled_from(Cause)))
ENTRIES: Final = complete(
    Entry,
    interval=maybe(FLOATS),
    reading=maybe(READINGS),
    up=maybe(st.booleans()),
    error=maybe(FAILURES),
    failures=COUNTS,
    failing_since=maybe(FLOATS),
    last_poll_at=maybe(FLOATS),
    last_success_at=maybe(FLOATS),
    limited_until=maybe(FLOATS),
    duration=maybe(FLOATS),
    polls=COUNTS,
    errors=mappings(REASONS, COUNTS),
    mismatches=mappings(TEXTS, COUNTS),
    consumption=st.lists(CONSUMPTION, max_size=2).map(tuple),
    optional=mappings(
        TEXTS,
        complete(
            OptionalRequest,
            reading=maybe(READINGS),
            last_success_at=maybe(FLOATS),
            error=maybe(FAILURES),
            failures=COUNTS,
            failing_since=maybe(FLOATS),
            next_attempt_at=maybe(FLOATS),
        ),
    ),
    optional_errors=mappings(REASONS, COUNTS),
    subject=maybe(TEXTS),
    meanings=maybe(mappings(TEXTS, TEXTS)),
    source=maybe(TEXTS),
)
COLUMN_TIMES: Final = maybe(FLOATS.map(abs))  # SQLite stores -0.0 in a column as 0.0
RECORDS: Final = complete(Record, entry=ENTRIES, schedule=complete(Schedule, begun_at=COLUMN_TIMES, next_poll_at=COLUMN_TIMES))


def record(**changes: Any) -> Record:
    """Return the record with changed observations or times."""
    times = {name: changes.pop(name) for name in ("begun_at", "next_poll_at") if name in changes}
    return Record(replace(ENTRY, **changes), replace(RECORD.schedule, **times))


def account(number: int) -> AccountKey:
    return AccountKey("liveavatar", f"account-{number}")


class Log:
    """The log from now on."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        configure_log("info", "json", self._stream)

    def lines(self) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self._stream.getvalue().splitlines()]
        return [{name: value for name, value in line.items() if name != "ts"} for line in lines]
