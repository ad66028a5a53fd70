"""Checks of compose.yaml and its mounts that need no container."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.image.engine import IMAGE, ROOT, program

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
PROMETHEUS = yaml.safe_load((ROOT / "prometheus" / "prometheus.example.yaml").read_text(encoding="utf-8"))


def test_the_file_is_valid_against_its_schema() -> None:
    command = [program("check-jsonschema", "PyPI's `check-jsonschema`"), "--builtin-schema=vendor.compose-spec", str(ROOT / "compose.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own arguments
    assert done.returncode == 0, done.stdout
    assert "version" not in COMPOSE  # obsolete


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_service_is_confined_and_listens_on_loopback_only(service: dict[str, Any]) -> None:
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert all(re.fullmatch(r"127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+", port) for port in service["ports"])


def test_images_have_a_registry_a_version_and_a_digest() -> None:
    assert SERVICES["exporter"]["image"] == IMAGE
    for name in SERVICES.keys() - {"exporter"}:
        assert re.fullmatch(r"docker\.io/[a-z]+/[a-z]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", SERVICES[name]["image"])


def test_a_mount_is_a_volume_or_an_existing_path_mounted_read_only() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source, _, *mode = volume.split(":")
            assert source in COMPOSE["volumes"] or ((ROOT / source).exists() and mode == ["ro"]), volume


def test_the_home_dashboard_is_mounted() -> None:
    grafana = SERVICES["grafana"]
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert f"./grafana/dashboards:{home.parent}:ro" in grafana["volumes"]
    assert (ROOT / "grafana" / "dashboards" / home.name).is_file()


def test_prometheus_scrapes_the_ports_of_the_services() -> None:
    targets = {target for job in PROMETHEUS["scrape_configs"] for block in job["static_configs"] for target in block["targets"]}
    ports = {name: service["ports"][0].rsplit(":", 1)[1] for name, service in SERVICES.items()}
    assert targets == {f"exporter:{ports['exporter']}", f"alertmanager:{ports['alertmanager']}", f"localhost:{ports['prometheus']}"}
    [block] = PROMETHEUS["alerting"]["alertmanagers"]
    assert block["static_configs"] == [{"targets": [f"alertmanager:{ports['alertmanager']}"]}]


@pytest.mark.e2e
@pytest.mark.parametrize(
    "command",
    [("promtool", "check", "config", "prometheus.example.yaml"), ("amtool", "check-config", "alertmanager.demo.yaml")],
    ids=["prometheus", "alertmanager"],
)
def test_prometheus_and_alertmanager_accept_their_configuration(command: tuple[str, ...]) -> None:
    found = program(command[0], "Debian's packages `prometheus` and `prometheus-alertmanager`")
    done = subprocess.run([found, *command[1:]], cwd=ROOT / "prometheus", capture_output=True, text=True, check=False)  # noqa: S603 -- our own arguments
    assert done.returncode == 0, done.stderr
