"""Debian's Prometheus, run on loopback."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def prometheus(folder: Path, port: int, *flags: str) -> AsyncIterator[str]:
    """Run Prometheus with the folder's `prometheus.yml`. Returns its URL."""
    program = shutil.which("prometheus")
    assert program, "prometheus is not on the PATH: install Debian's package `prometheus`"
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        *flags,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}/api/v1/query"
    finally:
        process.terminate()
        await process.wait()
