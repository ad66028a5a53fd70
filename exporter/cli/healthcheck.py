"""`healthcheck`: whether the exporter on this machine lives, for containers that have no curl."""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import closing, suppress
from typing import Final

import click

from exporter.cli.address import address_type
from exporter.web.address import Address

LOOPBACK: Final = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- what a server listens on is asked at loopback
ALIVE: Final = {401: "lives, and asks for a password", 403: "lives, and asks for another certificate", 429: "lives, and has much to do"}


@click.command("healthcheck")
@click.option("--web.listen-address", "address", type=address_type, default=":9893", show_default=True, help="Where the exporter listens.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=3.0, show_default=True, help="How long to wait, in seconds.")
def command(address: Address, timeout: float) -> None:
    """Ask the exporter on this machine for /-/healthy, with TLS where it speaks TLS. Needs no password, and asks no vendor.

    Exit codes: 0 it lives, 1 it does not.
    """
    try:
        status, said = ask(address, timeout)
    except TimeoutError:
        why = f"none within {timeout:g} seconds"
    except (http.client.HTTPException, ssl.SSLError, ConnectionResetError):
        why = "this is no HTTP"
    except OSError as error:
        why = error.strerror or type(error).__name__
    else:
        if status in {200, 503} or status in ALIVE:
            click.echo(ALIVE.get(status, said), err=status == 503)
            raise SystemExit(int(status == 503))
        why = f"this is no exporter: it answers {status}"
    click.echo(f"no answer from {address}: {why}", err=True)
    raise SystemExit(1)


def ask(address: Address, timeout: float) -> tuple[int, str]:
    """Return the status, and what was said.

    Raises:
        OSError, http.client.HTTPException: nobody answers, or no exporter does.
    """
    host = LOOPBACK.get(address.host) or str(address.host)
    try:
        with closing(http.client.HTTPConnection(host, address.port, timeout=timeout)) as connection:
            return _answer(connection)
    except (http.client.BadStatusLine, ConnectionResetError):  # how a server that speaks TLS answers plain text
        return _encrypted_answer(host, address.port, timeout)


def _encrypted_answer(host: str, port: int, timeout: float) -> tuple[int, str]:
    context = ssl.create_default_context()  # no secret is sent, and whose certificate it is says nothing of whether the process lives
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPConnection(host, port)
    with socket.create_connection((host, port), timeout) as plain, context.wrap_socket(plain, do_handshake_on_connect=False) as encrypted:
        connection.sock = encrypted
        try:
            encrypted.do_handshake()
        except (ssl.SSLError, ConnectionError):
            if not encrypted.cipher():  # none was agreed on: this is no TLS either
                raise
        else:
            with suppress(ssl.SSLError, ConnectionError):
                return _answer(connection)
    return 200, "lives, and asks for a certificate"  # asyncio hangs up without a word on those who show none


def _answer(connection: http.client.HTTPConnection) -> tuple[int, str]:
    connection.request("GET", "/-/healthy")
    answer = connection.getresponse()
    return answer.status, answer.read(1000).decode(errors="replace").strip()
