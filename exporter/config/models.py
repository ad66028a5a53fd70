"""What a configuration file may say: one model for each block of it."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from exporter.config.duration import Duration, default_duration
from exporter.credentials import SecretSource, Surroundings
from exporter.model import RESERVED_LABELS, AccountKey, Seconds

_BARE_URL = re.compile(r"[^\s?#@\x00-\x1f\x7f]+")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class ProviderFacts(Protocol):
    """What the configuration has to know of a provider's definition."""

    @property
    def credentials(self) -> Mapping[str, object]:
        """The ways to authenticate, by name."""

    @property
    def regions(self) -> Mapping[str, str]:
        """The vendor's addresses, by region."""


@dataclass(frozen=True, slots=True)
class Context(Surroundings):
    """What a configuration is validated against."""

    providers: Mapping[str, ProviderFacts]


def _without_controls(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValueError("expected text without control characters")
    return text


def check_url(url: str) -> str:
    """Accept `https://host[:port][/path]`, and plain http for loopback only, since a key travels to it.

    Raises:
        ValueError: it is anything else.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("expected a URL such as https://api.example.com") from None
    if parts.scheme not in {"https", "http"} or not host or not _BARE_URL.fullmatch(url):
        raise ValueError("expected a URL such as https://api.example.com, without user, query or fragment")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("plain http would show the key to the network: use https (http is accepted for loopback only)")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _at_least_a_second(interval: Seconds) -> Seconds:
    if interval < 1:
        raise ValueError("expected 1s or more")
    return interval


Interval = Annotated[Duration, AfterValidator(_at_least_a_second)]


def _label_name(name: str) -> str:
    if not _LABEL_NAME.fullmatch(name) or name.startswith("__"):
        raise ValueError("is not a label name: letters, digits and _ only, no digit first, no __ first")
    if name in RESERVED_LABELS:
        raise ValueError(f"this label name is reserved; choose another, such as my_{name}")
    return name


def _credential_name(name: str, info: ValidationInfo) -> str:
    facts = _facts(info)
    if facts and name not in facts.credentials:
        raise ValueError(f"{info.data['provider']} has no credential of that name; it takes {_listed(facts.credentials, 'or')}")
    return name


LabelName = Annotated[str, AfterValidator(_label_name)]
LabelValue = Annotated[str, Field(max_length=128), AfterValidator(_without_controls)]
CredentialName = Annotated[str, AfterValidator(_credential_name)]
Text = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_without_controls)]
Url = Annotated[str, AfterValidator(check_url)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Timing(_Block):
    """Timing of every account that does not state its own."""

    interval: Interval = default_duration("5m")
    """How often an account is polled; 1s at least."""
    timeout: Duration = default_duration("15s")
    """How long a whole poll may take."""
    stale_after: Duration | None = None
    """How long the last good numbers are shown while polls fail; three intervals unless set."""
    max_backoff: Duration = default_duration("15m")
    """How far repeated failures may stretch the interval; never below the interval itself."""
    max_retry_after: Duration = default_duration("1d")
    """How long a vendor's `Retry-After` is obeyed at most."""
    min_interval: Interval | None = None
    """How far the interval may shrink while a resource nears its end or its reset; it does not unless this is set."""


class Account(_Block):
    """One account at one vendor."""

    name: Text
    """The value of the label `account`; unique for its provider."""
    provider: str
    """The name of a provider: see `ai-account-exporter providers`."""
    credentials: dict[CredentialName, SecretSource] = Field(json_schema_extra={"minProperties": 1, "maxProperties": 1})
    """One of the provider's credentials by name, and where its secret is."""
    interval: Interval | None = None
    """How often this account is polled."""
    timeout: Duration | None = None
    """How long a whole poll of this account may take."""
    stale_after: Duration | None = None
    """How long this account's last good numbers are shown while polls fail."""
    max_backoff: Duration | None = None
    """How far repeated failures may stretch this account's interval."""
    max_retry_after: Duration | None = None
    """How long a vendor's `Retry-After` is obeyed at most for this account."""
    min_interval: Interval | None = None
    """How far this account's interval may shrink while a resource nears its end or its reset."""
    labels: dict[LabelName, LabelValue] = {}
    """Labels of your own for all series of this account, such as `team: video`."""
    region: str | None = None
    """One of the provider's regions, where it has several."""
    base_url: Url | None = None
    """Another address than the provider's own, such as that of a gateway."""

    @property
    def key(self) -> AccountKey:
        """The account's identity on the page."""
        return AccountKey(self.provider, self.name)

    @field_validator("provider")
    @classmethod
    def _is_known(cls, name: str, info: ValidationInfo) -> str:
        if isinstance(info.context, Context) and name not in info.context.providers:
            raise ValueError(f"no such provider; known are {_listed(info.context.providers)}")
        return name

    @field_validator("credentials")
    @classmethod
    def _is_one(cls, sources: dict[str, SecretSource]) -> dict[str, SecretSource]:
        if len(sources) != 1:
            raise ValueError(f"expected one credential, found {len(sources)}")
        return sources

    @field_validator("region")
    @classmethod
    def _exists(cls, region: str | None, info: ValidationInfo) -> str | None:
        facts = _facts(info)
        if region is not None and facts and region not in facts.regions:
            known = f"; it has {_listed(facts.regions)}" if facts.regions else ""
            raise ValueError(f"{info.data['provider']} has no such region{known}")
        return region

    @field_validator("base_url")
    @classmethod
    def _is_the_only_address(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url and info.data.get("region"):
            raise ValueError("expected region or base_url, not both")
        return url


class Limits(_Block):
    """How much one provider is asked at most, by all its accounts together; per host, where they have several."""

    max_requests_per_minute: int | None = Field(default=None, ge=1)
    """Requests a minute, evenly spaced; no limit unless set."""
    max_concurrent_requests: int = Field(default=10, ge=1)
    """Polls under way at once."""


class Config(_Block):
    """The whole file."""

    defaults: Timing = Timing()
    """Timing of every account that does not state its own."""
    accounts: list[Account] = Field(min_length=1)
    """The accounts to poll."""
    providers: dict[str, Limits] = {}
    """How much each provider is asked at most, by name."""
    provider_files: list[str] = []
    """Definitions of your own: paths or patterns such as `providers/*.yaml`, relative to this file."""

    def timing(self, account: Account) -> Timing:
        """The account's own durations where it has them, else the defaults."""
        own = {name: value for name in Timing.model_fields if (value := getattr(account, name)) is not None}
        timing = self.defaults.model_copy(update=own)
        return timing if timing.stale_after else timing.model_copy(update={"stale_after": Seconds(3 * timing.interval)})


def _facts(info: ValidationInfo) -> ProviderFacts | None:
    return info.context.providers.get(info.data.get("provider", "")) if isinstance(info.context, Context) else None


def _listed(names: Collection[str], last: str = "and") -> str:
    *rest, final = sorted(names)
    return f"{', '.join(rest)} {last} {final}" if rest else final
