"""The parts of hand-written documents that are real output: of the demo at a fixed time, of `--help`, and the table of providers."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from click.testing import CliRunner
from rich.console import Console

from exporter.accounts.snapshot import Snapshot
from exporter.cli.demo import demo_config
from exporter.cli.main import COMMANDS, main
from exporter.cli.table import print_table
from exporter.clock import Clock
from exporter.config.job import build_jobs
from exporter.daemon.poll_once import poll_once
from exporter.log import configure_log
from exporter.metrics.exposition import Exposition
from exporter.simulator.demo_accounts import demo_simulator
from tools.docs.jobs import NOW
from tools.docs.vendors import navigation, summary
from tools.markdown import with_parts

WIDTH = 100


def outputs(path: Path) -> str:
    """The text of a document with its generated parts up to date."""
    return with_parts(path.read_text(encoding="utf-8"), PARTS)


def _series(pattern: str) -> str:
    """The lines of the demo's `/metrics` that match, as `grep -E` prints them."""
    page = Exposition(("", ""), runtime=False).render(_demo()).body.decode()
    return _fenced("".join(f"{line}\n" for line in page.splitlines() if re.match(pattern, line)))


def _once() -> str:
    stream = io.StringIO()
    print_table(_demo().accounts, NOW, Console(file=stream, highlight=False))
    return _fenced("".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines()).lstrip("\n"))


@cache
def _demo() -> Snapshot:
    """The demo's accounts after one poll at a fixed time."""
    configure_log("error", "logfmt")
    return asyncio.run(_polled_demo())


async def _polled_demo() -> Snapshot:
    frozen = Clock(wall=lambda: NOW, monotonic=lambda: 0.0)
    async with demo_simulator(monotonic=frozen.monotonic, wall=frozen.wall) as simulator:
        store = await poll_once(build_jobs(demo_config(simulator.url)), {}, frozen)
        return store.snapshot()


def _help(*names: str) -> str:
    return _fenced(CliRunner().invoke(main, [*names, "--help"], prog_name="ai-account-exporter", terminal_width=WIDTH).output)


def _fenced(text: str) -> str:
    return f"```text\n{text}```\n"


PARTS: Mapping[str, Callable[[], str]] = {
    "remaining at heygen": lambda: _series("ai_account_quota_remaining.*heygen"),
    "once": _once,
    "vendors": summary,
    "navigation of vendors": navigation,
    "help providers test": lambda: _help("providers", "test"),
    **{f"help {name}": (lambda name=name: _help(name)) for name in COMMANDS},  # type: ignore[misc]  # mypy: a lambda with a default
}
