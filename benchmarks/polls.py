"""Compares the CPU time of a poll with a floor, in the same run: `python -m benchmarks.polls`.

The floor is what any exporter on aiohttp needs: GET and json.loads, on kept connections, each account at its own time. The vendor is
another process, and its bodies differ from response to response. The rest is how the exporter is run by its daemon, without state file.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import IO, cast

import aiohttp

from exporter.cli.lazy import GARBAGE_THRESHOLD
from exporter.client.client import Client
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import open_session
from exporter.clock import Clock
from exporter.config.job import Job, build_jobs
from exporter.config.loading import Loaded
from exporter.config.models import Config
from exporter.daemon.poll_once import new_store
from exporter.log import configure_log
from exporter.polling.scheduler import Scheduler
from exporter.providers.library import load_definitions

CREDENTIALS = {"elevenlabs": "api_key", "heygen": "access_token", "liveavatar": "api_key"}
"""Those that a single request is sent with."""
PATHS = {"elevenlabs": "/v1/user", "heygen": "/v3/users/me", "liveavatar": "/v1/users/credits"}
TICK = 0.05

CREDITS = {"premium_credits": {"remaining": 0, "resets_at": "2027-01-01T00:00:00Z"}, "add_on_credits": {"remaining": 40, "resets_at": None}}
BODIES = {
    "elevenlabs": {
        "user_id": "u", "workspace_id": "ws", "is_new_user": False, "is_onboarding_completed": True, "created_at": 1753999199,
        "first_name": None, "is_api_key_hashed": True, "xi_api_key_preview": None, "seat_type": "workspace_admin",
        "subscription": {
            "tier": "pro", "character_count": 0, "character_limit": 500000, "max_character_limit_extension": 100000,
            "max_credit_limit_extension": 100000, "can_extend_character_limit": True, "allowed_to_extend_character_limit": True,
            "next_character_count_reset_unix": 1798761600, "voice_slots_used": 12, "professional_voice_slots_used": 1,
            "voice_limit": 160, "max_voice_add_edits": 290, "voice_add_edit_counter": 27, "professional_voice_limit": 1,
            "can_extend_voice_limit": True, "can_use_instant_voice_cloning": True, "can_use_professional_voice_cloning": True,
            "currency": "usd", "current_overage": {"amount": "0", "currency": "usd"}, "status": "active",
            "billing_period": "monthly_period",
        },
    },
    "heygen": {"data": {
        "username": "u", "email": None, "billing_type": "subscription", "wallet": None, "usage_based": None,
        "subscription": {"plan": "team", "credits": CREDITS},
    }},
    "liveavatar": {"code": 1000, "data": {"credits_left": 0}, "message": "ok"},
}  # fmt: skip
"""A response of each vendor. Every zero is another number in every response."""


def vendor() -> None:
    """Answer requests on a port, which is printed, until the parent ends."""
    numbers = count(1)
    bodies = {PATHS[name].encode(): re.sub(r'"0"|\b0\b', "%d", json.dumps(body)) for name, body in BODIES.items()}

    class Vendor(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.write = cast("asyncio.WriteTransport", transport).write

        def data_received(self, data: bytes) -> None:
            template = bodies.get(data.split(b" ", 2)[1])
            body = b"{}" if template is None else (template.replace("%d", str(next(numbers)))).encode()
            status = b"404 Not Found" if template is None else b"200 OK"
            head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
            self.write(head + body)

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", 0, backlog=1024)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)

    asyncio.run(serve())


async def cpu_per_poll(seconds: float, done: Callable[[], int]) -> float:
    """Return the CPU time of a poll in the second half of these seconds; `done` returns how many polls have ended."""
    await asyncio.sleep(seconds / 2)
    cpu, polls = time.process_time(), done()
    await asyncio.sleep(seconds / 2)
    return (time.process_time() - cpu) / max(1, done() - polls)


async def exporter(port: int, accounts: int, interval: float, seconds: float) -> dict[str, float]:
    """Poll as the daemon does."""
    configure_log("info", "logfmt", sys.stderr)
    gc.set_threshold(GARBAGE_THRESHOLD)
    environ = {f"KEY_{number}": f"benchmark-{number:06d}" for number in range(accounts)}
    jobs, clock = jobs_of(port, accounts, interval), Clock()
    store = new_store(jobs, clock)
    before = peak_memory()
    async with open_session("benchmark") as session:
        secrets = SecretReader(environ)
        scheduler = Scheduler(Client(session, environ, clock, secrets), store, clock, secrets=secrets)
        polling = asyncio.create_task(scheduler.run(jobs))
        cost = await cpu_per_poll(seconds, lambda: sum(store[job.key].polls for job in jobs))
        polling.cancel()
        await asyncio.wait([polling])
        failed = sum(sum(store[job.key].errors.values()) for job in jobs)
    return {"cost": cost, "failed": failed, "memory": (peak_memory() - before) / accounts}


def jobs_of(port: int, accounts: int, interval: float) -> list[Job]:
    """Return the jobs of a fleet, a third for each vendor."""
    blocks = [
        {
            "provider": name,
            "name": f"account-{number}",
            "base_url": f"http://127.0.0.1:{port}",
            "credentials": {CREDENTIALS[name]: {"env": f"KEY_{number}"}},
        }
        for number, name in zip(range(accounts), [*BODIES] * accounts, strict=False)
    ]
    config = {"defaults": {"interval": f"{interval:g}s", "timeout": f"{interval / 2:g}s"}, "accounts": blocks}
    return build_jobs(Loaded(Config.model_validate(config), load_definitions()))


def peak_memory() -> float:
    """Return the process's peak of memory in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def floor(port: int, accounts: int, interval: float, seconds: float, *, tick: float = 0.0) -> dict[str, float]:
    """GET and json.loads; with a tick, all that are due wake together."""
    polls = 0

    async def account(session: aiohttp.ClientSession, name: str, due: float) -> None:
        nonlocal polls
        loop, url = asyncio.get_running_loop(), f"http://127.0.0.1:{port}{PATHS[name]}"
        while True:
            await asyncio.sleep((math.ceil(due / tick) * tick if tick else due) - loop.time())
            async with session.get(url, headers={"X-Api-Key": "benchmark"}) as response:
                json.loads(await response.read())
            polls, due = polls + 1, due + interval

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        began = asyncio.get_running_loop().time()
        names = [*BODIES] * accounts
        tasks = [asyncio.create_task(account(session, names[i], began + interval * i / accounts)) for i in range(accounts)]
        cost = await cpu_per_poll(seconds, lambda: polls)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return {"cost": cost, "failed": 0, "memory": 0}


@contextmanager
def running_vendor() -> Iterator[int]:
    """Run the vendor in a process of its own; yields its port."""
    command = [sys.executable, "-m", "benchmarks.polls", "--role", "vendor"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- this file
        yield int(cast("IO[str]", process.stdout).readline())
        process.communicate("")


def measured(role: str, port: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Measure in a process of its own."""
    options = [f"--{name}={getattr(arguments, name)}" for name in ("accounts", "interval", "seconds")]
    command = [sys.executable, "-m", "benchmarks.polls", "--role", role, "--port", str(port), *options]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603 -- this file
    return found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=400, help="how many accounts there are (default: %(default)s)")
    parser.add_argument("--interval", type=float, default=4.0, help="the interval of the polls in seconds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=14.0, help="how long each of three subjects runs (default: %(default)s)")
    parser.add_argument("--role", choices=["vendor", "exporter", "floor", "ticked"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role == "vendor":
        vendor()
        return
    if arguments.role:
        subject = exporter if arguments.role == "exporter" else floor
        options = {"tick": TICK} if arguments.role == "ticked" else {}
        print(json.dumps(asyncio.run(subject(arguments.port, arguments.accounts, arguments.interval, arguments.seconds, **options))))
        return
    with running_vendor() as port:
        found = {role: measured(role, port, arguments) for role in ("floor", "ticked", "exporter")}
    rate = arguments.accounts / arguments.interval
    print(
        f"{arguments.accounts} accounts every {arguments.interval:g} s, {rate:.0f} polls a second; failed: {found['exporter']['failed']:.0f}\n"
    )
    print(f"{'':44} {'us a poll':>9} {'of the first':>13}")
    names = {"floor": "GET and json.loads, each at its own time", "ticked": "the same, woken every 50 ms", "exporter": "exporter"}
    for role, name in names.items():
        print(f"{name:44} {found[role]['cost'] * 1e6:9.0f} {found[role]['cost'] / found['floor']['cost']:12.2f}x")
    print(f"\n{found['exporter']['memory']:.1f} KiB of memory an account, connections included")


if __name__ == "__main__":
    main()
