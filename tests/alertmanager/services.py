"""A real Alertmanager on loopback, with fakes of the services that it notifies."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.alertmanager.example import on_loopback
from tests.support import PATIENCE

SMTP = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


@dataclass
class Inbox:
    """The notifications by service, in order."""

    slack: list[dict[str, Any]] = field(default_factory=list)
    pagerduty: list[dict[str, Any]] = field(default_factory=list)
    webhook: list[dict[str, Any]] = field(default_factory=list)
    mail: list[EmailMessage] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        service = request.match_info["service"]
        getattr(self, service).append(json.loads(await request.text()))
        return web.Response(text="ok", status=202 if service == "pagerduty" else 200)

    async def take_mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):  # Alertmanager is ended in the middle of a mail
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 localhost\r\n")
        while line := await reader.readline():
            command = line[:4].upper()
            writer.write(SMTP.get(command, b"250 ok\r\n"))
            if command == b"DATA":
                body = await reader.readuntil(b"\r\n.\r\n")
                message = email.message_from_bytes(body[:-3].replace(b"\r\n..", b"\r\n."), policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                self.mail.append(message)
                writer.write(b"250 ok\r\n")
            if command == b"QUIT":
                break

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[tuple[int, int]]:
        """The ports of HTTP and of SMTP."""
        application = web.Application()
        application.router.add_post("/{service}", self.take)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with await asyncio.start_server(self.take_mail, "127.0.0.1", 0) as mail:
            yield runner.addresses[0][1], mail.sockets[0].getsockname()[1]
        await runner.cleanup()


@dataclass
class Running:
    url: str
    session: aiohttp.ClientSession
    inbox: Inbox

    async def post(self, *alerts: Mapping[str, Any]) -> None:
        async with self.session.post(f"{self.url}/api/v2/alerts", json=list(alerts)) as response:
            assert response.status == 200, await response.text()

    async def states(self) -> dict[str, str]:
        """Whether each alert is active or suppressed, by its label `id`."""
        async with self.session.get(f"{self.url}/api/v2/alerts") as response:
            return {found["labels"].get("id", ""): found["status"]["state"] for found in json.loads(await response.text())}

    async def ready(self) -> bool:
        try:
            async with self.session.get(f"{self.url}/-/ready") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


async def until(holds: Callable[[], Awaitable[bool] | bool]) -> None:
    """Poll until the condition holds, because another program cannot set an event."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def alertmanager(folder: Path, port: int, **changes: Any) -> AsyncIterator[Running]:
    """The running example and its inbox; `changes` are those of `on_loopback`."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    assert program, "Alertmanager is not on the PATH: install Debian's package `prometheus-alertmanager`"
    inbox = Inbox()
    async with inbox.listening() as (http, mail), aiohttp.ClientSession() as session:
        process = await asyncio.create_subprocess_exec(
            program,
            f"--config.file={on_loopback(folder, http, mail, **changes)}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.external-url=http://alertmanager.example.com",
            "--cluster.listen-address=",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            running = Running(f"http://127.0.0.1:{port}", session, inbox)
            await until(running.ready)
            yield running
        finally:
            process.terminate()
            await process.wait()
