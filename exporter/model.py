"""The values that all packages share: immutable, without I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from enum import StrEnum
from math import isfinite
from typing import Annotated, ClassVar, Final, NamedTuple, NewType

from pydantic import ConfigDict, PlainSerializer, PlainValidator

Seconds = NewType("Seconds", float)
"""A duration. Points in time are plain floats: Unix time, in seconds."""

EXACT: Final = Context(prec=800, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""Sums, differences and products of everyday doubles are exact in 800 digits. Longer results are rounded, and nothing raises."""

MAX_EXPONENT: Final = 1_000
"""The decimal exponent that a stored amount may have at most, in either direction: doubles end at 308 and -324."""


def digest(value: object) -> str:
    """Return a short digest of data, by which a later process recognizes the same data. The data are what JSON can contain."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def is_storable(amount: Decimal) -> bool:
    """Whether the amount is finite as a double and bounded in digits and exponent."""
    return (
        amount.is_finite()
        and len(amount.as_tuple().digits) <= EXACT.prec
        and abs(amount.adjusted()) <= MAX_EXPONENT
        and isfinite(float(amount))
    )


def _read(text: object) -> Decimal:
    try:
        amount = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not is_storable(amount):
        raise ValueError("expected a number as text, finite as a double, of at most 800 digits")
    return amount


def _written(amount: Decimal) -> str:
    """Write at most 800 digits. A number that is closer to 0 than the smallest double becomes 0."""
    if is_storable(amount):
        return str(amount)
    short = EXACT.plus(amount)
    return "0" if short.adjusted() < -MAX_EXPONENT or not short else str(short)


Amount = Annotated[Decimal, PlainValidator(_read), PlainSerializer(_written, when_used="json")]
"""An exact number: text in stored JSON."""

STORED: Final = ConfigDict(allow_inf_nan=False)
"""How pydantic reads and writes the values that the state file keeps."""

ACCOUNT_LABELS = frozenset({"provider", "account"})
"""Labels that every series of an account carries."""

RESERVED_LABELS = ACCOUNT_LABELS | {
    "resource", "unit", "plan", "billing_type", "billing_period", "workspace", "status", "feature", "reason", "field",
    "severity", "version", "revision", "python_version", "job", "instance", "le", "quantile",
}  # fmt: skip
"""Label names that an operator cannot use: ours, those of later families, and those that Prometheus itself sets."""


EVERY: Final = "*"
"""Used instead of a resource's name: every resource without a threshold of this severity."""


class Reason(StrEnum):
    """Why a poll failed: the values of the label `reason`."""

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
    """Identifies an account: the values of the labels `provider` and `account`."""

    provider: str
    account: str


@dataclass(frozen=True, slots=True)
class Quota:
    """One resource of an account in one unit. None means that the vendor did not send it; it is never exported as 0."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    resource: str
    unit: str
    remaining: Amount | None = None
    used: Amount | None = None
    limit: Amount | None = None
    overage_limit: Amount | None = None
    unlimited: bool = False
    resets_at: float | None = None

    @property
    def is_measured(self) -> bool:
        """Whether the vendor sent an amount, or said that there is no limit."""
        return self.unlimited or self.remaining is not None or self.used is not None or self.limit is not None


@dataclass(frozen=True, slots=True)
class Threshold:
    """The operator's floor for what remains of a resource: either an amount or a share of the limit."""

    resource: str
    """`*` means every resource without a threshold of this severity."""
    severity: str
    amount: Amount | None = None
    share: Amount | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The account's state as the vendor names it, and the states in the definition."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    current: str
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AutoReload:
    """The balance below which the vendor tops the account up, and by how much."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    unit: str
    threshold: Amount | None = None
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one successful poll reported about an account."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    quotas: tuple[Quota, ...] = ()
    info: Mapping[str, str] = field(default_factory=dict)
    status: Status | None = None
    features: Mapping[str, bool] = field(default_factory=dict)
    auto_reload: AutoReload | None = None
    created_at: float | None = None
    credential_expires_at: float | None = None
    mismatches: tuple[str, ...] = ()
    """The declared fields that came with an unusable value, such as `characters.used`."""
