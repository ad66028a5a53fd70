"""Runs confined containers of the image."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from tests.image.engine import IMAGE, Engine
from tests.support import PATIENCE

CONFINED: Final = (
    "--read-only",
    "--read-only-tmpfs=false",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=128m",
    "--pids-limit=64",
    "--health-interval=disable",  # no service runs here that would do it
)


@dataclass(frozen=True, slots=True)
class Container:
    """A running container and its port."""

    engine: Engine
    name: str
    port: int

    def execute(self, *command: str) -> tuple[int, str]:
        """Run a command in the container; returns its exit code and output."""
        done = self.engine.run("podman", "exec", self.name, *command)
        return done.returncode, done.stdout + done.stderr

    def stop(self) -> int:
        """Send SIGTERM; the exit code, which is 137 if the container has to be killed."""
        self.engine.podman("stop", f"--time={PATIENCE:.0f}", self.name)
        return int(self.engine.podman("inspect", "--format={{.State.ExitCode}}", self.name))

    def log(self) -> str:
        done = self.engine.run("podman", "logs", self.name)
        return done.stdout + done.stderr


@contextmanager
def container(engine: Engine, port: int, options: tuple[str, ...], *command: str) -> Iterator[Container]:
    """Start a container, and remove it at the end."""
    name = f"exporter-{port}"
    engine.podman("run", "--detach", f"--name={name}", *CONFINED, *options, IMAGE, *command)
    try:
        yield Container(engine, name, port)
    finally:
        engine.podman("rm", "--force", "--time=0", name)


async def answer(port: int, path: str) -> str | None:
    """The body of a path on this machine; None until the response is 200."""
    with contextlib.suppress(aiohttp.ClientError):
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
            return await response.text() if response.status == 200 else None
    return None


async def eventually(port: int, path: str, enough: Callable[[str], Any] = bool) -> str:
    """The body of a path, as soon as it satisfies the condition."""
    text: str | None = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while (text := await answer(port, path)) is None or not enough(text):  # noqa: ASYNC110 -- another program cannot set an event
                await asyncio.sleep(0.1)
            return text
    raise AssertionError(f"{path} did not say what was expected: {text}")


async def results(port: int, path: str, enough: Callable[[Any], Any]) -> Any:
    """The response of Prometheus or Alertmanager, as soon as it satisfies the condition."""
    return json.loads(await eventually(port, path, lambda text: enough(json.loads(text))))
