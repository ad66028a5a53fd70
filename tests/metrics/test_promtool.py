"""Prometheus's linter finds no problem in the page."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.metrics.showcase import page, showcase
from tests.support import PATIENCE


@pytest.fixture
def promtool() -> str:
    path = shutil.which("promtool")
    if path is None and os.environ.get("CI"):
        pytest.fail("promtool is not on the PATH, and CI has to run it")
    return path or pytest.skip("promtool is not on the PATH")


def complaints(promtool: str, body: bytes) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603 -- the PATH's promtool, with fixed arguments
        [promtool, "check", "metrics"], input=body, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=PATIENCE
    )
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize("runtime", [False, True])
def test_promtool_finds_no_fault(promtool: str, *, runtime: bool) -> None:
    body = page(showcase(), runtime=runtime)
    assert (b"\nprocess_cpu_seconds_total " in body, b"\npython_info{" in body) == (runtime, runtime)
    assert complaints(promtool, body) == (0, "")


def test_promtool_would_report_a_fault(promtool: str) -> None:
    code, said = complaints(promtool, b"# TYPE ai_account_polls counter\nai_account_polls 1\n")
    assert code != 0
    assert "_total" in said
