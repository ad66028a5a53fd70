"""What a definition file may say: where a vendor is asked, how, and where in its answer each figure stands."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from exporter.model import Reason
from exporter.providers.selection import SelectionField
from exporter.providers.values import TimeFormat, to_code
from exporter.validation.fields import Url

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
InfoLabel = Literal["plan", "billing_type", "billing_period", "workspace"]


def _shorthand(key: str, value: Any) -> Any:
    return {key: value} if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _not_empty(requests: tuple[Request, ...]) -> tuple[Request, ...]:
    if not requests:
        raise ValueError("expected one request or more")
    return requests


def _code(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return to_code(Decimal(repr(value))) if is_number else value


Code = Annotated[str, BeforeValidator(_code)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class NumberField(_Block):
    """A number: `remaining: data.left`, or a block where it needs more than selecting."""

    select: SelectionField
    """JMESPath to a JSON number or a decimal string."""
    minus: SelectionField | None = None
    """JMESPath to a number of the same answer that is taken off, before scaling."""
    scale: Annotated[Decimal, Field(ge=-(10**18), le=10**18)] = Decimal(1)
    """What the vendor's figure is multiplied by: 0.01 for cents, -1 where the vendor counts what is owed."""
    unlimited: str | None = None
    """What the vendor sends in place of a number to say that there is no limit."""


class TimeField(_Block):
    """A point in time."""

    select: SelectionField
    """JMESPath to the time."""
    format: TimeFormat
    """How the vendor writes it."""
    unknown: Decimal | None = None
    """The number by which the vendor says that it does not know."""


class UnitField(_Block):
    """A unit: `unit: credits`, or `unit: {select: data.currency}` where the answer tells it."""

    name: Name | None = None
    """The unit itself."""
    select: SelectionField | None = None
    """JMESPath to the unit's name."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.name is None) == (self.select is None):
            raise ValueError("expected a name, or a block with `select`")
        return self


Number = Annotated[NumberField, BeforeValidator(partial(_shorthand, "select"))]
Unit = Annotated[UnitField, BeforeValidator(partial(_shorthand, "name"))]


class QuotaFields(_Block):
    """One resource: what is left of it, used, granted."""

    resource: Name
    """The value of the label `resource`."""
    unit: Unit
    """What the amounts count: a name such as `credits`, or where the answer tells it."""
    remaining: Number | None = None
    """What is left, where the vendor sends it; else the engine derives limit - used."""
    used: Number | None = None
    """What was consumed in the current period."""
    limit: Number | None = None
    """What was granted for the period, or the spending cap."""
    overage_limit: Number | None = None
    """How far beyond the limit the vendor lets usage go."""
    resets_at: TimeField | None = None
    """When the period ends."""


class StatusField(_Block):
    """The account's state."""

    select: SelectionField
    """JMESPath to the state's name."""
    states: tuple[str, ...] = ()
    """The states that are known; another one is shown as it comes."""


class AutoReloadFields(_Block):
    """When the vendor tops the account up by itself, and by how much."""

    unit: Unit
    """What both amounts count."""
    threshold: Number | None = None
    """The balance that triggers a top-up."""
    amount: Number | None = None
    """What a top-up adds."""


class Request(_Block):
    """One GET, and what its answer tells."""

    path: Annotated[str, Field(pattern=r"^/[!-~]*$")]
    """Path below the base URL."""
    expect: SelectionField
    """JMESPath that must select something (not null, false or empty) in every good answer."""
    quotas: tuple[QuotaFields, ...] = ()
    """The resources."""
    info: dict[InfoLabel, SelectionField] = {}
    """Facts about the account, as labels of one series; never an e-mail address or a person's name."""
    status: StatusField | None = None
    """The account's state."""
    features: dict[Name, SelectionField] = {}
    """Booleans."""
    auto_reload: AutoReloadFields | None = None
    """Automatic top-ups."""
    created_at: TimeField | None = None
    """When the account was opened."""
    credential_expires_at: TimeField | None = None
    """When the key stops working."""
    credentials: tuple[Name, ...] = ()
    """The credentials with which this is asked; all of them unless set."""
    optional: bool = False
    """Whether the account is fine without this answer: its refusal or absence then costs only what it would have told."""


class HeaderCredential(_Block):
    """A secret that travels in a request header."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
    """The header's name."""
    scheme: Annotated[str, Field(pattern=r"^[!-~]+$")] | None = None
    """The word before the secret, such as `Bearer`."""
    token_url: Url | None = None
    """Where access tokens are renewed (OAuth 2.0, RFC 6749), for a secret that can be one."""

    def headers(self, secret: str) -> dict[str, str]:
        """The header that authenticates a request."""
        return {self.header: f"{self.scheme} {secret}" if self.scheme else secret}


class ErrorFields(_Block):
    """How the vendor's own error codes read. A code that is listed outranks the HTTP status."""

    code: Annotated[tuple[SelectionField, ...], BeforeValidator(_listed)] = ()
    """Where a code may stand in a body: one JMESPath or several, the most telling first."""
    success: frozenset[Code] = frozenset()
    """Codes that a good answer carries."""
    rate_limit_reset: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] | None = None
    """The header that tells the seconds left of a rate limit's window, for a vendor that may send no `Retry-After`."""
    reasons: dict[Code, Reason] = {}
    """What each code means, as a value of the label `reason`."""
    missing_permission: frozenset[Code] = frozenset()
    """Those of the codes that say that the key lacks a permission, and nothing else."""


class Definition(_Block):
    """One vendor."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]
    """The value of the label `provider`, and the word that accounts use in the configuration."""
    title: Annotated[str, Field(min_length=1)]
    """The vendor's name as people write it."""
    docs_url: Url
    """The vendor's page on this endpoint."""
    base_url: Url
    """Where the vendor is asked, unless an account says otherwise."""
    regions: dict[str, Url] = {}
    """Other addresses of the vendor, by name."""
    credentials: dict[Name, HeaderCredential] = Field(min_length=1)
    """The ways to authenticate, by name; an account uses one."""
    permission: str | None = None
    """What the key must be allowed to do; shown where a key is not."""
    notes: tuple[str, ...] = ()
    """What an operator should know before trusting the figures; shown by `providers NAME`."""
    requests: Annotated[tuple[Request, ...], AfterValidator(_not_empty)]
    """What is asked in every poll, in order."""
    errors: ErrorFields = ErrorFields()
    """How the vendor says no."""

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        strange = sorted({name for request in self.requests for name in request.credentials if name not in self.credentials})
        if strange:
            raise ValueError(f"a request names the credential {strange[0]!r}, which is not among the credentials")
        resources = [quota.resource for quota in self.quotas]
        twice = sorted({name for name in resources if resources.count(name) > 1})
        if twice:
            raise ValueError(f"the resource {twice[0]!r} is there twice; one resource has one place")
        return self

    def requests_with(self, credential: HeaderCredential) -> tuple[Request, ...]:
        """The requests that are made with one of the credentials."""
        [name] = [name for name, each in self.credentials.items() if each is credential]
        return tuple(request for request in self.requests if name in (request.credentials or self.credentials))

    @property
    def quotas(self) -> Iterator[QuotaFields]:
        """All resources, whichever request tells of them."""
        return (quota for request in self.requests for quota in request.quotas)
