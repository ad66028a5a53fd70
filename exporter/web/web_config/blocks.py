"""The web configuration file: one model for each block."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StrictBool, StrictInt, model_validator

from exporter.model import Seconds
from exporter.web.web_config.ciphers import Version, openssl_curve, openssl_suite
from exporter.web.web_config.field_types import GoDuration, Hash, HeaderValue, Readable, UserName

VERIFYING: Final = ("RequireAndVerifyClientCert", "VerifyClientCertIfGiven")
_UNVERIFIED: Final = {
    "RequestClientCert": "VerifyClientCertIfGiven",
    "RequireAnyClientCert": "RequireAndVerifyClientCert",
    "RequireClientCert": "RequireAndVerifyClientCert",
}


def _supported_policy(policy: object) -> object:
    if isinstance(policy, str) and policy in _UNVERIFIED:
        raise ValueError(f"unverified certificates are not accepted; use {_UNVERIFIED[policy]}, with client_ca_file")
    return policy


def _not_empty(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("expected at least one name; an empty list would refuse every client")
    return names


ClientAuth = Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]
Suite = Annotated[str, AfterValidator(openssl_suite)]
EllipticCurve = Annotated[str, AfterValidator(openssl_curve)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        """Treat a known key without a value as absent."""
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return (
            {key: value for key, value in data.items() if key not in known or (value is not None and value != "")}
            if isinstance(data, dict)
            else data
        )


class Tls(_Block):
    """The server's certificate, the accepted client certificates, and the protocol."""

    cert: SecretStr | None = None
    """The certificate as PEM text, followed by its intermediates."""
    key: SecretStr | None = None
    """The key as PEM text."""
    client_ca: SecretStr | None = None
    """The authority of client certificates, as PEM text."""
    cert_file: Readable | None = None
    """The file of the certificate."""
    key_file: Readable | None = None
    """The file of the key."""
    client_ca_file: Readable | None = None
    """The file of the authority of client certificates."""
    client_auth_type: Annotated[ClientAuth, BeforeValidator(_supported_policy)] = "NoClientCert"
    """Whether clients must present a certificate."""
    client_allowed_sans: Annotated[tuple[str, ...], AfterValidator(_not_empty)] | None = None
    """Names (DNS, IP, e-mail, URI), one of which a client certificate must contain. A client without a certificate has none."""
    min_version: Version = "TLS12"
    """The oldest TLS version."""
    max_version: Version = "TLS13"
    """The newest TLS version."""
    cipher_suites: tuple[Suite, ...] = ()
    """Cipher suites by Go's names, stored by OpenSSL's. Suites of TLS 1.3 are always on; empty means the default suites."""
    prefer_server_cipher_suites: StrictBool = True
    """Whether the server's order of `cipher_suites` takes precedence over the client's."""
    curve_preferences: tuple[EllipticCurve, ...] = ()
    """Curves by Go's names, stored by OpenSSL's. More than one means OpenSSL's default list."""


class Headers(_Block):
    """Headers that can be set on every response."""

    content_security_policy: HeaderValue | None = Field(None, alias="Content-Security-Policy")
    x_frame_options: Literal["deny", "sameorigin"] | None = Field(None, alias="X-Frame-Options")
    x_content_type_options: Literal["nosniff"] | None = Field(None, alias="X-Content-Type-Options")
    x_xss_protection: HeaderValue | None = Field(None, alias="X-XSS-Protection")
    strict_transport_security: HeaderValue | None = Field(None, alias="Strict-Transport-Security")


class Http(_Block):
    """HTTP settings."""

    http2: StrictBool = False
    """Accepted without effect: the server uses HTTP/1.1."""
    headers: Headers = Headers()


class RateLimit(_Block):
    """A token bucket shared by all requests."""

    interval: GoDuration | None = None
    """After how long one more request is admitted; 0 disables the limit."""
    burst: Annotated[StrictInt, Field(ge=0)] = 0
    """How many requests are admitted at once."""

    @model_validator(mode="after")
    def _admits_requests(self) -> Self:
        if self.interval and not self.burst:
            raise ValueError("burst is missing or 0, which would refuse every request; set it to 1 or more")
        if self.burst and self.interval is None:
            raise ValueError("interval is missing, and burst has no effect without it; set it, or remove both")
        return self

    @property
    def pace(self) -> tuple[Seconds, int] | None:
        """Interval and burst; None if nothing is limited."""
        return (self.interval, self.burst) if self.interval else None


class WebFile(_Block):
    """The whole file."""

    tls_server_config: Tls | None = None
    http_server_config: Http = Http()
    basic_auth_users: dict[UserName, Hash] = Field(default={}, repr=False)
    rate_limit: RateLimit = RateLimit()
