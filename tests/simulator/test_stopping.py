from __future__ import annotations

import asyncio
from collections.abc import Iterable

import aiohttp
import pytest

from exporter.simulator.faults import Fault
from exporter.simulator.simulator import SimulatedAccount, Simulator
from tests.simulator.support import PATHS, WALLET, ask
from tests.support import PATIENCE, until

STUCK = [Fault.HANG, Fault.DRIP, Fault.OVERSIZED]


async def stuck_clients(simulator: Simulator, accounts: Iterable[SimulatedAccount]) -> list[asyncio.StreamWriter]:
    """Open sockets that send a request and never read."""
    port = int(simulator.url.rpartition(":")[2])
    writers = []
    for account in accounts:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        del reader
        writer.write(f"GET /v3/users/me HTTP/1.1\r\nHost: loopback\r\nX-Api-Key: {account.secret}\r\n\r\n".encode())
        writers.append(writer)
    return writers


async def test_stop_does_not_wait_for_stuck_clients_of_any_kind() -> None:
    accounts = [SimulatedAccount("heygen", f"{fault}-{number}", WALLET.body) for fault in STUCK for number in range(5)]
    simulator = Simulator(accounts)
    await simulator.start()
    for account in accounts:
        simulator.set_fault(account.secret, Fault(account.secret.rpartition("-")[0]))
    writers = await stuck_clients(simulator, accounts)
    await until(lambda: len(simulator.requests) == len(accounts), "the requests arrive")
    async with asyncio.timeout(PATIENCE):  # the clients are stuck for ever
        await simulator.stop()
    for writer in writers:
        writer.transport.abort()


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP])
async def test_the_connection_of_a_waiting_client_is_closed_when_the_server_stops(fault: Fault) -> None:
    simulator = Simulator([WALLET])
    await simulator.start()
    simulator.set_fault(WALLET.secret, fault)
    waiting = asyncio.create_task(ask(simulator.url, WALLET))
    await until(lambda: len(simulator.requests) == 1, "the requests arrive")
    await simulator.stop()
    with pytest.raises(aiohttp.ClientError):
        await waiting


async def test_an_idle_connection_does_not_delay_the_stop() -> None:
    simulator = Simulator([WALLET])
    url = await simulator.start()
    async with aiohttp.ClientSession() as session:
        async with session.get(url + PATHS["heygen"], headers={"X-Api-Key": WALLET.secret}) as response:
            assert response.status == 200
        async with asyncio.timeout(PATIENCE):  # the client keeps the connection open
            await simulator.stop()
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url + PATHS["heygen"])


async def test_a_hanging_request_ends_when_the_client_disconnects() -> None:
    async with Simulator([WALLET]) as simulator:
        simulator.set_fault(WALLET.secret, Fault.HANG)
        (writer,) = await stuck_clients(simulator, [WALLET])
        await until(lambda: len(simulator.requests) == 1, "the requests arrive")
        server = simulator._web
        assert server is not None
        assert len(server.connections) == 1
        writer.close()
        await until(lambda: not server.connections, "the connection ends")


async def test_a_stopped_server_can_start_again_at_its_old_port() -> None:
    simulator = Simulator([WALLET])
    url = await simulator.start()
    await simulator.stop()
    assert await simulator.start(int(url.rpartition(":")[2])) == url
    assert (await ask(url, WALLET)).status == 200
    await simulator.stop()


async def test_elapsed_time_counts_from_the_start() -> None:
    times = iter([100.0, 101.0, 101.0])
    async with Simulator(
        [SimulatedAccount("heygen", "key", lambda elapsed, now: [elapsed, now])], monotonic=lambda: next(times), wall=lambda: 5.0
    ) as one:
        assert (await ask(one.url, SimulatedAccount("heygen", "key", WALLET.body))).body == [1.0, 5.0]


async def test_stopping_twice_or_before_the_start_does_nothing() -> None:
    simulator = Simulator([WALLET])
    await simulator.stop()
    await simulator.start()
    await simulator.stop()
    await simulator.stop()


async def test_a_port_in_use_is_reported_and_nothing_stays_open() -> None:
    async with Simulator([WALLET]) as first:
        second = Simulator([WALLET])
        with pytest.raises(OSError, match="address already in use"):
            await second.start(int(first.url.rpartition(":")[2]))
        await second.start()
        await second.stop()
