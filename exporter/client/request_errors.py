"""The reason of a failed request."""

from __future__ import annotations

import os
import ssl
from http import HTTPStatus

import aiohttp

from exporter.client.connections import HeadersTooLargeError
from exporter.client.trust import tls_fault
from exporter.errors import PollError
from exporter.model import Reason


def fault(error: aiohttp.ClientError | OSError, *, proxied: bool = False) -> PollError:
    """Map an error to its reason. Its text is not used, because it may contain the URL. A proxy's status does not concern the account."""
    reason, message = _reason(error, "the proxy's" if proxied else "the")
    return PollError(reason, f"{message}, through the proxy" if proxied and "proxy" not in message else message)


def _reason(error: aiohttp.ClientError | OSError, whose: str) -> tuple[Reason, str]:
    match error:
        case TimeoutError():
            return Reason.TIMEOUT, "the connection timed out"
        case aiohttp.ClientConnectorError():
            return _connector_reason(error, whose)
        case aiohttp.ClientHttpProxyError():
            missing = " (it requires a valid user name and password)" if error.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED else ""
            return Reason.CONNECTION, f"the proxy refused to connect: HTTP {error.status}{missing}"
        case HeadersTooLargeError() | aiohttp.ClientResponseError():
            is_http = isinstance(error, HeadersTooLargeError)
            return Reason.CONNECTION, "the headers of the response are too large" if is_http else "the response is not HTTP"
        case _:
            if isinstance(error.__cause__, ssl.SSLError):  # with TLS 1.3, a server may refuse when the client's handshake is over
                return Reason.TLS, "the server ended the TLS connection with an alert"
            return Reason.CONNECTION, "the connection ended before the response was complete"


def _connector_reason(error: aiohttp.ClientConnectorError, whose: str) -> tuple[Reason, str]:
    match error:
        case aiohttp.ClientProxyConnectionError():
            return Reason.CONNECTION, f"proxy: {_why(error.os_error)}"
        case aiohttp.ClientConnectorCertificateError():
            return Reason.TLS, tls_fault(error.certificate_error)
        case aiohttp.ClientConnectorSSLError():
            return Reason.TLS, tls_fault(error.os_error)
        case aiohttp.ClientConnectorDNSError():
            return Reason.CONNECTION, f"{whose} host name could not be resolved"
        case aiohttp.ClientConnectorError(os_error=ConnectionResetError() | ConnectionAbortedError()):  # only a connection can be reset
            return Reason.TLS, "the connection ended during the TLS handshake"
        case _:
            return Reason.CONNECTION, _why(error.os_error)


def _why(error: OSError) -> str:
    """Return the system's text, without the address that asyncio adds. There is no number if several addresses failed in different ways."""
    return os.strerror(error.errno) if error.errno else "no address of the host can be reached"
