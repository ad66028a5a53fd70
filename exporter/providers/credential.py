"""How a secret is sent: in a header, as a user or a password, or in the query."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from exporter.providers.request_template import Template, fill
from exporter.validation.block import Block
from exporter.validation.fields import Url, matching

HeaderName = Annotated[str, matching(r"[A-Za-z0-9-]+", "expected the name of a header: letters, digits and -")]
QueryName = Annotated[str, Field(max_length=64), matching(r"[A-Za-z0-9_.~\[\]-]+", "expected the name of a parameter in the query")]
_HEADER_LINE: Final = re.compile(r"[A-Za-z0-9-]+(?:: *| +)(\S*).*")
_SCHEMES: Final = frozenset({"bearer", "basic", "token", "key", "apikey", "api-key"})
NO_PARAMS: Final[Mapping[str, str]] = MappingProxyType({})


def _header(value: Any) -> Any:
    if isinstance(value, str) and (found := _HEADER_LINE.fullmatch(value)):
        word = found[1] if found[1].lower() in _SCHEMES else "the word before the secret"
        raise ValueError(f"expected the name of a header only: put {word} into `scheme`")
    return value


class BasicFields(Block):
    """The part of HTTP basic authentication that is not the secret: `user` or `password`."""

    user: Annotated[Template, matching(r"[!-9;-~]+", "expected a user without spaces and colons")] | None = None
    """The user, if the secret is the password. It may contain params."""
    password: Annotated[str, matching(r"[ -z|~]*", "expected text in ASCII without braces")] | None = None
    """The password, if the secret is the user; often empty."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.user is None) == (self.password is None):
            raise ValueError("expected `user` (then the secret is the password) or `password` (then the secret is the user)")
        return self


class Credential(Block):
    """A secret, and how it is sent: exactly one of `header`, `basic` and `query`."""

    header: Annotated[HeaderName | None, BeforeValidator(_header, json_schema_input_type=HeaderName | None)] = None
    """The name of the header that contains the secret."""
    scheme: Annotated[str, matching(r"[!-z|~]+", "expected a word without spaces and braces")] | None = None
    """The word before the secret in the header, such as `Bearer`."""
    token_url: Url | None = None
    """The OAuth 2.0 token endpoint (RFC 6749), if the secret in the header can be an access token. Tokens are fetched with a refresh token only."""
    basic: BasicFields | None = None
    """HTTP basic authentication (RFC 7617): the secret is the password, or the user."""
    query: QueryName | None = None
    """The name of the parameter in the query that contains the secret."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(way is not None for way in (self.header, self.basic, self.query)) != 1:
            raise ValueError("expected exactly one of `header`, `basic` and `query`")
        if self.header is None and (self.scheme is not None or self.token_url is not None):
            raise ValueError("`scheme` and `token_url` belong to `header`")
        return self

    @property
    def header_name(self) -> str | None:
        """The header that authenticates a request; None if the secret is in the query."""
        return "Authorization" if self.basic else self.header

    def headers(self, secret: str, params: Mapping[str, str] = NO_PARAMS) -> dict[str, str]:
        """Return the header that authenticates a request."""
        if self.basic:
            user = secret if self.basic.user is None else fill(self.basic.user, params)
            password = secret if self.basic.password is None else self.basic.password
            return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
        if self.header is None:
            return {}
        return {self.header: f"{self.scheme} {secret}" if self.scheme else secret}

    def query_parameters(self, secret: str) -> dict[str, str]:
        """Return the parameter of the query that authenticates a request."""
        return {self.query: secret} if self.query else {}
