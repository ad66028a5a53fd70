from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from exporter.accounts.entry import Schedule
from exporter.accounts.snapshot import AccountSnapshot
from exporter.model import AccountKey, AutoReload, Reading, Reason, Status
from exporter.overview.encoding import encode, to_plain
from tests.overview.entries import DAY, NEW, NOW, burning, changed, configured, credits_of, facts_of, failed, overview_of, polled
from tests.support import job_of

HOSTILE = '</script><img src=x onerror=alert(1)> \u202eevil\u2028\x00\x1b[31m\ud800 \U0001f3ad {{7*7}} "quoted" \\ \u00fc'


def plain(known: AccountSnapshot) -> dict[str, Any]:
    [account] = json.loads(encode(overview_of([known])))["accounts"]
    assert isinstance(account, dict)
    return account


def test_an_account_has_all_fields() -> None:
    quota = credits_of("12.5", 100, used=Decimal("87.5"), resets_at=NOW + DAY)
    known = burning(polled(quota), 0.5)
    reading = Reading(
        (quota,), {"plan": "pro"}, Status("active"), {"x": True}, AutoReload("usd", Decimal(10)), 1.0, 2.0, ("credits.limit",)
    )
    known = configured(changed(known, reading=reading), labels={"team": "video"})
    assert plain(known._replace(schedule=Schedule(None, NOW + 240))) == {
        "provider": "acme",
        "account": "studio",
        "labels": {"team": "video"},
        "state": "low",
        "interval_seconds": 300.0,
        "stale_after_seconds": 900.0,
        "polls": 1,
        "verified": "documented",
        "quotas": [
            {
                "resource": "credits",
                "unit": "credits",
                "state": "low",
                "remaining": 12.5,
                "used": 87.5,
                "limit": 100,
                "unlimited": False,
                "resets_at": NOW + DAY,
                "share": 0.125,
                "burn_per_second": 0.5,
                "burn_window_seconds": DAY,
                "empty_at": NOW - 35,
                "lasts_until_reset": False,
            }
        ],
        "up": True,
        "info": {"plan": "pro"},
        "status": "active",
        "features": {"x": True},
        "auto_reload": {"unit": "usd", "threshold": 10},
        "created_at": 1.0,
        "credential_expires_at": 2.0,
        "mismatches": ["credits.limit"],
        "last_poll_at": NOW - 60,
        "last_success_at": NOW - 60,
        "next_poll_at": NOW + 240,
    }


def test_unknown_values_are_omitted() -> None:
    assert plain(NEW) == {
        "provider": "acme", "account": "studio", "labels": {}, "state": "waiting", "interval_seconds": 300.0, "stale_after_seconds": 900.0,
        "polls": 0, "verified": "documented", "quotas": [], "mismatches": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0"), ("-0", "0"), ("0.10", "0.1"), ("12.00", "12"), ("1E+3", "1000"), ("-12345", "-12345"), ("9007199254740991", "9007199254740991"),
        ("9007199254740992", "9007199254740992.0"), ("0.1000000000000000055511151231257827", "0.1"), ("1e-400", "0.0"), ("-1e-400", "0.0"),
        ("1.7e308", "1.7e+308"), ("1e400", None), ("NaN", None), ("sNaN", None), ("Infinity", None),
    ],
)  # fmt: skip
def test_an_amount_is_a_json_number_or_absent(amount: str, text: str | None) -> None:
    [facts] = facts_of(polled(credits_of(1))).quotas
    found = to_plain(replace(facts, remaining=Decimal(amount))).get("remaining")
    assert (None if found is None else json.dumps(found)) == text


def test_hostile_text_is_unchanged_and_the_response_is_ascii() -> None:
    hostile = NEW._replace(job=job_of(AccountKey(HOSTILE, HOSTILE), labels={"team": HOSTILE}))
    known = failed(hostile, Reason.INTERNAL, HOSTILE)
    account = plain(known)
    assert (account["provider"], account["account"], account["labels"]) == (HOSTILE, HOSTILE, {"team": HOSTILE})
    assert account["error"]["message"] == HOSTILE
    answer = encode(overview_of([known]))
    assert answer.isascii()
    assert not any(byte < 0x20 for byte in answer)
