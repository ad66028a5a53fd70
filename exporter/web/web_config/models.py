"""What a web configuration file may say: one model for each block of it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StrictBool, StrictInt, model_validator

from exporter.model import Seconds
from exporter.web.web_config.fields import Hash, HeaderValue, Interval, Readable, UserName
from exporter.web.web_config.suites import Version, openssl_curve, openssl_suite

VERIFYING: Final = ("RequireAndVerifyClientCert", "VerifyClientCertIfGiven")
_UNVERIFIED: Final = {
    "RequestClientCert": "VerifyClientCertIfGiven",
    "RequireAnyClientCert": "RequireAndVerifyClientCert",
    "RequireClientCert": "RequireAndVerifyClientCert",
}


def _that_can_be_kept(policy: object) -> object:
    if isinstance(policy, str) and policy in _UNVERIFIED:
        raise ValueError(f"certificates are never taken unverified here; the nearest is {_UNVERIFIED[policy]}, with client_ca_file")
    return policy


def _not_empty(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("expected one name at least: nobody would be let in")
    return names


def _one_curve(curves: tuple[str, ...]) -> tuple[str, ...]:
    if len(curves) > 1:
        raise ValueError("only one curve can be chosen here: keep the one that you prefer, or remove the list")
    return curves


def _without_http2(http2: bool) -> bool:  # noqa: FBT001 -- a validator's argument
    if http2:
        raise ValueError("HTTP/2 is not spoken here: remove the line, or say false; Prometheus falls back to HTTP/1.1 by itself")
    return http2


ClientAuth = Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]
Suite = Annotated[str, AfterValidator(openssl_suite)]
Curve = Annotated[str, AfterValidator(openssl_curve)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, data: Any) -> Any:
        """A known key with nothing behind it counts as not written."""
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return (
            {key: value for key, value in data.items() if key not in known or (value is not None and value != "")}
            if isinstance(data, dict)
            else data
        )


class Tls(_Block):
    """The server's certificate, whom it trusts, and how it speaks."""

    cert: SecretStr | None = None
    """The certificate itself, as PEM text; the intermediates behind it."""
    key: SecretStr | None = None
    """The key itself, as PEM text."""
    client_ca: SecretStr | None = None
    """The authority of the clients' certificates, as PEM text."""
    cert_file: Readable | None = None
    """The file of the certificate."""
    key_file: Readable | None = None
    """The file of the key."""
    client_ca_file: Readable | None = None
    """The file of the authority of the clients' certificates."""
    client_auth_type: Annotated[ClientAuth, BeforeValidator(_that_can_be_kept)] = "NoClientCert"
    """Whether clients show a certificate."""
    client_allowed_sans: Annotated[tuple[str, ...], AfterValidator(_not_empty)] | None = None
    """The names (DNS, IP, e-mail, URI) of which a client's certificate must hold one; who shows no certificate has none of them."""
    min_version: Version = "TLS12"
    """The oldest TLS that is spoken."""
    max_version: Version = "TLS13"
    """The newest TLS that is spoken."""
    cipher_suites: tuple[Suite, ...] = ()
    """The suites up to TLS 1.2 by Go's names, kept by OpenSSL's; none means the usual ones."""
    prefer_server_cipher_suites: StrictBool = True
    """Whether the order of `cipher_suites` counts, or the client's."""
    curve_preferences: Annotated[tuple[Curve, ...], AfterValidator(_one_curve)] = ()
    """The curve by Go's name, kept by OpenSSL's."""


class Headers(_Block):
    """The headers that may be set on every answer."""

    content_security_policy: HeaderValue | None = Field(None, alias="Content-Security-Policy")
    x_frame_options: Literal["deny", "sameorigin"] | None = Field(None, alias="X-Frame-Options")
    x_content_type_options: Literal["nosniff"] | None = Field(None, alias="X-Content-Type-Options")
    x_xss_protection: HeaderValue | None = Field(None, alias="X-XSS-Protection")
    strict_transport_security: HeaderValue | None = Field(None, alias="Strict-Transport-Security")


class Http(_Block):
    """How HTTP is spoken."""

    http2: Annotated[StrictBool, AfterValidator(_without_http2)] = False
    headers: Headers = Headers()


class RateLimit(_Block):
    """A token bucket for all requests together."""

    interval: Interval | None = None
    """After how long one more request is let in; 0 switches the limit off."""
    burst: Annotated[StrictInt, Field(ge=0)] = 0
    """How many requests are let in at once."""

    @model_validator(mode="after")
    def _lets_someone_in(self) -> Self:
        if self.interval and not self.burst:
            raise ValueError("burst is missing or 0, which would refuse every request: set it to 1 or more")
        if self.burst and self.interval is None:
            raise ValueError("interval is missing, without which burst limits nothing: set it, or remove both")
        return self

    @property
    def pace(self) -> tuple[Seconds, int] | None:
        """Interval and burst; None where nothing is limited."""
        return (self.interval, self.burst) if self.interval else None


class WebFile(_Block):
    """The whole file."""

    tls_server_config: Tls | None = None
    http_server_config: Http = Http()
    basic_auth_users: dict[UserName, Hash] = Field(default={}, repr=False)
    rate_limit: RateLimit = RateLimit()
