"""Runs promtool."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


def promtool(*arguments: str | Path) -> tuple[int, str]:
    """The exit code and the output of promtool."""
    path = shutil.which("promtool")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("promtool is not on the PATH")
    done = subprocess.run(  # noqa: S603 -- the PATH's promtool, with arguments of the tests
        [path, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=PATIENCE
    )
    return done.returncode, done.stdout.decode()
