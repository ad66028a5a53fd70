"""What a configuration file may say: one model for each block of it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from exporter.config.connection import Network
from exporter.config.context import FilePath, context_of
from exporter.config.credentials import SecretSource
from exporter.config.thresholds import Thresholds
from exporter.model import AccountKey
from exporter.providers.definition import Definition
from exporter.validation.duration import Duration, default_duration
from exporter.validation.fields import Interval, LabelName, LabelValue, Text, Url, listed


def _definition(info: ValidationInfo) -> Definition | None:
    context = context_of(info)
    return context.definitions.get(info.data.get("provider", "")) if context else None


def _credential_name(name: str, info: ValidationInfo) -> str:
    definition = _definition(info)
    if definition and name not in definition.credentials:
        raise ValueError(f"{definition.name} has no credential of that name; expected {listed(definition.credentials, 'or')}")
    return name


CredentialName = Annotated[str, AfterValidator(_credential_name)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Defaults(_Block, Network):
    """What holds for every account that does not state its own."""

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
    """How far the interval may shrink while a resource nears a threshold, its end or its reset; it does not unless this is set."""
    thresholds: Thresholds = {}
    """How little may remain of each resource; `*` is every resource that has no level of that severity of its own."""


class Account(_Block, Network):
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
    """How far this account's interval may shrink while a resource nears a threshold, its end or its reset."""
    labels: dict[LabelName, LabelValue] = {}
    """Labels of your own for all series of this account, such as `team: video`."""
    thresholds: Thresholds = {}
    """How little may remain of each resource of this account; the defaults hold where it states no level of that severity."""
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
        context = context_of(info)
        if context and name not in context.definitions:
            raise ValueError(f"no such provider; known are {listed(context.definitions)}")
        return name

    @field_validator("credentials")
    @classmethod
    def _is_one(cls, sources: dict[str, SecretSource], info: ValidationInfo) -> dict[str, SecretSource]:
        if len(sources) != 1:
            raise ValueError(f"expected one credential, found {len(sources)}")
        [(name, source)] = sources.items()
        definition = _definition(info)
        if source.oauth2 and definition and definition.credentials[name].token_url is None:
            raise ValueError(f"{definition.name} has no OAuth login for {name}")
        return sources

    @field_validator("region")
    @classmethod
    def _exists(cls, region: str | None, info: ValidationInfo) -> str | None:
        definition = _definition(info)
        if region is not None and definition and region not in definition.regions:
            known = f"; it has {listed(definition.regions)}" if definition.regions else ""
            raise ValueError(f"{definition.name} has no such region{known}")
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
    max_concurrent_requests: int = Field(default=50, ge=1)
    """Polls under way at once; a low number lets accounts that hang hold up the others."""


class StateFields(_Block):
    """What is kept over restarts."""

    path: FilePath
    """The file that keeps the last figures, the counters and when each account may be asked next; relative to this file's folder."""


class Config(_Block):
    """The whole file."""

    defaults: Defaults = Defaults()
    """What holds for every account that does not state its own."""
    accounts: list[Account] = Field(min_length=1)
    """The accounts to poll."""
    providers: dict[str, Limits] = {}
    """How much each provider is asked at most, by name."""
    state: StateFields | None = None
    """What is kept over restarts; nothing unless set."""
    provider_files: list[str] = []
    """Definitions of your own: paths or patterns such as `providers/*.yaml`, relative to this file."""

    @field_validator("providers")
    @classmethod
    def _are_known(cls, limits: dict[str, Limits], info: ValidationInfo) -> dict[str, Limits]:
        context = context_of(info)
        known = context.definitions if context else limits
        strange = sorted(limits.keys() - known)
        if strange:
            raise ValueError(f"there is no provider {strange[0]!r}; known are {listed(known)}")
        return limits

    @model_validator(mode="after")
    def _limits_suffice(self, info: ValidationInfo) -> Self:
        """A budget that the intervals exceed would make figures stale, not polls rare."""
        context = context_of(info)
        for name, limits in self.providers.items():
            requests = len(context.definitions[name].requests) if context else 1
            intervals = [account.interval or self.defaults.interval for account in self.accounts if account.provider == name]
            asked = sum(requests * 60 / interval for interval in intervals)
            if limits.max_requests_per_minute is not None and asked > limits.max_requests_per_minute:
                raise ValueError(
                    f"the accounts of {name} need {asked:g} requests a minute at their intervals, but providers.{name} allows "
                    f"{limits.max_requests_per_minute}: lengthen the intervals or raise the limit"
                )
        return self
