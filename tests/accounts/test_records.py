"""Rows of the state file: what was written is read exactly, and a row that is damaged costs no other."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.accounts.entry import Record
from exporter.accounts.history import EMPTY
from exporter.accounts.records import encode
from exporter.accounts.state_file import APPLICATION_ID, StateFile
from exporter.model import AccountKey
from tests.accounts.state import execute, filled, stored
from tests.accounts.support import ENTRY, KEY, RECORD, RECORDS, TEXTS, account, record


def test_any_entry_is_restored_exactly(file: StateFile) -> None:
    @given(st.builds(AccountKey, TEXTS, TEXTS), RECORDS)
    def check(key: AccountKey, known: Record) -> None:
        file.save(key, known)
        assert repr(file.load()[key]) == repr(known)
        file.forget([key])

    check()
    assert (file.load(), file.skipped) == ({}, 0)


@pytest.mark.parametrize("digits", ["0.1", "10.50", "-0", "1E+30", "123456789012345678901234567890.000000000000000001"])
def test_amounts_are_not_rounded(file: StateFile, digits: str) -> None:
    assert ENTRY.reading
    quota = replace(ENTRY.reading.quotas[0], remaining=Decimal(digits))
    file.save(KEY, record(reading=replace(ENTRY.reading, quotas=(quota,))))
    reading = file.load()[KEY].entry.reading
    assert reading
    assert str(reading.quotas[0].remaining) == digits
    assert reading.quotas[0].used is None


@pytest.mark.parametrize("digits", [f"1{'0' * 900_000}1e-900000", "7" * 900_000 + "e-900000", "1e-1000001", "0e9999"])
def test_a_number_that_is_too_long_is_rounded(file: StateFile, digits: str) -> None:
    assert ENTRY.reading
    quota = replace(ENTRY.reading.quotas[0], remaining=Decimal(digits))
    known = record(reading=replace(ENTRY.reading, quotas=(quota,)))
    assert len(encode(known.entry)) < 3_000
    file.save(KEY, known)
    reading = file.load()[KEY].entry.reading
    assert reading
    assert float(reading.quotas[0].remaining or 0) == float(Decimal(digits))


RELEASED = (
    '{"labels": {"team": "video"}, "stale_after": 900.0, "interval": 300.0, "reading": {"quotas": [{"resource": "credits", '
    '"unit": "credits", "remaining": "10.50", "used": null, "limit": null, "overage_limit": null, "unlimited": false, "resets_at": null}], '
    '"info": {"plan": "pro"}, "status": null, "features": {}, "auto_reload": null, "created_at": null, "credential_expires_at": null, '
    '"mismatches": []}, "up": false, "error": {"reason": "rate_limited", "message": "HTTP 429"}, "failures": 1, "begun_at": 1060.375, '
    '"last_poll_at": 1060.5, "last_success_at": 1000.25, "limited_until": 1300.0, "duration": 0.125, "polls": 7, '
    '"errors": {"rate_limited": 1}, "mismatches": {"credits.used": 2}, "books": [{"resource": "credits", "unit": "credits", '
    '"since": 100.5, "at": 1000.25, "consumed": "89.50", "replenished": "50", "used": null, "remaining": "10.50", "limit": null, '
    '"resets_at": null, "readings": 4, "marks": [{"at": 100.5, "consumed": "0"}]}]}'
)
"""An entry as version 0.1 wrote it."""


def test_a_file_of_the_first_release_is_read_and_its_history_begins_again(path: Path) -> None:
    execute(
        path,
        "CREATE TABLE accounts (provider TEXT, account TEXT, next_poll_at REAL, entry TEXT, PRIMARY KEY (provider, account))",
        f"INSERT INTO accounts VALUES ('liveavatar', 'stage', 1360.5, '{RELEASED}')",  # noqa: S608 -- our own text
        "INSERT INTO accounts VALUES ('liveavatar', 'damaged', 1360.5, '{')",
        "INSERT INTO accounts VALUES ('liveavatar', 'binary', 1360.5, x'ff')",
        "INSERT INTO accounts VALUES ('liveavatar', 'empty', 1360.5, NULL)",
        "PRAGMA user_version=1",
        f"PRAGMA application_id={APPLICATION_ID}",
    )
    with closing(StateFile.open(path)) as opened:
        known = opened.load()
        assert opened.skipped == 3
    [consumption] = ENTRY.consumption
    expected = record(optional={}, optional_errors={}, consumption=(replace(consumption, history=EMPTY),))
    assert {key: repr(each) for key, each in known.items()} == {KEY: repr(expected)}


def test_fields_that_an_older_version_did_not_write_have_their_defaults(path: Path) -> None:
    filled(path, 1)
    execute(path, "UPDATE accounts SET entry = json_remove(entry, '$.limited_until', '$.reading.credential_expires_at', '$.consumption')")
    assert repr(stored(path)[account(0)]) == repr(record(limited_until=None, consumption=()))


@pytest.mark.parametrize(
    "damage",
    [
        "entry = substr(entry, 1, 40)",
        "entry = 'null'",
        "entry = '[]'",
        "entry = ''",
        "entry = x'ff'",
        "entry = 7",
        "entry = replace(printf('%.100000c', '['), '', '')",
        "entry = json_set(entry, '$.interval', 'soon')",
        "entry = json_set(entry, '$.polls', 1.5)",
        "entry = json_set(entry, '$.up', 1)",
        "entry = json_set(entry, '$.errors', json('{\"boredom\": 1}'))",
        "entry = json_set(entry, '$.error.reason', 7)",
        "entry = json_set(entry, '$.reading', 7)",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', 'much')",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', 10.5)",
        "entry = json_set(entry, '$.reading.quotas', json('{}'))",
        "entry = replace(entry, '300.0', 'NaN')",
        "entry = json_set(entry, '$.interval', 1e999)",
        "entry = json_set(entry, '$.last_success_at', 1e999)",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', '1e400')",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', '1e-1000001')",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', '0e99999')",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', printf('1%.900d', 1))",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', 'sNaN')",
        "entry = json_set(entry, '$.optional./key.next_attempt_at', 'soon')",
        "next_poll_at = 'soon'",
        "next_poll_at = 1e999",
        "begun_at = 'once'",
        "begun_at = -1e999",
        "entry = NULL",
        "entry = json_set(entry, '$.consumption[0].consumed', 'NaN')",
        "entry = json_set(entry, '$.consumption[0].consumed', '-Infinity')",
        "entry = json_set(entry, '$.consumption[0].at', '1000')",
        "entry = json_set(entry, '$.consumption[0].history', 7)",
        "entry = json_set(entry, '$.consumption[0].history.times', json('{}'))",
        "entry = json_set(entry, '$.consumption[0].history.times', json('[100.5]'))",
        "entry = json_set(entry, '$.consumption[0].history.times', json('[900.25, 100.5]'))",
        "entry = json_set(entry, '$.consumption[0].history.times[0]', '100.5')",
        "entry = json_set(entry, '$.consumption[0].history.amounts[1]', 1e999)",
        "entry = json_set(entry, '$.consumption[0].history.amounts[1]', -0.5)",
        "entry = json_set(entry, '$.consumption[0].history.amounts[1]', json('true'))",
        "entry = replace(entry, '89.5]', '1' || printf('%.400d', 0) || ']')",
        "entry = json_set(entry, '$.consumption[0].history.empty', json('[[900.25]]'))",
        "entry = json_set(entry, '$.consumption[0].history.empty', json('[[900.25, null]]'))",
        "entry = json_remove(entry, '$.consumption[0].since')",
        "provider = CAST(x'ff' AS TEXT)",
        "account = NULL",
    ],
)
def test_a_damaged_row_is_skipped_and_the_others_are_read(path: Path, damage: str) -> None:
    filled(path, 3)
    execute(path, f"UPDATE accounts SET {damage} WHERE account = 'account-1'")  # noqa: S608 -- our own text
    with closing(StateFile.open(path)) as opened:
        entries = opened.load()
        assert (entries.keys(), opened.skipped) == ({account(0), account(2)}, 1)
    assert repr(entries[account(2)]) == repr(RECORD)
