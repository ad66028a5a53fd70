"""`healthcheck`: checks the exporter on this machine, for containers without curl."""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import closing, suppress
from typing import Final

import click

from exporter.cli.listen_address import address_type
from exporter.cli.output import say
from exporter.web.address import Address

LOOPBACK: Final = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- a server on all interfaces is requested on loopback
ALIVE: Final = {401: "healthy; a password is required", 403: "healthy; another certificate is required", 429: "healthy; rate limited"}


MAX_TIMEOUT: Final = 3600.0


def _number(_context: click.Context, _param: click.Parameter, value: float) -> float:
    if value != value:  # noqa: PLR0124 -- NaN is in every range
        raise click.BadParameter("expected a number")
    return value


@click.command("healthcheck")
@click.option("--web.listen-address", "address", type=address_type, default=":9893", show_default=True, help="Where the exporter listens.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, MAX_TIMEOUT),
    default=3.0,
    show_default=True,
    callback=_number,
    help="How long to wait, in seconds.",
)
def command(address: Address, timeout: float) -> None:
    """Check whether the exporter on this machine is healthy.

    Requests /-/healthy, over TLS where the exporter uses TLS. Needs no password and polls no vendor.

    Exit codes: 0 healthy, 1 unhealthy.
    """
    try:
        status, text = ask(address, timeout)
    except TimeoutError:
        why = f"timeout after {timeout:g} seconds"
    except (http.client.HTTPException, ssl.SSLError, ConnectionResetError):
        why = "it is not HTTP"
    except UnicodeError:
        why = "not a valid host name"
    except OSError as error:
        why = error.strerror or type(error).__name__
    else:
        if status in {200, 503} or status in ALIVE:
            say(ALIVE.get(status, text), err=status == 503)
            raise SystemExit(int(status == 503))
        why = f"it is not this exporter: HTTP {status}"
    say(f"{address} does not respond as expected: {why}", err=True)
    raise SystemExit(1)


def ask(address: Address, timeout: float) -> tuple[int, str]:
    """Return the HTTP status and the body.

    Raises:
        OSError, http.client.HTTPException: there is no response, or it is not from this exporter.
        UnicodeError: the host is no name of a host.
    """
    host = LOOPBACK.get(address.host) or str(address.host)
    try:
        with closing(http.client.HTTPConnection(host, address.port, timeout=timeout)) as connection:
            return _response(connection)
    except (http.client.BadStatusLine, ConnectionResetError):  # a server with TLS responds to plain text like this
        return _encrypted_response(host, address.port, timeout)


def _encrypted_response(host: str, port: int, timeout: float) -> tuple[int, str]:
    context = ssl.create_default_context()  # no secret is sent, and the certificate does not matter for health
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPConnection(host, port)
    with socket.create_connection((host, port), timeout) as plain, context.wrap_socket(plain, do_handshake_on_connect=False) as encrypted:
        connection.sock = encrypted
        try:
            encrypted.do_handshake()
        except (ssl.SSLError, ConnectionError):
            if not encrypted.cipher():  # the handshake has not come far: this is not TLS either
                raise
        else:
            with suppress(ssl.SSLError, ConnectionError):
                return _response(connection)
    return 200, "healthy; a client certificate is required"  # asyncio closes connections without one


def _response(connection: http.client.HTTPConnection) -> tuple[int, str]:
    connection.request("GET", "/-/healthy")
    response = connection.getresponse()
    return response.status, response.read(1000).decode(errors="replace").strip()
