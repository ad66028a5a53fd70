"""The command `healthcheck`: its output for all kinds of servers, and what it imports."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from exporter.web.web_config.loader import load_web_config
from tests.cli.support import run
from tests.support import has_ipv6
from tests.web.serving import endpoints, serving
from tests.web.web_config.support import ALICE, make_certificates

TLS: Final = "cert_file: server.pem, key_file: server.key"
MUTUAL: Final = f"{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem"
USERS: Final = f"basic_auth_users: {{alice: '{ALICE}'}}"


async def check(port: int, host: str = "127.0.0.1", *more: str) -> tuple[int, str, str]:
    """Return the exit code and the output, without the address."""
    code, out, err = await run("healthcheck", "--web.listen-address", f"{host}:{port}", *more)
    return code, out, err.replace(f"{host}:{port}", "ADDRESS")


@pytest.mark.parametrize(
    ("text", "output"),
    [
        pytest.param("", "healthy\n", id="plain"),
        pytest.param(f"tls_server_config: {{{TLS}}}", "healthy\n", id="TLS"),
        pytest.param(f"tls_server_config: {{{TLS}, min_version: TLS13}}", "healthy\n", id="TLS 1.3 alone"),
        pytest.param(USERS, "healthy; a password is required\n", id="users"),
        pytest.param(f"tls_server_config: {{{TLS}}}\n{USERS}", "healthy; a password is required\n", id="TLS and users"),
        pytest.param(f"tls_server_config: {{{MUTUAL}}}", "healthy; a client certificate is required\n", id="mutual TLS"),
        pytest.param(
            f"tls_server_config: {{{MUTUAL}, max_version: TLS12}}", "healthy; a client certificate is required\n", id="mutual TLS 1.2"
        ),
    ],
)
async def test_a_running_exporter_is_healthy_with_any_kind_of_authentication(tmp_path: Path, text: str, output: str) -> None:
    make_certificates(tmp_path)
    (tmp_path / "web.yaml").write_text(text)
    async with serving(config=load_web_config(tmp_path / "web.yaml")) as client:
        assert await check(client.address.port) == (0, output, "")


async def test_an_exporter_with_a_dead_loop_is_unhealthy() -> None:
    async with serving(endpoints(dead=lambda: ["poll heygen/studio"])) as client:
        assert await check(client.address.port) == (1, "", "not running: poll heygen/studio\n")


@pytest.mark.parametrize("host", ["a..b", "a" * 64, f"{'a' * 64}.example"])
async def test_a_host_that_is_no_name_is_unhealthy(host: str) -> None:
    assert await check(9893, host) == (1, "", "ADDRESS does not respond as expected: not a valid host name\n")


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "1e400", "3601", "0", "x"])
async def test_a_timeout_that_nobody_can_wait_for_is_a_mistake_of_usage(seconds: str) -> None:
    code, out, err = await check(9893, "127.0.0.1", "--timeout", seconds)
    assert (code, out) == (2, "")
    assert "Error: Invalid value for '--timeout':" in err


async def test_a_closed_port_is_unhealthy(unused_tcp_port: int) -> None:
    assert await check(unused_tcp_port) == (1, "", "ADDRESS does not respond as expected: Connection refused\n")


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def other_server(answer: Answer) -> AsyncIterator[int]:
    """Start another kind of server; returns its port."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def answering(text: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(text)
        writer.close()

    return answer


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "it is not HTTP", id="another protocol"),
        pytest.param(b"", "it is not HTTP", id="hangs up"),
        pytest.param(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnginx", "it is not this exporter: HTTP 404", id="another site"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", "it is not this exporter: HTTP 302", id="a portal"
        ),
    ],
)
async def test_another_server_is_unhealthy(text: bytes, why: str) -> None:
    async with other_server(answering(text)) as port:
        assert await check(port) == (1, "", f"ADDRESS does not respond as expected: {why}\n")


async def test_a_server_that_does_not_answer_is_unhealthy_after_the_timeout() -> None:
    async with other_server(_answer_nothing) as port:
        assert await check(port, "127.0.0.1", "--timeout", "0.2") == (
            1,
            "",
            "ADDRESS does not respond as expected: timeout after 0.2 seconds\n",
        )


async def _answer_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
@pytest.mark.parametrize("host", ["[::1]", "[::]"])
async def test_an_exporter_that_listens_on_ipv6_only_is_found(host: str) -> None:
    server = await asyncio.start_server(
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhealthy\n"), "::1", 0, family=socket.AF_INET6
    )
    async with server:
        assert await check(server.sockets[0].getsockname()[1], host) == (0, "healthy\n", "")


@pytest.mark.parametrize("host", ["", "0.0.0.0"])  # noqa: S104 -- nothing is listened on
async def test_an_exporter_that_listens_on_all_interfaces_is_asked_on_loopback(host: str) -> None:
    async with serving() as client:
        assert await check(client.address.port, host) == (0, "healthy\n", "")


async def test_healthcheck_does_not_import_what_only_the_daemon_needs() -> None:
    code = (
        "import sys; from exporter.cli.main import main; main(['healthcheck', '--timeout', '0.1', '--web.listen-address', '127.0.0.1:1'])"
    )
    asked = "import atexit, sys; atexit.register(lambda: print(*sorted(sys.modules)));" + code
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", asked, stdout=-1, stderr=asyncio.subprocess.DEVNULL)
    out, _ = await process.communicate()
    loaded = set(out.decode().split())
    assert "exporter.cli.healthcheck" in loaded
    assert (
        loaded & {"aiohttp", "asyncio", "bcrypt", "jinja2", "jmespath", "prometheus_client", "pydantic", "rich", "structlog", "yaml"}
        == set()
    )
