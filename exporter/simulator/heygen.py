"""HeyGen: `GET /v3/users/me`, with an API key or an OAuth access token, and `GET /v3/api_keys/self`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from exporter.simulator.faults import Fault
from exporter.simulator.flow import Stock, Usage
from exporter.simulator.vendor import Answer, Presented, Vendor

KEY_LIFE: Final = timedelta(days=25)


@dataclass(frozen=True, slots=True)
class Wallet:
    """A prepaid balance. One in usd reloads itself where the stock has a top-up; one in credits is an enterprise package."""

    username: str
    balance: Stock
    currency: Literal["usd", "credits"] = "usd"

    def __call__(self, elapsed: float, now: float) -> dict[str, Any]:
        """The success body."""
        del now
        wallet = {
            "currency": self.currency,
            "remaining_balance": round(self.balance.left(elapsed), 2),
            "auto_reload": self._auto_reload() if self.currency == "usd" else None,
        }
        return _user(self.username, "wallet", wallet)

    def _auto_reload(self) -> dict[str, Any]:
        enabled = self.balance.top_up > 0
        return {
            "enabled": enabled,
            "threshold_usd": self.balance.floor if enabled else None,
            "amount_usd": self.balance.top_up if enabled else None,
        }


@dataclass(frozen=True, slots=True)
class Subscription:
    """The pools of a web plan, which only an access token sees."""

    username: str
    plan: str
    granted: int
    premium: Usage
    add_on: Stock

    def __call__(self, elapsed: float, now: float) -> dict[str, Any]:
        """The success body."""
        resets_at = datetime.fromtimestamp(self.premium.resets_at(elapsed, now), UTC)
        pools = {
            "premium_credits": {
                "remaining": max(0, self.granted - int(self.premium.used(elapsed))),
                "resets_at": resets_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            "add_on_credits": {"remaining": int(self.add_on.left(elapsed)), "resets_at": None},
        }
        return _user(self.username, "subscription", {"plan": self.plan, "credits": pools})


@dataclass(frozen=True, slots=True)
class UsageBased:
    """Metered billing. Spending stops at the cap, if there is one."""

    username: str
    spend: Usage
    cap: float | None = None
    included: float | None = None
    included_rate: float = 0.0
    """Included credits consumed for one usd spent."""

    def __call__(self, elapsed: float, now: float) -> dict[str, Any]:
        """The success body."""
        del now
        used = self.spend.used(elapsed)
        spent = used if self.cap is None else min(used, self.cap)
        usage = {
            "spending_current_usd": round(spent, 2),
            "spending_cap_usd": self.cap,
            "included_credits": self.included,
            "remaining_credits": None if self.included is None else round(max(0.0, self.included - self.included_rate * spent), 1),
        }
        return _user(self.username, "usage_based", usage)


def _user(username: str, billing_type: str, block: Mapping[str, Any]) -> dict[str, Any]:
    person = {"username": username, "email": f"{username}@example.com", "first_name": "Demo", "last_name": None}
    blocks: dict[str, Any] = {"wallet": None, "subscription": None, "usage_based": None, billing_type: block}
    return {"data": {**person, "billing_type": billing_type, **blocks}}


def _key(elapsed: float, now: float) -> dict[str, Any]:
    """What HeyGen tells about any key: that it was made when the simulator started, and how long it lives."""
    made = datetime.fromtimestamp(round(now - elapsed), UTC)
    moments = {"created_at": made, "updated_at": made, "expires_at": made + KEY_LIFE}
    facts = {"key_id": "key-1", "key_name": "demo", "status": "active", "scope_mode": "custom", "scopes": ["account:read"]}
    times = {name: at.strftime("%Y-%m-%dT%H:%M:%SZ") for name, at in moments.items()}
    return {"data": facts | times | {"expires_in_seconds": int(KEY_LIFE.total_seconds() - elapsed)}}


def _presented(headers: Mapping[str, str]) -> Presented | None:
    if key := headers.get("X-Api-Key"):
        return Presented(key)
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return Presented(token, bearer=True) if scheme.lower() == "bearer" and token else None


def _error(status: int, code: str, message: str, **headers: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message, "param": None, "doc_url": None}}, headers)


_REFUSED: Final = _error(401, "authentication_failed", "This key or token is not valid.")

VENDOR: Final = Vendor(
    name="heygen",
    path="/v3/users/me",
    territory="/v3/",
    presented=_presented,
    headers=lambda request_id: {"X-Request-Id": request_id},
    missing_key=_REFUSED,
    not_found=_error(404, "not_found", "There is nothing at this path."),
    refusals={
        Fault.BAD_KEY: _REFUSED,
        Fault.NO_PERMISSION: _error(403, "insufficient_api_key_scope", "This key lacks the scope account:read."),
        Fault.RATE_LIMITED: _error(429, "rate_limit_exceeded", "Too many requests in a short time.", **{"Retry-After": "7"}),
        Fault.QUOTA_EXHAUSTED: _error(402, "insufficient_credit", "The balance does not cover this."),
        Fault.SERVER_ERROR: _error(500, "internal_error", "The request failed on our side."),
    },
    beside={"/v3/api_keys/self": _key},
)
