"""Compares `--help`, the time to the first page, and the memory of an idle process with a peer's: `python benchmarks/startup.py`.

The peer is query-exporter where pip can install it, else the least exporter that aiohttp and prometheus-client allow.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PAUSE = 0.002
IDLE = 3.0
BARE = """
import sys
from aiohttp import web
from prometheus_client import generate_latest
async def metrics(request):
    return web.Response(body=generate_latest())
application = web.Application()
application.router.add_get("/metrics", metrics)
web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
QUERIES = {
    "databases": {"db": {"dsn": "sqlite://"}},
    "metrics": {"left": {"type": "gauge", "description": "What is left", "labels": ["account"]}},
    "queries": {
        "left": {
            "interval": 60,
            "databases": ["db"],
            "metrics": ["left"],
            "sql": "SELECT :account AS account, 42.5 AS left",
            "parameters": [{"account": name} for name in "abc"],
        }
    },
}
ACCOUNTS = [{"name": f"a{number}", "provider": "heygen", "credentials": {"api_key": {"env": "KEY"}}} for number in range(3)]
"""Their polls fail at once: the port of their vendor is closed."""


class Subject(NamedTuple):
    """A program that is measured."""

    name: str
    help: list[str]
    serve: Callable[[int], list[str]]


def exporter(folder: Path) -> Subject:
    """Return the exporter of this environment, with three accounts."""
    config = folder / "config.yaml"
    config.write_text(json.dumps({"accounts": [account | {"base_url": "http://127.0.0.1:9"} for account in ACCOUNTS]}))
    command = str(Path(sys.executable).with_name("ai-account-exporter"))
    flags = [f"--config.file={config}", "--log.level=error"]
    return Subject(
        "ai-account-exporter", [command, "--help"], lambda port: [command, "serve", *flags, f"--web.listen-address=127.0.0.1:{port}"]
    )


def peer(folder: Path) -> Subject:
    """Install query-exporter into a new environment, with one query of three series."""
    config, python = folder / "queries.yaml", folder / "peer" / "bin" / "python"
    config.write_text(json.dumps(QUERIES))
    with suppress(subprocess.CalledProcessError):
        subprocess.run([sys.executable, "-m", "venv", folder / "peer"], check=True, capture_output=True)  # noqa: S603
        subprocess.run([python, "-m", "pip", "install", "--quiet", "query-exporter"], check=True, capture_output=True)  # noqa: S603
        command = str(python.with_name("query-exporter"))
        return Subject("query-exporter", [command, "--help"], lambda port: [command, "--port", str(port), "--config", str(config)])
    imports = [sys.executable, "-c", "import aiohttp, prometheus_client"]
    return Subject("a bare exporter", imports, lambda port: [sys.executable, "-c", BARE, str(port)])


def help_time(subject: Subject) -> float:
    """Return the seconds of `--help`."""
    began = time.perf_counter()
    subprocess.run(subject.help, check=True, capture_output=True)  # noqa: S603 -- one of the subjects
    return time.perf_counter() - began


def serving(subject: Subject, idle: float) -> tuple[float, float]:
    """Return the seconds to the first page, and the resident mebibytes after so many idle seconds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    silent = subprocess.DEVNULL
    with subprocess.Popen(subject.serve(port), env=os.environ | {"KEY": "k"}, stdout=silent, stderr=silent) as process:  # noqa: S603
        try:
            while not _answers(port):
                if process.poll() is not None:
                    raise SystemExit(f"{subject.name} ended with {process.returncode}")
                time.sleep(PAUSE)
            first = time.perf_counter() - began
            time.sleep(idle)
            pages = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1])
        finally:
            process.terminate()
    return first, pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def main() -> None:
    """Measure both in turn, and print the ratios."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--idle", type=float, default=IDLE, help="seconds before the memory is read")
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subjects = [exporter(Path(folder)), peer(Path(folder))]
        _, *rounds = (
            [(help_time(each), *serving(each, args.idle)) for each in subjects] for _ in range(args.rounds + 1)
        )  # the first compiles
    for index, (what, scale, unit) in enumerate((("--help", 1000, "ms"), ("first page", 1000, "ms"), ("idle memory", 1, "MiB"))):
        ours, theirs = ([figures[number][index] for figures in rounds] for number in range(2))
        ratio = statistics.median(own / other for own, other in zip(ours, theirs, strict=True))
        middle = [f"{statistics.median(each) * scale:.0f} {unit}" for each in (ours, theirs)]
        print(f"{what:12} {middle[0]:>8}, {subjects[1].name} {middle[1]:>8}: {ratio:.2f}")


if __name__ == "__main__":
    main()
