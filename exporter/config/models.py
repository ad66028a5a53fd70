"""The keys of a configuration file: one model for each block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from exporter.config.budgets import Budgets
from exporter.config.connection_settings import Network
from exporter.config.context import FilePath, context_of
from exporter.config.credentials import SecretSource
from exporter.config.params import own_address, param_problems
from exporter.config.push_settings import Push
from exporter.config.threshold_settings import Thresholds
from exporter.model import AccountKey
from exporter.providers.definition import Definition
from exporter.providers.library import SEEN
from exporter.validation.block import Block
from exporter.validation.duration import Duration, default_duration
from exporter.validation.fields import Interval, LabelName, LabelValue, Text, listed
from exporter.validation.problems import did_you_mean, located


def _definition(info: ValidationInfo) -> Definition | None:
    context = context_of(info)
    return context.library.definitions.get(info.data.get("provider", "")) if context else None


def _provider_name(name: str, info: ValidationInfo) -> str:
    context = context_of(info)
    if context and not context.library.includes(name):
        further = {path.stem for path in SEEN.glob("*.yaml")}
        if name in further:
            raise ValueError(
                f"the definition of this provider is from public code only: to use it, write it into a file with "
                f"`ai-account-exporter providers {name} --yaml > {name}.yaml`, and add this file to provider_files"
            )
        hint = did_you_mean(name, {*context.library.definitions, *further}) or (
            "; `ai-account-exporter providers` lists them; to use a definition of your own, name its file in `provider_files`"
        )
        raise ValueError(f"no such provider{hint}")
    return name


ProviderName = Annotated[str, AfterValidator(_provider_name)]


def _credential_name(name: str, info: ValidationInfo) -> str:
    definition = _definition(info)
    if definition and name not in definition.credentials:
        known = listed(definition.credentials, "or")
        if name in SecretSource.model_fields:
            raise ValueError(
                f"expected the name of a credential here, {known}: use {{{next(iter(definition.credentials))}: {{{name}: ...}}}}"
            )
        raise ValueError(f"{definition.name} has no credential of that name; expected {known}")
    return name


CredentialName = Annotated[str, AfterValidator(_credential_name)]


_OF_ONE_ACCOUNT: Final = ("name", "provider", "enabled", "credentials", "params", "labels", "plain_http", "region", "base_url")


class Defaults(Block, Network):
    """Settings of every account that does not set its own."""

    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(_OF_ONE_ACCOUNT, "it belongs to an account: write it below `accounts`")

    interval: Interval = default_duration("5m")
    """The time between two polls of an account; at least 1s."""
    timeout: Duration = default_duration("15s")
    """How long a whole poll may take."""
    stale_after: Duration | None = None
    """How long the last values are exported while polls fail; three intervals unless set."""
    max_backoff: Duration = default_duration("15m")
    """The longest interval after repeated failures; never below the interval itself."""
    max_retry_after: Duration = default_duration("1d")
    """The longest wait that a vendor may ask for with `Retry-After`."""
    min_interval: Interval | None = None
    """The shortest interval while a resource is close to a threshold, its end or its reset; the interval is constant unless this is set."""
    thresholds: Thresholds = Field(default={})
    """Thresholds for the remaining amount of each resource. `*` applies to every resource without a threshold of that severity, except to slots."""
    budgets: Budgets = Field(default={})
    """Your own budgets for what is used of each resource in a period, by unit. They apply to accounts whose vendor reports the resource in this unit."""


class Account(Block, Network):
    """One account at one vendor."""

    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("api_key", "key", "token", "secret", "access_token", "api_token", "admin_key", *SecretSource.model_fields),
        "a key is below `credentials`: use credentials: {api_key: {env: ...}}",
    )

    name: Text
    """The value of the label `account`; unique for its provider."""
    provider: ProviderName
    """The name of a provider: see `ai-account-exporter providers`."""
    enabled: bool = True
    """Whether the account is polled. A disabled account has no series, and its secret is not read."""
    credentials: dict[CredentialName, SecretSource] = Field(json_schema_extra={"minProperties": 1, "maxProperties": 1})
    """One of the provider's credentials by name, and the source of its secret."""
    interval: Interval | None = None
    """The time between two polls of this account."""
    timeout: Duration | None = None
    """How long a whole poll of this account may take."""
    stale_after: Duration | None = None
    """How long this account's last values are exported while polls fail."""
    max_backoff: Duration | None = None
    """The longest interval of this account after repeated failures."""
    max_retry_after: Duration | None = None
    """The longest wait that a vendor may ask for with `Retry-After`, for this account."""
    min_interval: Interval | None = None
    """The shortest interval of this account while a resource is close to a threshold, its end or its reset."""
    params: dict[str, str] = Field(default={}, validate_default=True)
    """What the provider's requests contain besides the secret, such as the id of a project: see `ai-account-exporter providers NAME`."""
    labels: dict[LabelName, LabelValue] = Field(default={})
    """Labels of your own for all series of this account, such as `team: video`."""
    thresholds: Thresholds = Field(default={})
    """Thresholds for the remaining amount of each resource of this account. The defaults apply to resources and severities that are not set here."""
    budgets: Budgets = Field(default={})
    """Your own budgets for what is used of each resource of this account in a period, by unit."""
    plain_http: bool = False
    """Whether `base_url` may be http, for software that you host in a network of your own. The key is not encrypted on its way."""
    region: str | None = None
    """One of the provider's regions, if it has several."""
    base_url: str | None = Field(default=None, validate_default=True)
    """The URL to use instead of the provider's, such as that of a gateway."""

    @property
    def key(self) -> AccountKey:
        """The account's identity: its labels `provider` and `account`."""
        return AccountKey(self.provider, self.name)

    @field_validator("credentials", mode="before")
    @classmethod
    def _is_no_secret(cls, sources: Any, info: ValidationInfo) -> Any:
        if isinstance(sources, dict):
            return sources
        definition = _definition(info)
        name = next(iter(definition.credentials), "api_key") if definition else "api_key"
        raise ValueError(f"expected a credential by name, and where its key is: use {{{name}: {{env: ...}}}} or {{{name}: {{file: ...}}}}")

    @field_validator("credentials")
    @classmethod
    def _is_one(cls, sources: dict[str, SecretSource], info: ValidationInfo) -> dict[str, SecretSource]:
        if len(sources) != 1:
            raise ValueError(f"expected one credential, found {len(sources)}{': write an account for each' if sources else ''}")
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
            known = f"such region; it has {listed(definition.regions)}" if definition.regions else "regions: remove this key"
            raise ValueError(f"{definition.name} has no {known}")
        return region

    @field_validator("params")
    @classmethod
    def _params_are_those_of_the_provider(cls, params: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if (definition := _definition(info)) and (problems := [*param_problems(params, definition)]):
            raise located(problems)
        return params

    @field_validator("plain_http")
    @classmethod
    def _is_for_own_hosts(cls, plain_http: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- pydantic's signature
        definition = _definition(info)
        if plain_http and definition and definition.base_url is not None:
            raise ValueError(f"{definition.name} is not self-hosted: use https")
        return plain_http

    @field_validator("base_url")
    @classmethod
    def _is_the_only_address(cls, url: str | None, info: ValidationInfo) -> str | None:
        definition = _definition(info)
        if url is None:
            if definition and definition.base_url is None:
                raise ValueError(f"is required: {definition.name} runs on a host of your own")
            return None
        if info.data.get("region"):
            raise ValueError("expected region or base_url, not both")
        return own_address(
            url, plain_http=info.data.get("plain_http", True), is_self_hosted=bool(definition and definition.base_url is None)
        )


class RequestBudget(Block):
    """Limits of the requests to one provider, for all its accounts together; per host, if they use several."""

    max_requests_per_minute: int | None = Field(default=None, ge=1, le=1_000_000)
    """Maximum number of requests per minute, evenly spaced; no limit unless set."""
    max_concurrent_requests: int = Field(default=50, ge=1, le=1_000_000)
    """Maximum number of concurrent polls. If it is low, accounts whose vendor does not respond delay the others."""


class StateFields(Block):
    """State that is kept across restarts."""

    path: FilePath
    """The file for the last values, the counters and the time of each account's next poll; relative to this file's folder."""


class Config(Block):
    """The whole file."""

    elsewhere: ClassVar = {**Defaults.elsewhere, **dict.fromkeys(Defaults.model_fields, "it belongs below `defaults`, or to an account")}

    defaults: Defaults = Defaults.model_construct()
    """Settings of every account that does not set its own."""
    accounts: list[Account] = Field(min_length=1)
    """The accounts to poll."""
    providers: dict[ProviderName, RequestBudget] = Field(default={})
    """Limits of the requests to each provider, by name."""
    state: StateFields | None = None
    """State that is kept across restarts; none unless set."""
    push: Push | None = None
    """A receiver that the metrics are pushed to, besides being served; none unless set."""
    account_files: list[str] = Field(default=[])
    """Files with more accounts: paths or patterns such as `accounts.d/*.yaml`, relative to this file. Each has one key, `accounts`."""
    provider_files: list[str] = Field(default=[])
    """Your own definitions: paths or patterns such as `providers/*.yaml`, relative to this file."""
