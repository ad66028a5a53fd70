"""The facts themselves, as `/api/v1/accounts` tells them: field names are stable, and what is unknown is None.

Points in time are Unix time of the wall clock, durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from exporter.model import Reason, Seconds


class State(StrEnum):
    """How an account stands, from the worst on; the first that holds is the account's state."""

    EXHAUSTED = "exhausted"
    """A resource is used up, or the vendor refuses because one is. What was never granted is not used up."""
    STALE = "stale"
    """Polls fail for so long that the figures are no longer shown, or there never were any."""
    FAILING = "failing"
    """The last poll failed; the figures of the last good one are still shown."""
    LOW = "low"
    """A resource is below the operator's threshold, or a tenth of its limit where there is none, or ends within three days and before its reset."""
    WAITING = "waiting"
    """The account was not polled yet."""
    OK = "ok"
    """Nothing of this."""


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    """One resource of an account in one unit."""

    resource: str
    """What is counted, by its name in the provider's definition."""
    unit: str
    """What it is counted in; amounts in different units never add up."""
    state: State
    """`exhausted`, `low` or `ok`."""
    remaining: Decimal | None = None
    """What is left; below 0 is overage."""
    used: Decimal | None = None
    """What was consumed in the current period."""
    limit: Decimal | None = None
    """What is granted for the period, or the spending cap."""
    overage_limit: Decimal | None = None
    """How far beyond the limit the vendor lets usage go."""
    unlimited: bool = False
    """Whether the vendor says that there is no limit."""
    resets_at: float | None = None
    """When the period ends."""
    thresholds: Mapping[str, Decimal] | None = None
    """The operator's floors by severity; a share is worked out against the limit."""
    share: float | None = None
    """What is left of the limit: 1 is all, below 0 is overage."""
    burn_per_second: float | None = None
    """What was consumed a second, over `burn_window`."""
    burn_window: Seconds | None = None
    """How long was looked at; a day at most, or little more."""
    empty_at: float | None = None
    """When nothing is left at that burn, resets left out of account; absent when nothing is consumed."""
    lasts_until_reset: bool | None = None
    """Whether it will do until `resets_at`; absent where there is no reset or no burn is known."""


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """Why the last poll failed."""

    reason: Reason
    """The kind of failure, as in the label `reason` of `ai_account_scrape_errors_total`."""
    message: str
    """What happened."""
    remedy: str
    """What an operator can do about it, in a sentence."""
    failures: int
    """Failed polls in a row."""


@dataclass(frozen=True, slots=True)
class AutoReloadFacts:
    """When the vendor tops the account up by itself, and by how much."""

    unit: str
    """The unit of both amounts."""
    threshold: Decimal | None = None
    """Below which balance."""
    amount: Decimal | None = None
    """How much is added."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """All that is known of one account."""

    provider: str
    """The vendor, by the name of its definition."""
    account: str
    """The account's name in the configuration."""
    labels: Mapping[str, str]
    """The account's own labels in the configuration."""
    state: State
    """The first state that holds."""
    interval: Seconds
    """Effective interval between polls, back-off included."""
    stale_after: Seconds
    """How old figures may become before they are no longer shown."""
    polls: int
    """Polls so far, good and bad."""
    quotas: tuple[QuotaFacts, ...] = ()
    """Empty while figures are stale."""
    up: bool | None = None
    """Whether the last poll succeeded; absent before the first one."""
    error: ErrorFacts | None = None
    """Absent when the last poll succeeded."""
    info: Mapping[str, str] | None = None
    """Plan, billing and the like, as the vendor names them."""
    status: str | None = None
    """The account's state as the vendor names it."""
    features: Mapping[str, bool] | None = None
    """What the vendor says is switched on or allowed."""
    auto_reload: AutoReloadFacts | None = None
    """Automatic top-ups, where the vendor tells of them."""
    created_at: float | None = None
    """When the account was opened."""
    credential_expires_at: float | None = None
    """When the key stops working, as the vendor says."""
    mismatches: tuple[str, ...] = ()
    """Declared fields that came with a value which cannot be used in the last good answer."""
    last_poll_at: float | None = None
    """When the last poll ended."""
    last_success_at: float | None = None
    """When the figures were read: their age is `generated_at` less this."""
    next_poll_at: float | None = None
    """When the next poll is due."""
    limited_until: float | None = None
    """Until when the vendor told us to wait, while that is in the future."""


@dataclass(frozen=True, slots=True)
class Soonest:
    """The resource that ends first, before its reset, at the present burn."""

    provider: str
    """The vendor."""
    account: str
    """The account."""
    resource: str
    """The resource."""
    unit: str
    """Its unit."""
    empty_at: float
    """When nothing is left of it."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole in a line."""

    accounts: int
    """How many there are."""
    states: Mapping[State, int]
    """How many accounts are in each state, zeros included."""
    soonest: Soonest | None = None
    """Absent where nothing is known to end before its reset."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything, trouble first: by state in the order of `State`, then by what ends first, then as configured."""

    generated_at: float
    """The moment of all this."""
    version: str
    """The exporter's version."""
    summary: Summary
    """The whole in a line."""
    accounts: tuple[AccountFacts, ...]
    """All accounts of the configuration."""
