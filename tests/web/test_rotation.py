"""A running daemon takes over new certificates, users and TLS itself, while it is being scraped."""

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

from exporter.simulator.server import Simulator
from tests.cli.test_daemon import Daemon, config, daemon
from tests.support import PATIENCE
from tests.web.web_config.support import ALICE, BOB, basic

TLS: Final = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
USERS: Final = f"basic_auth_users: {{alice: '{ALICE}'}}\n"
HERS: Final = {"Authorization": basic("alice", "wonderland")}
HIS: Final = {"Authorization": basic("bob", "rubble")}
GAUGE: Final = "ai_account_exporter_config_last_reload_successful"


@dataclass(slots=True)
class House:
    """A daemon, the files that it reads, and those who trust it."""

    folder: Path
    running: Daemon
    simulator: Simulator
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def certify(self, authority: trustme.CA) -> None:
        """Put a new certificate in place of the former one."""
        write_papers(self.folder, authority)
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
        """Ask on a new connection."""
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


def write_papers(folder: Path, authority: trustme.CA) -> None:
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(folder / "server.pem")
    issued.private_key_pem.write_to_path(folder / "server.key")


@asynccontextmanager
async def living(simulator: Simulator, folder: Path, text: str, authority: trustme.CA | None = None) -> AsyncIterator[House]:
    authority = authority or trustme.CA()
    write_papers(folder, authority)
    (folder / "web.yaml").write_text(text)
    path = config(folder, simulator.url, ["heygen"], interval="1h")
    flags = ("--web.listen-address", "127.0.0.1:0", "--web.config.file", folder / "web.yaml")
    async with daemon("serve", "--config.file", path, *flags) as running:
        house = House(folder, running, simulator)
        authority.configure_trust(house.trust)
        yield house
        assert await running.stop() == 0
        assert b"Traceback" not in running.log


@pytest.fixture
async def house(simulator: Simulator, tmp_path: Path) -> AsyncIterator[House]:
    async with living(simulator, tmp_path, TLS + USERS) as opened:
        yield opened


async def heard(house: House, told: bytes) -> None:
    await house.running.until(re.compile(rb"event=\"" + told + rb"\" file=\S*web\.yaml"))


@pytest.mark.parametrize("by_signal", [False, True], ids=["by request", "by signal"])
async def test_new_connections_see_the_new_certificate_and_an_open_one_goes_on(house: House, by_signal: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    former, latter = house.trust, ssl.create_default_context()
    async with aiohttp.ClientSession(headers=HERS) as session:
        url = f"https://127.0.0.1:{house.running.port}/-/healthy"
        async with session.get(url, ssl=former) as response:
            assert response.status == 200
        authority = trustme.CA()
        write_papers(house.folder, authority)
        authority.configure_trust(latter)
        if by_signal:
            house.running.process.send_signal(signal.SIGHUP)
            await heard(house, b"config reloaded")
        else:
            assert await house.reload() == (200, "reloaded\n")
        assert (await house.ask("/-/healthy", tls=latter))[0] == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await house.ask("/-/healthy", tls=former)
        async with session.get(url, ssl=former) as response:  # the connection of before
            assert response.status == 200


async def test_users_come_and_go(house: House) -> None:
    house.write(TLS + f"basic_auth_users: {{bob: '{BOB}'}}\n")
    assert (await house.ask("/metrics", user=HIS))[0] == 401
    await house.reload()
    assert [(await house.ask("/metrics", user=user))[0] for user in (HIS, HERS, None)] == [200, 401, 401]


async def test_a_broken_web_file_is_told_and_the_old_one_goes_on_until_it_is_mended(house: House) -> None:
    house.write("tls_server_config: {cert_file: nowhere.pem}\nbasic_auth_users: {alice: secret}\n")
    status, text = await house.reload()
    assert status == 500
    assert "tls_server_config.cert_file: no such file" in text
    assert "basic_auth_users.alice: " in text
    assert (await house.ask("/metrics", user=None))[0] == 401
    assert await house.gauge() == "0.0"
    house.write(TLS + USERS)
    assert await house.reload() == (200, "reloaded\n")
    assert await house.gauge() == "1.0"


async def test_a_broken_configuration_does_not_hold_up_a_certificate(house: House) -> None:
    (house.folder / "config.yaml").write_text("accounts: 5")
    house.trust = ssl.create_default_context()
    former = trustme.CA()
    house.certify(former)
    async with asyncio.timeout(PATIENCE):
        house.running.process.send_signal(signal.SIGHUP)
        await heard(house, b"config reloaded")
    assert await house.gauge() == "0.0"  # one of them is still wrong
    config(house.folder, house.simulator.url, ["heygen"], interval="1h")
    assert await house.reload() == (200, "reloaded\n")
    assert await house.gauge() == "1.0"


async def test_a_broken_web_file_does_not_hold_up_an_account(house: House) -> None:
    house.write("tls_server_config: 5")
    config(house.folder, house.simulator.url, ["heygen", "liveavatar"], interval="1h")
    status, text = await house.reload()
    assert status == 500
    assert "tls_server_config" in text
    assert 'account="demo",provider="liveavatar"' in (await house.ask("/metrics"))[1]
    assert await house.gauge() == "0.0"


async def test_tls_is_switched_on_and_off(simulator: Simulator, tmp_path: Path) -> None:
    async with living(simulator, tmp_path, "") as house:
        assert (await house.ask("/-/healthy", plain=True))[0] == 200
        house.write(TLS)
        assert await house.reload(plain=True) == (200, "reloaded\n")
        assert (await house.ask("/-/healthy"))[0] == 200
        with pytest.raises(aiohttp.ClientError):
            await house.ask("/-/healthy", plain=True)
        house.write("")
        assert await house.reload() == (200, "reloaded\n")
        assert (await house.ask("/-/healthy", plain=True))[0] == 200


async def test_no_request_is_lost_while_certificates_change(simulator: Simulator, tmp_path: Path) -> None:
    over = asyncio.Event()
    answered = 0

    async def visit(house: House) -> None:
        nonlocal answered
        while not over.is_set():
            assert (await house.ask("/-/healthy"))[0] == 200
            answered += 1

    async with living(simulator, tmp_path, TLS) as house, asyncio.TaskGroup() as visitors:
        for _ in range(4):
            visitors.create_task(visit(house))
        for _ in range(20):
            house.certify(trustme.CA())
            assert (await house.reload())[0] == 200
        over.set()
    assert answered > 20
