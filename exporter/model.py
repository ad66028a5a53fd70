"""The vocabulary that all layers share: immutable values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from enum import StrEnum
from typing import Final, NamedTuple, NewType

Seconds = NewType("Seconds", float)
"""A duration. Points in time are plain floats: Unix time, in seconds."""

EXACT: Final = Context(prec=800, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""Sums, differences and products of everyday doubles are exact in 800 digits. Longer results are rounded, and nothing raises."""

ACCOUNT_LABELS = frozenset({"provider", "account"})
"""Labels that every series of an account carries."""

RESERVED_LABELS = ACCOUNT_LABELS | {
    "resource", "unit", "plan", "billing_type", "billing_period", "workspace", "status", "feature", "reason", "field",
    "severity", "version", "revision", "python_version", "job", "instance", "le", "quantile",
}  # fmt: skip
"""Label names that an operator cannot use: ours, those of later families, and those that Prometheus itself sets."""


EVERY: Final = "*"
"""In place of a resource's name: every resource that has no threshold of this severity of its own."""


class Reason(StrEnum):
    """Why a poll failed. The set is closed: each one is a value of the label `reason`."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    QUOTA_EXHAUSTED = "quota_exhausted"
    RATE_LIMITED = "rate_limited"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    INVALID_RESPONSE = "invalid_response"
    CREDENTIAL = "credential"
    INTERNAL = "internal"


class AccountKey(NamedTuple):
    """What tells one account from another: the values of the labels `provider` and `account`."""

    provider: str
    account: str


@dataclass(frozen=True, slots=True)
class Quota:
    """One resource of an account in one unit. None means that the vendor did not tell; it is never shown as 0."""

    resource: str
    unit: str
    remaining: Decimal | None = None
    used: Decimal | None = None
    limit: Decimal | None = None
    overage_limit: Decimal | None = None
    unlimited: bool = False
    resets_at: float | None = None

    @property
    def is_measured(self) -> bool:
        """Whether the vendor told how much there is, in any way."""
        return self.unlimited or any(part is not None for part in (self.remaining, self.used, self.limit))


@dataclass(frozen=True, slots=True)
class Threshold:
    """The operator's own floor for what remains of a resource: exactly one of an amount and a share of the limit."""

    resource: str
    """`*` is every resource that has none of this severity of its own."""
    severity: str
    amount: Decimal | None = None
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The account's state as the vendor names it, among all the states that its definition knows."""

    current: str
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AutoReload:
    """When the vendor tops the account up by itself, and by how much."""

    unit: str
    threshold: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one good poll told about an account."""

    quotas: tuple[Quota, ...] = ()
    info: Mapping[str, str] = field(default_factory=dict)
    status: Status | None = None
    features: Mapping[str, bool] = field(default_factory=dict)
    auto_reload: AutoReload | None = None
    created_at: float | None = None
    credential_expires_at: float | None = None
    mismatches: tuple[str, ...] = ()
    """The declared fields that came with a value which cannot be used, such as `characters.used`."""
