"""The keys of a request of a definition file, and of the blocks beside the requests."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from exporter.model import Reason
from exporter.providers.credential import HeaderName, QueryName
from exporter.providers.expressions import CodeField, ConditionField, ValueField
from exporter.providers.quota_fields import AutoReloadFields, Name, QuotaFields, Status, Time
from exporter.providers.request_template import Template, unfilled_in
from exporter.providers.values import to_code
from exporter.validation.block import Block
from exporter.validation.fields import FreeText, Pattern, Url, matching, without_controls
from exporter.validation.problems import located

_JSON_TEXT: Final = re.compile(r"""\s*(?:\{\s*["}]|\[)""")
"""An object or a list, which would be sent as a text that contains it."""
InfoLabel = Literal["plan", "billing_type", "billing_period", "workspace"]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _code(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("true and false are no codes: use `expect`, as in `expect: success`")  # noqa: TRY004 -- pydantic reports only a ValueError
    return to_code(Decimal(repr(value))) if isinstance(value, int | float) else value


def _json(value: Any) -> Any:
    if isinstance(value, str) and _JSON_TEXT.match(value):
        raise ValueError("the body is JSON already: write it without the quotes around it")
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("expected JSON: a date, for example, must be text in quotes") from None
    if problems := [*unfilled_in(value, ())]:
        raise located(problems)
    return value


Code = Annotated[str, BeforeValidator(_code, json_schema_input_type=str | int | float)]


class Request(Block):
    """One request, and the values of its response."""

    path: Annotated[
        Template,
        matching(
            r"/(?:[!\"$-z|~]|\{[!-z|~]*\})*", "expected a path that starts with / and has neither spaces nor # nor control characters"
        ),
    ]
    """Path below the base URL. `{project}` is a param of the account."""
    query: dict[QueryName, Annotated[Template, AfterValidator(without_controls)]] = Field(default={})
    """Parameters of the query. Their values may contain params and times, such as `{month_start:unix}`."""
    method: Literal["GET", "POST"] = "GET"
    """The HTTP method. POST only where it reads and changes nothing."""
    body: Annotated[Any, AfterValidator(_json)] = None
    """What a POST sends, as JSON. Its texts may contain params and times."""
    expect: ConditionField
    """JMESPath that must select something (not null, false or empty) in every successful response."""
    quotas: Annotated[tuple[QuotaFields, ...], Field(max_length=100)] = ()
    """The resources."""
    info: dict[InfoLabel, ValueField] = Field(default={})
    """Facts about the account, as labels of one series: `plan`, `billing_type`, `billing_period`, `workspace`; no e-mail address, no person's name."""
    status: Status | None = None
    """The account's state."""
    features: dict[Name, ValueField] = Field(default={}, max_length=100)
    """What is enabled or allowed, by the vendor's own name of the field: JMESPath to a boolean."""
    auto_reload: AutoReloadFields | None = None
    """Auto reload: below which balance the vendor tops the account up, and by how much."""
    created_at: Time | None = None
    """When the account was created."""
    credential_expires_at: Time | None = None
    """When the key expires."""
    credentials: tuple[Name, ...] = ()
    """The credentials that this request is sent with; all of them unless set."""
    optional: bool = False
    """Whether the poll succeeds without this response. Its failure then affects only its own values."""
    absent: Annotated[int, Field(ge=400, le=499)] | None = None
    """For an optional request: the HTTP status by which the vendor says that there is nothing, such as no limit. It is no failure if the body is JSON."""

    @model_validator(mode="after")
    def _only_a_post_has_a_body(self) -> Self:
        if self.body is not None and self.method != "POST":
            raise ValueError("`body` needs `method: POST`")
        return self

    @model_validator(mode="after")
    def _only_an_optional_response_may_be_absent(self) -> Self:
        if self.absent is not None and not self.optional:
            raise ValueError("`absent` needs `optional: true`")
        return self

    @property
    def name(self) -> str:
        """What distinguishes the request from the others of its definition: the path and the query, as the definition writes them."""
        return f"{self.path}?{'&'.join(f'{key}={value}' for key, value in self.query.items())}" if self.query else self.path


class ErrorFields(Block):
    """The vendor's error codes. A code that is listed takes precedence over the HTTP status."""

    code: Annotated[
        tuple[CodeField, ...], Field(max_length=20), BeforeValidator(_listed, json_schema_input_type=CodeField | list[CodeField])
    ] = ()
    """Where a body may contain a code: one JMESPath or several, the most specific first."""
    success: frozenset[Code] = frozenset()
    """Codes of a successful response."""
    rate_limit_reset: HeaderName | None = None
    """The header with the seconds until a rate limit ends, for a vendor that may send no `Retry-After`."""
    reasons: dict[Code, Reason] = Field(default={})
    """The meaning of each code, as a value of the label `reason`."""
    missing_permission: frozenset[Code] = frozenset()
    """The codes of `reasons` that only mean that the key lacks a permission."""

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if not self.code and (self.success or self.reasons or self.missing_permission):
            raise ValueError("the codes have no effect without `code`, the place of the code in the response")
        if unknown := self.missing_permission - self.reasons.keys():
            raise located([(("missing_permission",), f"{min(unknown)!r} is not in `reasons`, so it has no effect")])
        if both := self.success & self.reasons.keys():
            raise located([(("success",), f"{min(both)!r} is in `reasons` too: a code means success or an error")])
        return self


class ParamFields(Block):
    """A value besides the secret that an account must give, such as the id of a project."""

    help: FreeText | None = None
    """What it is, and where the operator finds it."""
    pattern: Pattern | None = None
    """The regular expression that the whole value matches, without look-around and back-references."""


class Verified(Block):
    """How far the definition was verified."""

    level: Literal["tried", "documented", "seen"]
    """`tried`: compared with the vendor's dashboard. `documented`: from the vendor's own page or API description. `seen`: from public code."""
    on: date
    """When it was verified."""
    sources: tuple[Url, ...] = Field(min_length=1)
    """The pages or the code that were read."""
