"""HeyGen: `GET /v3/users/me`, with an API key or an OAuth access token, and `GET /v3/api_keys/self`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from exporter.simulator.examples import example, example_body
from exporter.simulator.faults import Fault
from exporter.simulator.usage import Balance, Usage
from exporter.simulator.vendor import PresentedKey, Vendor

KEY_LIFE: Final = timedelta(days=25)


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
            "resets_at": _iso8601(datetime.fromtimestamp(self.premium.resets_at(elapsed, now), UTC)),
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


def _key(elapsed: float, now: float) -> dict[str, Any]:
    """Return the body for any key: created when the simulator started, with a fixed lifetime."""
    created = datetime.fromtimestamp(round(now - elapsed), UTC)
    times = {"created_at": created, "updated_at": created, "expires_at": created + KEY_LIFE}
    body: dict[str, Any] = example_body("heygen", "key-expires")
    body["data"] |= {name: _iso8601(at) for name, at in times.items()}
    body["data"]["expires_in_seconds"] = int(KEY_LIFE.total_seconds() - elapsed)
    return body


def _iso8601(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_key(headers: Mapping[str, str]) -> PresentedKey | None:
    if key := headers.get("X-Api-Key"):
        return PresentedKey(key)
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return PresentedKey(token, bearer=True) if scheme.lower() == "bearer" and token else None


_REFUSED: Final = example("heygen", "refused-key")

VENDOR: Final = Vendor(
    name="heygen",
    path="/v3/users/me",
    path_prefix="/v3/",
    read_key=_read_key,
    headers=lambda request_id: {"X-Request-Id": request_id},
    missing_key=_REFUSED,
    not_found=example("heygen", "not-found"),
    refusals={
        Fault.BAD_KEY: _REFUSED,
        Fault.NO_PERMISSION: example("heygen", "missing-scope"),
        Fault.RATE_LIMITED: example("heygen", "rate-limited", **{"Retry-After": "7"}),
        Fault.QUOTA_EXHAUSTED: example("heygen", "insufficient-credit"),
        Fault.SERVER_ERROR: example("heygen", "internal-error"),
    },
    other_paths={"/v3/api_keys/self": _key},
)
