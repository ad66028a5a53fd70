"""A running daemon applies new certificates, users and TLS itself, while it is being scraped."""

from __future__ import annotations

import asyncio
import re
import signal
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
import pytest
import trustme

from exporter.simulator.simulator import Simulator
from tests.cli.support import Daemon, config, daemon
from tests.support import PATIENCE
from tests.web.web_config.support import ALICE, BOB, basic

TLS: Final = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
USERS: Final = f"basic_auth_users: {{alice: '{ALICE}'}}\n"
HERS: Final = {"Authorization": basic("alice", "wonderland")}
HIS: Final = {"Authorization": basic("bob", "rubble")}
GAUGE: Final = "ai_account_exporter_config_last_reload_successful"


def client_context() -> ssl.SSLContext:
    """A context that verifies certificates and trusts none yet. The default one reads those of the system, which takes long."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(slots=True)
class Setup:
    """A daemon, its files, and a client that trusts it."""

    folder: Path
    running: Daemon
    simulator: Simulator
    trust: ssl.SSLContext = field(default_factory=client_context)

    def certify(self, authority: trustme.CA) -> None:
        """Replace the certificate."""
        write_certificates(self.folder, authority)
        authority.configure_trust(self.trust)

    def write(self, text: str) -> None:
        (self.folder / "web.yaml").write_text(text)

    async def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        user: Mapping[str, str] | None = HERS,
        tls: ssl.SSLContext | None = None,
        plain: bool = False,
    ) -> tuple[int, str]:
        """Send a request on a new connection."""
        url = f"{'http' if plain else 'https'}://127.0.0.1:{self.running.port}{path}"
        connector = aiohttp.TCPConnector(force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector, headers=user) as session,
            session.request(method, url, ssl=tls or self.trust) as response,
        ):
            return response.status, await response.text()

    async def reload(self, **how: bool) -> tuple[int, str]:
        return await self.ask("/-/reload", "POST", **how)  # type: ignore[arg-type]  # it is `plain`

    async def gauge(self) -> str:
        _, page = await self.ask(f"/metrics?name[]={GAUGE}")
        return page.splitlines()[-1].removeprefix(f"{GAUGE} ")


def write_certificates(folder: Path, authority: trustme.CA) -> None:
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(folder / "server.pem")
    issued.private_key_pem.write_to_path(folder / "server.key")


@asynccontextmanager
async def running_daemon(simulator: Simulator, folder: Path, text: str) -> AsyncIterator[Setup]:
    authority = trustme.CA()
    write_certificates(folder, authority)
    (folder / "web.yaml").write_text(text)
    path = config(folder, simulator.url, ["heygen"], interval="1h")
    flags = ("--web.listen-address", "127.0.0.1:0", "--web.config.file", folder / "web.yaml")
    async with daemon("serve", "--config.file", path, *flags) as running:
        setup = Setup(folder, running, simulator)
        authority.configure_trust(setup.trust)
        yield setup
        assert await running.stop() == 0
        assert b"Traceback" not in running.log


@pytest.fixture
async def setup(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Setup]:
    async with running_daemon(simulator, tmp_path, TLS + USERS) as opened:
        yield opened


async def reloaded(setup: Setup) -> None:
    await setup.running.until(re.compile(rb"event=\"config reloaded\" file=\S*web\.yaml"))


@pytest.mark.parametrize("by_signal", [False, True], ids=["by request", "by signal"])
async def test_new_connections_get_the_new_certificate_and_an_open_one_is_still_answered(setup: Setup, by_signal: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    former, latter = setup.trust, client_context()
    async with aiohttp.ClientSession(headers=HERS) as session:
        url = f"https://127.0.0.1:{setup.running.port}/-/healthy"
        async with session.get(url, ssl=former) as response:
            assert response.status == 200
        authority = trustme.CA()
        write_certificates(setup.folder, authority)
        authority.configure_trust(latter)
        if by_signal:
            setup.running.process.send_signal(signal.SIGHUP)
            await reloaded(setup)
        else:
            assert await setup.reload() == (200, "reloaded\n")
        assert (await setup.ask("/-/healthy", tls=latter))[0] == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await setup.ask("/-/healthy", tls=former)
        async with session.get(url, ssl=former) as response:  # the previous connection
            assert response.status == 200


async def test_users_are_added_and_removed(setup: Setup) -> None:
    setup.write(TLS + f"basic_auth_users: {{bob: '{BOB}'}}\n")
    assert (await setup.ask("/metrics", user=HIS))[0] == 401
    await setup.reload()
    assert [(await setup.ask("/metrics", user=user))[0] for user in (HIS, HERS, None)] == [200, 401, 401]


async def test_an_invalid_web_file_is_rejected_and_the_previous_one_stays_in_effect(setup: Setup) -> None:
    setup.write("tls_server_config: {cert_file: nowhere.pem}\nbasic_auth_users: {alice: secret}\n")
    status, text = await setup.reload()
    assert status == 500
    assert "tls_server_config.cert_file: no such file" in text
    assert "basic_auth_users.alice: " in text
    assert (await setup.ask("/metrics", user=None))[0] == 401
    assert await setup.gauge() == "0.0"
    setup.write(TLS + USERS)
    assert await setup.reload() == (200, "reloaded\n")
    assert await setup.gauge() == "1.0"


async def test_an_invalid_configuration_does_not_delay_a_certificate(setup: Setup) -> None:
    (setup.folder / "config.yaml").write_text("accounts: 5")
    setup.trust = client_context()
    former = trustme.CA()
    setup.certify(former)
    async with asyncio.timeout(PATIENCE):
        setup.running.process.send_signal(signal.SIGHUP)
        await reloaded(setup)
    assert await setup.gauge() == "0.0"  # one of them is still invalid
    config(setup.folder, setup.simulator.url, ["heygen"], interval="1h")
    assert await setup.reload() == (200, "reloaded\n")
    assert await setup.gauge() == "1.0"


async def test_an_invalid_web_file_does_not_delay_an_account(setup: Setup) -> None:
    setup.write("tls_server_config: 5")
    config(setup.folder, setup.simulator.url, ["heygen", "liveavatar"], interval="1h")
    status, text = await setup.reload()
    assert status == 500
    assert "tls_server_config" in text
    assert 'account="demo",provider="liveavatar"' in (await setup.ask("/metrics"))[1]
    assert await setup.gauge() == "0.0"


async def test_tls_is_switched_on_and_off(simulator: Simulator, tmp_path: Path) -> None:
    async with running_daemon(simulator, tmp_path, "") as setup:
        assert (await setup.ask("/-/healthy", plain=True))[0] == 200
        setup.write(TLS)
        assert await setup.reload(plain=True) == (200, "reloaded\n")
        assert (await setup.ask("/-/healthy"))[0] == 200
        with pytest.raises(aiohttp.ClientError):
            await setup.ask("/-/healthy", plain=True)
        setup.write("")
        status, text = await setup.reload()
        assert (status, "is empty" in text) == (500, True)
        setup.write("{}")
        status, text = await setup.reload()
        assert (status, "TLS would be switched off" in text) == (500, True)
        assert (await setup.ask("/-/healthy"))[0] == 200
        async with asyncio.timeout(PATIENCE):
            while (await setup.reload())[0] != 200:  # noqa: ASYNC110 -- the second read must be a second later
                await asyncio.sleep(0.02)
        assert (await setup.ask("/-/healthy", plain=True))[0] == 200


async def test_no_request_is_lost_while_certificates_change(simulator: Simulator, tmp_path: Path) -> None:
    over = asyncio.Event()
    answered = 0

    async def scrape(setup: Setup) -> None:
        nonlocal answered
        while not over.is_set():
            assert (await setup.ask("/-/healthy"))[0] == 200
            answered += 1

    async with running_daemon(simulator, tmp_path, TLS) as setup, asyncio.TaskGroup() as clients:
        for _ in range(4):
            clients.create_task(scrape(setup))
        for _ in range(20):
            setup.certify(trustme.CA())
            assert (await setup.reload())[0] == 200
        over.set()
    assert answered > 20
