"""The parts of the README that are real output: the demo's vendors at one frozen moment, polled over HTTP."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable, Mapping
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

NOW = 1_795_000_000.0
SHOWN = re.compile(r"^ai_account_quota_(remaining|unlimited)\{.*\n", re.MULTILINE)


def readme(path: Path) -> str:
    """The README with its generated parts written anew."""
    text = path.read_text(encoding="utf-8")
    configure_log("error", "logfmt")
    snapshot = asyncio.run(_demo_at_one_moment())
    parts: Mapping[str, Callable[[], str]] = {
        "demo": lambda: _fenced("".join(found[0] for found in SHOWN.finditer(_page(snapshot)))),
        "once": lambda: _fenced(_table(snapshot)),
        "providers": _providers,
    }
    for name, write in parts.items():
        text = re.sub(
            rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)",
            lambda found, write=write: f"{found[1]}{write()}{found[2]}",  # type: ignore[misc]  # mypy: a lambda with a default
            text,
            flags=re.DOTALL,
        )
    return text


async def _demo_at_one_moment() -> Snapshot:
    frozen = Clock(wall=lambda: NOW, monotonic=lambda: 0.0)
    async with cast_simulator(monotonic=frozen.monotonic, wall=frozen.wall) as simulator:
        store = await poll_once(build_jobs(demo_config(simulator.url)), {}, frozen)
        return store.snapshot()


def _page(snapshot: Snapshot) -> str:
    return Exposition(lambda: NOW, ("", ""), runtime=False).render(snapshot).body.decode()


def _table(snapshot: Snapshot) -> str:
    stream = io.StringIO()
    print_table(snapshot.entries, NOW, Console(file=stream, highlight=False))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines()).lstrip("\n")


def _fenced(text: str) -> str:
    return f"```text\n{text}```\n"


def _providers() -> str:
    lines = ["| provider | credentials | permission | resources |", "|---|---|---|---|"]
    for definition in load_definitions().values():
        cells = (
            f"`{definition.name}`",
            ", ".join(f"`{name}`" for name in definition.credentials),
            f"`{definition.permission}`" if definition.permission else "none beyond the key",
            ", ".join(f"`{quota.resource}`" for quota in definition.quotas),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
