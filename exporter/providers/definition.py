"""The keys of a definition file: which requests a vendor is sent, and where its responses contain each value."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from exporter.model import Reason
from exporter.providers.selection import SelectionField
from exporter.providers.values import TimeFormat, to_code
from exporter.validation.block import Block
from exporter.validation.fields import Url, matching

Name = Annotated[
    str, Field(max_length=64), matching(r"[a-z][a-z0-9_]*", "expected lower-case letters, digits and _, starting with a letter")
]
HeaderName = Annotated[str, matching(r"[A-Za-z0-9-]+", "expected the name of a header: letters, digits and -")]
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


class NumberField(Block):
    """A number: `remaining: data.left`, or a block if the number must be converted."""

    select: SelectionField
    """JMESPath to a JSON number or a decimal string."""
    minus: SelectionField | None = None
    """JMESPath to a number of the same response that is subtracted, before scaling."""
    scale: Annotated[Decimal, Field(ge=-(10**18), le=10**18)] = Decimal(1)
    """Factor for the vendor's number: 0.01 for cents, -1 if the vendor sends what is owed."""
    unlimited: str | None = None
    """The text that the vendor sends instead of a number if there is no limit."""


class TimeField(Block):
    """A point in time."""

    select: SelectionField
    """JMESPath to the time."""
    format: TimeFormat
    """The vendor's format."""
    unknown: Decimal | None = None
    """The number that the vendor sends if there is no such time, such as 0."""


class UnitField(Block):
    """A unit: `unit: credits`, or `unit: {select: data.currency}` where the response contains it."""

    name: Name | None = None
    """The unit itself."""
    select: SelectionField | None = None
    """JMESPath to the unit's name."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.name is None) == (self.select is None):
            raise ValueError("expected a name, or a block with `select`")
        return self


Number = Annotated[NumberField, BeforeValidator(partial(_shorthand, "select"))]
Unit = Annotated[UnitField, BeforeValidator(partial(_shorthand, "name"))]


class QuotaFields(Block):
    """One resource: what remains of it, what is used, and the limit."""

    resource: Name
    """The value of the label `resource`."""
    unit: Unit
    """The unit of the amounts: a name such as `credits`, or where the response contains it."""
    remaining: Number | None = None
    """What remains, if the vendor sends it; otherwise it is limit - used."""
    used: Number | None = None
    """What was consumed in the current period."""
    limit: Number | None = None
    """What was granted for the period, or the spending cap."""
    overage_limit: Number | None = None
    """How far beyond the limit the vendor lets usage go."""
    resets_at: TimeField | None = None
    """When the period ends."""


class StatusField(Block):
    """The account's state."""

    select: SelectionField
    """JMESPath to the state's name."""
    states: tuple[str, ...] = ()
    """The known states; any other is exported as the vendor sends it."""


class AutoReloadFields(Block):
    """When the vendor tops the account up by itself, and by how much."""

    unit: Unit
    """The unit of both amounts."""
    threshold: Number | None = None
    """The balance that triggers a top-up."""
    amount: Number | None = None
    """What a top-up adds."""


class Request(Block):
    """One GET request, and the values of its response."""

    path: Annotated[str, matching(r"/[!-~]*", "expected a path that starts with / and has neither spaces nor control characters")]
    """Path below the base URL."""
    expect: SelectionField
    """JMESPath that must select something (not null, false or empty) in every successful response."""
    quotas: tuple[QuotaFields, ...] = ()
    """The resources."""
    info: dict[InfoLabel, SelectionField] = Field(default={})
    """Facts about the account, as labels of one series; never an e-mail address or a person's name."""
    status: StatusField | None = None
    """The account's state."""
    features: dict[Name, SelectionField] = Field(default={})
    """Booleans."""
    auto_reload: AutoReloadFields | None = None
    """Automatic top-ups."""
    created_at: TimeField | None = None
    """When the account was created."""
    credential_expires_at: TimeField | None = None
    """When the key expires."""
    credentials: tuple[Name, ...] = ()
    """The credentials that this request is sent with; all of them unless set."""
    optional: bool = False
    """Whether the poll succeeds without this response. Its failure then affects only its own values."""


class HeaderCredential(Block):
    """A secret that is sent in a request header."""

    header: HeaderName
    """The header's name."""
    scheme: Annotated[str, matching(r"[!-~]+", "expected a word without spaces")] | None = None
    """The word before the secret, such as `Bearer`."""
    token_url: Url | None = None
    """The OAuth 2.0 token endpoint (RFC 6749), if the secret can be an access token."""

    def headers(self, secret: str) -> dict[str, str]:
        """Return the header that authenticates a request."""
        return {self.header: f"{self.scheme} {secret}" if self.scheme else secret}


class ErrorFields(Block):
    """The vendor's error codes. A code that is listed takes precedence over the HTTP status."""

    code: Annotated[tuple[SelectionField, ...], BeforeValidator(_listed)] = ()
    """Where a body may contain a code: one JMESPath or several, the most specific first."""
    success: frozenset[Code] = frozenset()
    """Codes of a successful response."""
    rate_limit_reset: HeaderName | None = None
    """The header with the seconds until a rate limit ends, for a vendor that may send no `Retry-After`."""
    reasons: dict[Code, Reason] = Field(default={})
    """The meaning of each code, as a value of the label `reason`."""
    missing_permission: frozenset[Code] = frozenset()
    """The codes that only mean that the key lacks a permission."""


class Definition(Block):
    """One vendor."""

    name: Annotated[
        str, Field(max_length=64), matching(r"[a-z][a-z0-9_-]*", "expected lower-case letters, digits, _ and -, starting with a letter")
    ]
    """The value of the label `provider`, and the word that accounts use in the configuration."""
    title: Annotated[str, Field(min_length=1)]
    """The vendor's name as people write it."""
    docs_url: Url
    """The vendor's page on this endpoint."""
    base_url: Url
    """The address of the API, unless an account sets another."""
    regions: dict[str, Url] = Field(default={})
    """Other addresses of the API, by name."""
    credentials: dict[Name, HeaderCredential] = Field(min_length=1)
    """The supported credentials, by name; an account uses one."""
    permission: str | None = None
    """The permission that the key needs; part of the message if the vendor reports that it is missing."""
    notes: tuple[str, ...] = ()
    """What an operator should know about the values; shown by `providers NAME`."""
    requests: Annotated[tuple[Request, ...], AfterValidator(_not_empty)]
    """The requests of every poll, in order."""
    errors: ErrorFields = ErrorFields.model_construct()
    """The vendor's error codes."""

    @model_validator(mode="after")
    def _names_are_consistent(self) -> Self:
        unknown = sorted({name for request in self.requests for name in request.credentials if name not in self.credentials})
        if unknown:
            raise ValueError(f"a request names the credential {unknown[0]!r}, which is not among the credentials")
        resources = [quota.resource for quota in self.quotas]
        twice = sorted({name for name in resources if resources.count(name) > 1})
        if twice:
            raise ValueError(f"the resource {twice[0]!r} is defined twice")
        return self

    def requests_with(self, credential: HeaderCredential) -> tuple[Request, ...]:
        """Return the requests that are sent with one of the credentials."""
        [name] = [name for name, each in self.credentials.items() if each is credential]
        return tuple(request for request in self.requests if name in (request.credentials or self.credentials))

    @property
    def quotas(self) -> Iterator[QuotaFields]:
        """The resources of all requests."""
        return (quota for request in self.requests for quota in request.quotas)
