"""Where the metrics are pushed to, besides being served."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from exporter.config.connection_settings import Network
from exporter.config.context import context_of
from exporter.config.credentials import Source
from exporter.config.key_checks import mistaken_for_key
from exporter.config.params import own_address
from exporter.errors import CredentialError
from exporter.providers.credential import HeaderName
from exporter.validation.block import Block
from exporter.validation.duration import Duration, default_duration
from exporter.validation.fields import Interval, Text, matching

_OWN_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)
_REMEDY: Final = "needs a package that is not installed: pip install 'ai-account-exporter[otlp]'"


def _free_header(name: str) -> str:
    if name.lower() in _OWN_HEADERS:
        raise ValueError("the exporter sets this header itself")
    return name


class HeaderSource(Source):
    """The source of a header's value: exactly one of `env` and `file`. It contains the whole value, such as `Basic dXNlcjprZXk=`."""

    @staticmethod
    def accept(text: str, origin: str) -> SecretStr:
        """Accept what can be the value of a header, with white space around it."""
        value = text.strip()
        if not value:
            raise CredentialError(f"{origin} is empty")
        if kind := mistaken_for_key(value.split()[-1]):
            raise CredentialError(f"{origin} contains {kind}, where the value of the header is expected")
        if not all(" " <= character <= "~" for character in value):
            raise CredentialError(
                f"{origin} contains a line break, a control character or a non-ASCII character, which no header can contain"
            )
        return SecretStr(value)


class Otlp(Block, Network):
    """A receiver of OTLP over HTTP, such as a collector, Prometheus, or a hosted service."""

    plain_http: bool = False
    """Whether `endpoint` may be http, for a receiver in a network of your own. The headers are not encrypted on their way."""
    endpoint: str
    """The URL to push to, used as it is. The path of most receivers ends with `/v1/metrics`."""
    headers: dict[Annotated[HeaderName, AfterValidator(_free_header)], HeaderSource] = Field(default={})
    """Headers of each push, such as `Authorization`, and where their values are read from."""
    interval: Interval = default_duration("1m")
    """The time between two pushes; at least 1s."""
    timeout: Duration = default_duration("10s")
    """How long a push may take."""
    resource: dict[Annotated[str, matching(r"[a-z][a-z0-9_.-]{0,63}", "expected a name such as service.name")], Text] = Field(default={})
    """Attributes of the resource. `service.name` is `ai-account-exporter` unless set, and becomes Prometheus's label `job`.
    `service.instance.id` is the host and the port unless set, and becomes the label `instance`."""

    @field_validator("endpoint")
    @classmethod
    def _is_usable(cls, url: str, info: ValidationInfo) -> str:
        return own_address(url, plain_http=info.data.get("plain_http", True), is_self_hosted=True)


class Push(Block):
    """Receivers of the metrics."""

    otlp: Otlp
    """The receiver of OTLP over HTTP."""

    @model_validator(mode="after")
    def _is_installed(self, info: ValidationInfo) -> Self:
        if context_of(info) and not (find_spec("opentelemetry") and find_spec("opentelemetry.proto")):
            raise ValueError(_REMEDY)
        return self
