"""Overviews for the status page: every state of an account, hostile text, and a thousand accounts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from exporter.model import Reason, Seconds
from exporter.overview.build import summary_of
from exporter.overview.facts import AccountFacts, AutoReloadFacts, ErrorFacts, Overview, QuotaFacts, State

NOW = 1_763_809_205.0
"""22 Nov 2025 11:00:05 UTC."""
HOUR, DAY = 3_600.0, 86_400.0
HOSTILE = '<script>alert("x")</script>&\u202egnp.exe\u2066'
SHOWN_HOSTILE = '<script>alert("x")</script>&\ufffdgnp.exe\ufffd'
"""How the page shows it: characters that change the direction of text are replaced."""
LONG = "W" * 128


def account(name: str = "studio", state: State = State.OK, *quotas: QuotaFacts, **more: object) -> AccountFacts:
    facts: dict[str, object] = {
        "provider": "heygen",
        "labels": {"team": "video"},
        "interval": Seconds(60.0),
        "stale_after": Seconds(900.0),
        "polls": 1_234,
        "up": True,
        "last_poll_at": NOW - 12,
        "last_success_at": NOW - 12,
        "next_poll_at": NOW + 48,
    }
    return AccountFacts(account=name, state=state, quotas=quotas, **{**facts, **more})  # type: ignore[arg-type]  # the fields of the dataclass


def failed(reason: Reason, message: str, remedy: str, failures: int = 1, since: float | None = None) -> dict[str, object]:
    return {"up": False, "error": ErrorFacts(reason, message, remedy, failures, since)}


def overview(accounts: Iterable[AccountFacts], *, at: float = NOW) -> Overview:
    known = tuple(accounts)
    return Overview(at, "1.2.3", summary_of(known), known)


WALLET = QuotaFacts(
    "wallet",
    "usd",
    State.LOW,
    remaining=Decimal("31.5"),
    thresholds={"critical": Decimal(10), "warning": Decimal(50)},
    burn_per_second=0.35 / HOUR,
    burn_window=Seconds(6 * HOUR),
    empty_at=NOW + 90 * HOUR,
)
PREMIUM = QuotaFacts(
    "premium_credits",
    "credits",
    State.OK,
    remaining=Decimal(1_234),
    used=Decimal(8_766),
    limit=Decimal(10_000),
    resets_at=NOW + 3 * DAY + 3 * HOUR,
    thresholds={"warning": Decimal(2_000), "critical": Decimal(500)},
    share=0.1234,
    burn_per_second=3.2 / HOUR,
    burn_window=Seconds(6 * HOUR),
    empty_at=NOW + 385 * HOUR,
    lasts_until_reset=True,
)
OVER = QuotaFacts(
    "characters",
    "characters",
    State.LOW,
    remaining=Decimal(-12_300),
    used=Decimal(112_300),
    limit=Decimal(100_000),
    overage_limit=Decimal(200_000),
    resets_at=NOW + 9 * DAY,
    share=-0.123,
)
SPEND = QuotaFacts(
    "spend", "usd", State.LOW, remaining=Decimal("37.42"), used=Decimal("462.58"), limit=Decimal(500), share=0.07484,
    resets_at=NOW + 5 * DAY, burn_per_second=1.1 / HOUR, burn_window=Seconds(DAY), empty_at=NOW + 34 * HOUR, lasts_until_reset=False,
)  # fmt: skip
EMPTY = QuotaFacts("credits", "credits", State.EXHAUSTED, remaining=Decimal(0), limit=Decimal(1_000), share=0.0, resets_at=NOW + 5 * HOUR)
SLOTS = QuotaFacts("voice_slots", "slots", State.OK, remaining=Decimal(21), used=Decimal(9), limit=Decimal(30), share=0.7)
ENDLESS = QuotaFacts("characters", "characters", State.OK, used=Decimal(1_200_450), unlimited=True)
BUDGET = QuotaFacts("spend", "usd", State.LOW, used=Decimal("412.5"), budget=Decimal(500))
OVERAGE_SPEND = QuotaFacts("overage_spend", "usd", State.OK, used=Decimal("0.1"))

EVERY_STATE = (
    account("stage", State.EXHAUSTED, EMPTY, provider="liveavatar", labels={"team": "events", "cost_center": "4711"}),
    account(
        "narration-de",
        State.EXHAUSTED,
        provider="elevenlabs",
        last_success_at=None,
        **failed(Reason.QUOTA_EXHAUSTED, "HTTP 401 with the error code quota_exceeded", "Buy more at the vendor, or wait for the reset.", 3),
    ),
    account(
        "forgotten",
        State.FAILING,
        last_success_at=NOW - 3 * DAY - 4 * HOUR,
        next_poll_at=NOW + 850,
        **failed(Reason.UNAUTHORIZED, "HTTP 401", "Create a new key at the vendor.", 3_182, NOW - 3 * DAY - 4 * HOUR + 90),
    ),
    account(
        "web-plan",
        State.FAILING,
        PREMIUM,
        last_success_at=NOW - 4 * 60,
        limited_until=NOW + 6 * 60,
        **failed(Reason.RATE_LIMITED, "HTTP 429", "Nothing to do: the exporter waits as long as the vendor asked. Set a longer interval if it comes back."),
    ),
    account(
        "studio",
        State.LOW,
        WALLET,
        PREMIUM,
        info={"plan": "team", "billing_type": "wallet"},
        auto_reload=AutoReloadFacts("usd", Decimal(10), Decimal(50)),
        features={"auto_reload": True, "can_extend_character_limit": False},
        status="active",
        created_at=NOW - 800 * DAY,
        credential_expires_at=NOW + 6 * DAY,
        mismatches=("voice_slots.limit", "voice_slots.used"),
    ),
    account("render-farm", State.LOW, SPEND),
    account("podcast", State.LOW, OVER, SLOTS, OVERAGE_SPEND, provider="elevenlabs", labels={"team": "voice"}),
    account("enterprise", State.OK, ENDLESS, provider="elevenlabs", labels={}),
    account("new", State.WAITING, provider="liveavatar", polls=0, up=None, last_poll_at=None, last_success_at=None, next_poll_at=NOW + 5),
)  # fmt: skip


def everything() -> Overview:
    return overview(EVERY_STATE)


def hostile() -> Overview:
    quota = QuotaFacts(
        HOSTILE,
        HOSTILE,
        State.LOW,
        remaining=Decimal(1),
        limit=Decimal(10),
        share=0.1,
        thresholds={HOSTILE: Decimal(2)},
        empty_at=NOW + HOUR,
    )
    error = failed(Reason.INVALID_RESPONSE, HOSTILE, HOSTILE)
    one = account(HOSTILE, State.FAILING, quota, labels={"team": HOSTILE}, info={"plan": HOSTILE}, status=HOSTILE, features={HOSTILE: True}, mismatches=(HOSTILE,), **error)  # fmt: skip
    long = account(LONG, State.LOW, PREMIUM, provider="p" * 64, labels={"l" * 64: LONG, "note": LONG}, info={"plan": LONG})
    return overview((one, long))


def thousand() -> Overview:
    def one(number: int) -> AccountFacts:
        trouble = EVERY_STATE[number % 9] if number < 27 else None
        labels = {"team": f"team-{number % 7}", "show": f"show-{number % 40}"}
        if trouble:
            return account(f"{trouble.account}-{number:04}", trouble.state, *trouble.quotas, provider=trouble.provider, labels=labels, error=trouble.error, up=trouble.up, last_success_at=trouble.last_success_at)  # fmt: skip
        return account(f"account-{number:04}", State.OK, PREMIUM, SLOTS, labels=labels, info={"plan": "team"}, status="active")

    return overview(sorted((one(number) for number in range(1_000)), key=lambda known: list(State).index(known.state)))
