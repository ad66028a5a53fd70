"""HeyGen's balances: of a wallet, of a web plan, and of usage-based billing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from exporter.simulator.examples import example_body
from exporter.simulator.usage import Balance, Usage


@dataclass(frozen=True, slots=True)
class Wallet:
    """A prepaid balance. In usd, auto reload is on if the balance has a top-up; in credits, it is an enterprise package."""

    username: str
    balance: Balance
    currency: Literal["usd", "credits"] = "usd"

    def __call__(self, elapsed: float, now: float) -> dict[str, Any]:
        """Return the body of a good response."""
        del now
        body = _body(self.username, "wallet" if self.balance.top_up else "wallet-auto-reload-off")
        wallet = body["data"]["wallet"]
        wallet |= {"currency": self.currency, "remaining_balance": round(self.balance.left(elapsed), 2)}
        if self.currency != "usd":
            wallet["auto_reload"] = None
        elif self.balance.top_up:
            wallet["auto_reload"] |= {"threshold_usd": self.balance.floor, "amount_usd": self.balance.top_up}
        return body


@dataclass(frozen=True, slots=True)
class Subscription:
    """The credits of a web plan, which only an access token can read."""

    username: str
    plan: str
    granted: int
    premium: Usage
    add_on: Balance

    def __call__(self, elapsed: float, now: float) -> dict[str, Any]:
        """Return the body of a good response."""
        body = _body(self.username, "web-plan")
        subscription = body["data"]["subscription"]
        subscription["plan"] = self.plan
        subscription["credits"]["premium_credits"] = {
            "remaining": max(0, self.granted - int(self.premium.used(elapsed))),
            "resets_at": f"{datetime.fromtimestamp(self.premium.resets_at(elapsed, now), UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        subscription["credits"]["add_on_credits"]["remaining"] = int(self.add_on.left(elapsed))
        return body


@dataclass(frozen=True, slots=True)
class UsageBased:
    """Usage-based billing. Spending stops at the cap, if there is one."""

    username: str
    spend: Usage
    cap: float | None = None
    included: float | None = None
    included_rate: float = 0.0
    """Included credits consumed per usd spent."""

    def __call__(self, elapsed: float, now: float) -> dict[str, Any]:
        """Return the body of a good response."""
        del now
        used = self.spend.used(elapsed)
        spent = used if self.cap is None else min(used, self.cap)
        body = _body(self.username, "usage-based-capped")
        body["data"]["usage_based"] |= {
            "spending_current_usd": round(spent, 2),
            "spending_cap_usd": self.cap,
            "included_credits": self.included,
            "remaining_credits": None if self.included is None else round(max(0.0, self.included - self.included_rate * spent), 1),
        }
        return body


def _body(username: str, name: str) -> dict[str, Any]:
    body: dict[str, Any] = example_body("heygen", name)
    body["data"] |= {"username": username, "email": f"{username}@example.com"}
    return body
