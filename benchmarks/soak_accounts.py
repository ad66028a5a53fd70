"""The accounts of the soak test: what their vendors sent, and what a page shows of them."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.heygen import Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.simulator import SimulatedAccount
from exporter.simulator.usage import Balance, Usage

TIMEOUT: Final = 3
"""The timeout of a poll, in seconds."""
SAMPLE = re.compile(r"^ai_account_(\w+)\{([^}]*)\} (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
PARTS = {"quota_remaining": "remaining", "quota_used": "used", "quota_limit": "limit"}
MAIN_RESOURCE = {"heygen": "wallet", "elevenlabs": "characters", "liveavatar": "credits"}
PROVIDERS = tuple(MAIN_RESOURCE)

Figures = dict[str, float]


def figures(provider: str, body: Any) -> Figures:
    """Return what a page must show of the main resource after this response."""
    if provider == "heygen":
        return {"remaining": float(body["data"]["wallet"]["remaining_balance"])}
    if provider == "liveavatar":
        return {"remaining": float(body["data"]["credits_left"])}
    used, limit = body["subscription"]["character_count"], body["subscription"]["character_limit"]
    return {"used": float(used), "limit": float(limit), "remaining": float(limit - used)}


@dataclass
class SoakAccount:
    """One account: its responses, and those that were sent recently."""

    number: int
    faulty_until: float = 0.0
    exhausted: deque[list[float]] = field(default_factory=lambda: deque(maxlen=5))
    sent: deque[tuple[float, Figures]] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def provider(self) -> str:
        """The vendor; each has a third of the accounts."""
        return PROVIDERS[self.number % 3]

    @property
    def name(self) -> str:
        """The account's name, which is also its secret and the name of its secret file."""
        return f"soak-{self.number}"

    def simulated(self) -> SimulatedAccount:
        """Return the simulated account. Each has its own values, so that the values of another account are noticed."""
        start, rate = 1_000_000 + 1_000 * self.number, 0.1 + self.number % 7 / 10
        bodies: dict[str, Callable[[float, float], Any]] = {
            "heygen": Wallet(self.name, Balance(start, rate)),
            "elevenlabs": Workspace(name=self.name, tier="pro", limit=start, characters=Usage(self.number, 10 * rate)),
            "liveavatar": Credits(Balance(start, rate)),
        }
        answer = bodies[self.provider]

        def body(elapsed: float, now: float) -> Any:
            content = answer(elapsed, now)
            self.sent.append((now, figures(self.provider, content)))
            return content

        return SimulatedAccount(self.provider, self.name, body)

    def was_sent(self, shown: Figures, success: float) -> bool:
        """Return whether one response from shortly before that time has exactly these values."""
        early, late = success - TIMEOUT - 1, success + 1
        if any(early <= at <= late and shown == sent for at, sent in self.sent):
            return True
        return shown == {"remaining": 0.0} and any(start <= late and end >= early for start, end in self.exhausted)


@dataclass
class Shown:
    """One account on one page."""

    figures: Figures = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    polled: float | None = None
    success: float | None = None


def read_page(text: str) -> dict[str, Shown]:
    """Return the accounts of a page by name."""
    accounts: dict[str, Shown] = {}
    for family, labels, value in SAMPLE.findall(text):
        names = dict(LABEL.findall(labels))
        if "account" not in names:
            continue
        shown, number = accounts.setdefault(names["account"], Shown()), float(value)
        if family in PARTS and names["resource"] == MAIN_RESOURCE[names["provider"]]:
            shown.figures[PARTS[family]] = number
        elif family in {"scrapes_total", "scrape_errors_total"}:
            shown.counts[names.get("reason", "polls")] = int(number)
        elif family == "last_scrape_timestamp_seconds":
            shown.polled = number
        elif family == "last_success_timestamp_seconds":
            shown.success = number
    return accounts
