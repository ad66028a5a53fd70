"""The data of `/api/v1/accounts`. Unknown values are None. Times are Unix times of the wall clock, and durations are in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import ConfigDict, Field, WithJsonSchema

from exporter.model import Reason, Seconds
from exporter.overview.amounts import Number, OptionalDouble, OptionalNumber

FACTS: Final = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class State(StrEnum):
    """The states of an account, the worst first. The first one that applies is the state of the account."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Add the meaning to the member."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    EXHAUSTED = (
        "exhausted",
        "A resource is used up, or the vendor refuses requests for this reason. Resources that were never granted do not count.",
    )
    FAILING = "failing", "The last poll failed. The values of the last successful poll are shown until they are too old."
    STALE = "stale", "The last poll succeeded, but so long ago that its values are no longer shown: polls are late."
    LOW = (
        "low",
        "A resource is below its threshold (without one: a tenth of its limit), or ends within two days, or has used four fifths of its budget.",
    )
    WAITING = "waiting", "The account has not been polled yet."
    OK = "ok", "None of these."


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    """One resource of an account in one unit."""

    __pydantic_config__: ClassVar[ConfigDict] = FACTS
    resource: str
    """The resource, by its name in the provider's definition."""
    unit: str
    """The unit of the amounts. Never sum amounts of different units."""
    state: State
    """`exhausted`, `low` or `ok`."""
    remaining: OptionalNumber = None
    """What is left; negative in overage."""
    used: OptionalNumber = None
    """What was consumed in the current period."""
    limit: OptionalNumber = None
    """What is granted for the period, or the spending cap."""
    budget: OptionalNumber = None
    """The operator's budget for what is used."""
    overage_limit: OptionalNumber = None
    """How far beyond the limit the vendor lets usage go."""
    unlimited: bool = False
    """Whether the vendor says that there is no limit."""
    resets_at: OptionalDouble = None
    """When the period ends."""
    thresholds: Mapping[str, Number] | None = None
    """The operator's thresholds as amounts, by severity."""
    share: OptionalDouble = None
    """The share of the limit that is left: 1 is all, below 0 is overage."""
    burn_per_second: OptionalDouble = None
    """The average consumption a second over `burn_window_seconds`."""
    burn_window: Annotated[Seconds | None, Field(serialization_alias="burn_window_seconds")] = None
    """The length of the window of the burn: a day at most."""
    empty_at: OptionalDouble = None
    """Forecast of when nothing is left; absent where that is not before the reset, or where too little is known."""
    lasts_until_reset: bool | None = None
    """Whether the resource is forecast to last until `resets_at`; absent where there is no reset or no forecast."""


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """Why the last poll failed."""

    __pydantic_config__: ClassVar[ConfigDict] = FACTS
    reason: Reason
    """The kind of failure, as in the label `reason` of `ai_account_scrape_errors_total`."""
    message: str
    """What happened."""
    remedy: str
    """What an operator can do about it."""
    failures: int
    """Failed polls in a row."""
    since: OptionalDouble = None
    """When the first of these polls failed."""


@dataclass(frozen=True, slots=True)
class OptionalRequestFacts:
    """An optional request whose last attempt failed. The poll succeeds without it."""

    __pydantic_config__: ClassVar[ConfigDict] = FACTS
    request: str
    """The path of the request, as in the provider's definition."""
    reason: Reason
    """The kind of failure, as in the label `reason` of `ai_account_optional_request_errors_total`."""
    message: str
    """What happened."""
    failures: int
    """Failed attempts in a row."""
    last_success_at: OptionalDouble = None
    """When it last succeeded: what it reported is shown until it is older than `stale_after_seconds`."""
    next_attempt_at: OptionalDouble = None
    """When it may be sent again."""


@dataclass(frozen=True, slots=True)
class AutoReloadFacts:
    """The balance below which auto reload adds to it, and how much it adds."""

    __pydantic_config__: ClassVar[ConfigDict] = FACTS
    unit: str
    """The unit of both amounts."""
    threshold: OptionalNumber = None
    """The balance below which auto reload adds to it."""
    amount: OptionalNumber = None
    """What auto reload adds each time."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account."""

    __pydantic_config__: ClassVar[ConfigDict] = FACTS
    provider: str
    """The vendor, by the name of its definition."""
    account: str
    """The account's name in the configuration."""
    labels: Mapping[str, str]
    """The account's own labels in the configuration."""
    state: State
    """The first state that applies."""
    interval: Annotated[Seconds, Field(serialization_alias="interval_seconds")]
    """The effective interval between polls, back-off included."""
    stale_after: Annotated[Seconds, Field(serialization_alias="stale_after_seconds")]
    """The age at which values are no longer shown."""
    polls: int
    """Polls so far, successful and failed."""
    verified: str | None = None
    """How far the definition of the provider was verified: `tried`, `documented` or `seen`; absent for definitions that do not state it."""
    billing_url: str | None = None
    """The vendor's page to top up or to change the plan; absent for definitions that do not name it."""
    quotas: tuple[QuotaFacts, ...] = ()
    """Empty while the values are stale."""
    up: bool | None = None
    """Whether the last poll succeeded; absent before the first one."""
    error: ErrorFacts | None = None
    """Absent when the last poll succeeded."""
    optional_requests: tuple[OptionalRequestFacts, ...] | None = None
    """Optional requests whose last attempt failed; absent if there is none."""
    info: Mapping[str, str] | None = None
    """Plan, billing type, billing period and workspace, as the vendor names them."""
    status: str | None = None
    """The account's state as the vendor names it."""
    features: Mapping[str, bool] | None = None
    """Features that the vendor reports as enabled or allowed."""
    auto_reload: AutoReloadFacts | None = None
    """Auto reload, if the vendor reports it."""
    created_at: OptionalDouble = None
    """When the account was created."""
    credential_expires_at: OptionalDouble = None
    """When the key expires, as the vendor reports it."""
    mismatches: tuple[str, ...] = ()
    """Declared fields with an unusable value in the last valid response."""
    without_effect: tuple[str, ...] | None = None
    """Thresholds and budgets that no value can be compared with, and why; absent if there is none."""
    last_poll_at: OptionalDouble = None
    """When the last poll ended."""
    last_success_at: OptionalDouble = None
    """When the values were read. Their age is `generated_at` minus this."""
    next_poll_at: OptionalDouble = None
    """When the next poll is due."""
    limited_until: OptionalDouble = None
    """Until when the vendor asked to wait, while that is in the future."""


@dataclass(frozen=True, slots=True)
class Soonest:
    """The resource that is forecast to end first."""

    __pydantic_config__: ClassVar[ConfigDict] = FACTS
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


_COUNTS: Final = {str(state): {"type": "integer"} for state in State}
_STATES: Final = {"type": "object", "properties": _COUNTS, "required": [*_COUNTS], "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Summary:
    """The selected accounts in numbers."""

    __pydantic_config__: ClassVar[ConfigDict] = FACTS
    accounts: int
    """The number of accounts."""
    states: Annotated[Mapping[State, int], WithJsonSchema(_STATES)]
    """The number of accounts in each state, zeros included."""
    soonest: Soonest | None = None
    """Absent if no resource is known to end before its reset."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The selected accounts, those with problems first: by state in the order of `State`, then by what ends first, then as configured."""

    __pydantic_config__: ClassVar[ConfigDict] = FACTS
    generated_at: float
    """The time of this data."""
    version: str
    """The exporter's version."""
    summary: Summary
    """Totals over these accounts."""
    accounts: tuple[AccountFacts, ...]
    """The selected accounts, by default all of the configuration."""
    state_written: bool | None = None
    """Whether the last write of the state file succeeded; absent if no state file is configured."""
