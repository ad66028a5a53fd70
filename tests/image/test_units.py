"""The systemd units start existing commands, and allow little."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from exporter.cli.main import main
from exporter.config.models import Config
from tests.image.engine import ROOT, program

UNITS = ROOT / "docs" / "deployment"
SERVICE = UNITS / "ai-account-exporter.service"
DOCUMENT = (ROOT / "docs" / "systemd.md").read_text(encoding="utf-8")
EXPOSURE = 1.1
"""The exposure in docs/systemd.md. Smaller is better."""


def test_the_commands_use_flags_that_serve_has() -> None:
    lines = re.findall(r"^ExecStart=(/.*)", SERVICE.read_text(encoding="utf-8") + DOCUMENT, re.MULTILINE)
    known = set(re.findall(r"--[a-z.-]+", CliRunner().invoke(main, ["serve", "--help"]).output))
    assert len(lines) == 3
    for line in lines:
        _, command, *flags = shlex.split(line)
        assert command == "serve"
        assert {flag.split("=")[0] for flag in flags} <= known


def test_the_documented_configuration_uses_the_files_that_the_unit_passes() -> None:
    [text] = re.findall(r"^```yaml\n(accounts:.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    config = Config.model_validate(yaml.safe_load(text))
    [name] = re.findall(r"^LoadCredential=(\w+):", DOCUMENT, re.MULTILINE)
    assert config.accounts[0].credentials["api_key"].file == Path(f"/run/credentials/{SERVICE.name}/{name}")
    assert config.state
    [folder] = re.findall(r"^StateDirectory=(.*)", SERVICE.read_text(encoding="utf-8"), re.MULTILINE)
    assert config.state.path.parent == Path("/var/lib") / folder


def test_a_crash_writes_no_core_dump_because_it_would_contain_the_keys() -> None:
    assert re.findall(r"^LimitCORE=(.*)", SERVICE.read_text(encoding="utf-8"), re.MULTILINE) == ["0"]


def test_the_document_contains_the_exposure() -> None:
    assert f"rates it {EXPOSURE} of 10" in DOCUMENT


@pytest.mark.e2e
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS.glob("*.s*"):
        text = unit.read_text(encoding="utf-8").replace(
            "/opt/ai-account-exporter/bin/ai-account-exporter", "/bin/true"
        )  # not installed here
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    units = sorted(map(str, tmp_path.iterdir()))
    assert len(units) == 2
    assert analyze("verify", "--man=no", *units) == (0, "")


@pytest.mark.e2e
def test_the_exposure_of_the_service_is_the_documented_one() -> None:
    code, output = analyze("security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE * 10:.0f}", str(SERVICE))
    assert (code, f"{EXPOSURE} OK" in output) == (0, True), output


def analyze(*arguments: str) -> tuple[int, str]:
    command = [program("systemd-analyze", "Debian's package `systemd`"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own arguments
    return done.returncode, done.stdout + done.stderr
