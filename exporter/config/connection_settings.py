"""How vendors are reached: proxies, certificate authorities and connection timeouts."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, SecretStr, ValidationInfo, field_validator

from exporter.config.context import FilePath, context_of
from exporter.config.credentials import shown_file
from exporter.model import Seconds
from exporter.validation.block import Described
from exporter.validation.duration import Duration
from exporter.validation.files import read_file

CONNECT_TIMEOUT: Final = Seconds(10.0)
PROXY_VARIABLES: Final = ("https_proxy", "HTTPS_PROXY")
"""Not HTTP_PROXY: plain http never goes through a proxy."""
_PROXY_FORM: Final = "expected http://host:port or http://user:password@host:port, with special characters percent-encoded"
_VISIBLE = re.compile(r"[!-~]+")
_HOST = re.compile(r"[a-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy."""

    host: str
    port: int
    userinfo: str | None = field(default=None, repr=False)
    """`user:password`."""

    @property
    def url(self) -> str:
        """Its address, without the user and the password."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How one account's vendor is reached."""

    proxy: Proxy | None = None
    no_proxy: tuple[str, ...] = ()
    proxy_from_environment: bool = False
    ca_file: Path | None = None
    connect_timeout: Seconds = CONNECT_TIMEOUT


def parse_proxy(text: str) -> Proxy:
    """Read `http://[user:password@]host[:port]`.

    Raises:
        ValueError: it is anything else; the message does not show it, since it may hold a password.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", 80 if parts.port is None else parts.port
        is_host = bool(_HOST.fullmatch(host) or ipaddress.IPv6Address(host))
    except ValueError:
        raise ValueError(_PROXY_FORM) from None
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
    if parts.scheme != "http" or not (is_host and port and bare and _VISIBLE.fullmatch(text)):
        raise ValueError(_PROXY_FORM)
    userinfo = None if parts.username is None else f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy(host, port, userinfo)


def environment_proxy(environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that the environment names. Lower case wins, and the scheme may be missing, as with curl.

    Raises:
        ValueError: it names something else; the message does not show it.
    """
    for name in PROXY_VARIABLES:
        if text := environ.get(name, "").strip():
            try:
                return parse_proxy(text if "://" in text else f"http://{text}")
            except ValueError as error:
                raise ValueError(f"the environment variable {name}: {error}") from None
    return None


def ssl_context(ca_file: Path | None, folder: Path | None = None) -> ssl.SSLContext:
    """Trust the certificates in a file, or the system's (also `SSL_CERT_FILE` and `SSL_CERT_DIR`), and no others.

    As with curl, each of them is trusted by itself, also an intermediate or a server's own, and need not be strictly RFC 5280.
    Python's defaults for both differ between 3.12 and 3.13.

    Raises:
        ValueError: the file cannot be used. The message shows a path below `folder` relative to it, and no path that may be a key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags = (context.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN) & ~ssl.VERIFY_X509_STRICT
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is None:
        context.load_default_certs()
    else:
        _load_certificates(context, ca_file, shown_file(ca_file, folder))
    return context


def _load_certificates(context: ssl.SSLContext, ca_file: Path, origin: str) -> None:
    try:
        text = read_file(ca_file).decode("ascii", "ignore")  # the comments of a bundle may have other characters
        if "-----BEGIN TRUSTED CERTIFICATE" in text:  # Python would ignore it silently
            raise ValueError(f"{origin} contains a TRUSTED CERTIFICATE, which is OpenSSL's own form: convert it with `openssl x509`")
        context.load_verify_locations(cadata=text)
    except ssl.SSLError:
        raise ValueError(f"{origin} contains no usable certificates: expected PEM format") from None
    except OSError as error:
        raise ValueError(f"{origin} cannot be read: {error.strerror}") from None
    if not context.cert_store_stats()["x509"]:
        raise ValueError(f"{origin} contains no certificate")


def _proxy_url(url: SecretStr) -> SecretStr:
    parse_proxy(url.get_secret_value())
    return url


def _exemption(entry: str) -> str:
    is_usable = _VISIBLE.fullmatch(entry) and "," not in entry
    if "/" in entry:
        try:
            ipaddress.ip_network(entry, strict=False)
        except ValueError:
            is_usable = None
    if not is_usable:
        raise ValueError("expected a host, a .suffix, an address, a network such as 10.0.0.0/8, or *; write one per entry")
    return entry


class Network(Described):
    """How a server is reached; the same keys for all accounts, for one, and for pushes."""

    proxy_url: Annotated[SecretStr, AfterValidator(_proxy_url)] | None = None
    """The HTTP proxy for requests: `http://[user:password@]host:port`. Loopback addresses, and hosts with plain http, are always reached directly."""
    no_proxy: list[Annotated[str, AfterValidator(_exemption)]] | None = None
    """Hosts that are reached without the proxy: `host` (with its subdomains), `.suffix`, an IP address, or a network such as
    `10.0.0.0/8`. All except a network can have a `:port`. `*` is every host."""
    proxy_from_environment: bool | None = None
    """Whether the environment variables HTTPS_PROXY and NO_PROXY are used; false unless set. Cannot be combined with `proxy_url`."""
    ca_file: FilePath | None = None
    """File with the certificates to trust instead of the system's, in PEM format: authorities, an intermediate, or the server's own.
    The path is relative to this file's folder. The file is read again when it changes."""
    connect_timeout: Duration | None = None
    """Maximum time to connect, for DNS, TCP, proxy and TLS together; 10s unless set."""

    @field_validator("proxy_from_environment")
    @classmethod
    def _is_the_only_proxy(cls, wanted: bool | None, info: ValidationInfo) -> bool | None:  # noqa: FBT001 -- pydantic's signature
        if wanted and info.data.get("proxy_url"):
            raise ValueError("expected proxy_url or proxy_from_environment, not both")
        context = context_of(info)
        if wanted and context:
            environment_proxy(context.environ)
        return wanted

    @field_validator("ca_file")
    @classmethod
    def _can_be_used(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        context = context_of(info)
        if path and context:
            ssl_context(path, context.folder)
        return path

    @property
    def connection(self) -> ConnectionSettings:
        """The same with all defaults filled in."""
        return ConnectionSettings(
            proxy=parse_proxy(self.proxy_url.get_secret_value()) if self.proxy_url else None,
            no_proxy=tuple(self.no_proxy or ()),
            proxy_from_environment=bool(self.proxy_from_environment),
            ca_file=self.ca_file,
            connect_timeout=self.connect_timeout or CONNECT_TIMEOUT,
        )
