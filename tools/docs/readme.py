"""Writes the parts of README.md that are real output: the demo, polled over HTTP at a fixed time."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

from rich.console import Console

from exporter.accounts.store import Snapshot
from exporter.cli.demo import demo_config
from exporter.cli.report import print_table
from exporter.clock import Clock
from exporter.daemon.daemon import poll_once
from exporter.daemon.jobs import build_jobs
from exporter.log import configure_log
from exporter.metrics.exposition import Exposition
from exporter.providers.library import load_definitions
from exporter.simulator.cast import cast_simulator
from tools.markdown import codes, table, with_part

NOW = 1_795_000_000.0
SHOWN = re.compile(r"^ai_account_quota_(remaining|unlimited)\{.*\n", re.MULTILINE)


def readme(path: Path) -> str:
    """The README with up-to-date output."""
    text = path.read_text(encoding="utf-8")
    configure_log("error", "logfmt")
    snapshot = asyncio.run(_polled_demo())
    parts = {
        "demo": _fenced("".join(found[0] for found in SHOWN.finditer(_page(snapshot)))),
        "once": _fenced(_once(snapshot)),
        "providers": _providers(),
    }
    for name, part in parts.items():
        text = with_part(text, name, part)
    return text


async def _polled_demo() -> Snapshot:
    frozen = Clock(wall=lambda: NOW, monotonic=lambda: 0.0)
    async with cast_simulator(monotonic=frozen.monotonic, wall=frozen.wall) as simulator:
        store = await poll_once(build_jobs(demo_config(simulator.url), load_definitions()), {}, frozen)
        return store.snapshot()


def _page(snapshot: Snapshot) -> str:
    return Exposition(lambda: NOW, ("", ""), runtime=False).render(snapshot).body.decode()


def _once(snapshot: Snapshot) -> str:
    stream = io.StringIO()
    print_table(snapshot.entries, NOW, Console(file=stream, highlight=False))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines()).lstrip("\n")


def _fenced(text: str) -> str:
    return f"```text\n{text}```\n"


def _providers() -> str:
    rows = (
        (
            f"`{definition.name}`",
            codes(definition.credentials),
            f"`{definition.permission}`" if definition.permission else "none beyond the key",
            codes(quota.resource for quota in definition.quotas),
        )
        for definition in load_definitions().values()
    )
    return f"{table(('provider', 'credentials', 'permission', 'resources'), rows)}\n"
