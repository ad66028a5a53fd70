"""The keys of a definition file: which requests a vendor is sent, and where its responses contain each value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from exporter.model import digest
from exporter.providers.consistency import problems_of_definition
from exporter.providers.credential import Credential, HeaderName
from exporter.providers.quota_fields import Name, QuotaFields
from exporter.providers.request_fields import ErrorFields, ParamFields, Request, Verified
from exporter.providers.request_template import Template
from exporter.validation.block import Block
from exporter.validation.fields import FreeText, Interval, Url, matching
from exporter.validation.problems import located

Category = Literal["language_models", "routers", "voice", "avatars", "media", "compute", "telephony", "search"]
CATEGORIES: Final[Mapping[Category, str]] = {
    "language_models": "Language models",
    "routers": "Routers and gateways",
    "voice": "Voice",
    "avatars": "Avatars",
    "media": "Image and video",
    "compute": "Compute",
    "telephony": "Telephony",
    "search": "Search and web data",
}
"""What vendors offer, in the order of the documentation."""

LEVELS: Final[Mapping[str, str]] = {
    "tried": "compared with the vendor's dashboard",
    "documented": "from the vendor's own page or API description",
    "seen": "from public code that works; name its file in provider_files",
}
"""How far a definition was verified."""

HeaderValue = Annotated[Template, matching(r"[!-~](?:[ -~]*[!-~])?", "expected text in ASCII, without spaces at the ends")]
Param = Annotated[ParamFields, BeforeValidator(lambda value: {} if value is None else value, json_schema_input_type=ParamFields | None)]


def _not_empty(requests: tuple[Request, ...]) -> tuple[Request, ...]:
    if not requests:
        raise ValueError("expected one request or more")
    return requests


class Definition(Block):
    """One vendor."""

    name: Annotated[
        str, Field(max_length=64), matching(r"[a-z][a-z0-9_-]*", "expected lower-case letters, digits, _ and -, starting with a letter")
    ]
    """The value of the label `provider`, and the word that accounts use in the configuration."""
    title: FreeText
    """The vendor's name as people write it."""
    docs_url: Url
    """The vendor's page on this endpoint."""
    billing_url: Url | None = None
    """The vendor's page to top up or to change the plan; the status page links to it."""
    category: Category | None = None
    """What the vendor offers, for lists of vendors."""
    base_url: Url | None = None
    """The address of the API, unless an account sets another. Absent for software that operators host themselves: each account sets it."""
    regions: dict[FreeText, Url] = Field(default={})
    """Other addresses of the API, by name."""
    headers: dict[HeaderName, HeaderValue] = Field(default={})
    """Headers of every request, such as the version of the API. Their values may contain params."""
    params: dict[Name, Param] = Field(default={})
    """What an account must set besides its secret, by name."""
    credentials: dict[Name, Credential] = Field(min_length=1)
    """The supported credentials, by name; an account uses one."""
    verified: Verified | None = None
    """How far the definition was verified."""
    min_interval: Interval | None = None
    """The shortest interval that the vendor allows; `check` warns about a shorter one."""
    permission: FreeText | None = None
    """The permission that the key needs; part of the message if the vendor reports that it is missing."""
    notes: tuple[FreeText, ...] = ()
    """What an operator should know about the values; shown by `providers NAME`."""
    requests: Annotated[tuple[Request, ...], Field(max_length=50), AfterValidator(_not_empty)]
    """The requests of every poll, in order."""
    errors: ErrorFields = ErrorFields.model_construct()
    """The vendor's error codes."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.base_url is None and self.regions:
            raise ValueError("`regions` need a `base_url`")
        if problems := [*problems_of_definition(self.requests, self.credentials, self.params, self.headers)]:
            raise located(problems)
        return self

    def requests_with(self, credential: str) -> tuple[Request, ...]:
        """Return the requests that are sent with the credential of this name."""
        return tuple(request for request in self.requests if credential in (request.credentials or self.credentials))

    @cached_property
    def meanings(self) -> Mapping[str, Mapping[str, str]]:
        """Digests of what each credential's requests read, by resource, and of all that they read as "".

        Amounts of two digests cannot be compared: the definition was changed, and they may be of other fields, scales or servers.
        """
        return {name: self._meanings(self.requests_with(name)) for name in self.credentials}

    def _meanings(self, requests: tuple[Request, ...]) -> dict[str, str]:
        without = {"expect", "credentials", "optional", "absent"}
        sent = [each.model_dump(mode="json", exclude_defaults=True, exclude=without, warnings="none") for each in requests]
        read: dict[str, list[Any]] = {"": sent}
        for request in sent:
            fields = {key: request.get(key) for key in ("method", "path", "query", "body")}
            for quota in request.get("quotas", ()):
                read.setdefault(quota["resource"], []).append([fields, quota])
        return {name: digest([self.base_url, self.headers, values]) for name, values in read.items()}

    def derives_remaining(self, quota: QuotaFields) -> bool:
        """Whether what remains is limit - used, of entries of which this is the first: its resource and unit may continue in others."""
        entries = [each for each in self.quotas if each.resource == quota.resource and each.unit.may_be(quota.unit)]
        parts = {part for each in entries for part in each.amounts}
        return entries[0] is quota and "remaining" not in parts and {"used", "limit"} <= parts

    @property
    def quotas(self) -> Iterator[QuotaFields]:
        """The resources of all requests."""
        return (quota for request in self.requests for quota in request.quotas)
