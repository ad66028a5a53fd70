"""compose.yaml, run for real; Debian's Prometheus and Alertmanager stand in for the images that it names."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.image.engine import BASE, ROOT, Engine, program
from tests.image.running import eventually, results

pytestmark = pytest.mark.e2e

SERVICES = ("exporter", "prometheus", "alertmanager")  # no package of Debian's is Grafana
STAND_IN = """
FROM {base}
COPY {programs} /usr/bin/
COPY share /usr/share/prometheus
RUN install -d -o 65534 -g 65534 {folder}
USER 65534:65534
ENTRYPOINT ["/usr/bin/{main}"]
"""


def stand_in(engine: Engine, folder: Path, tag: str, main: str, tool: str, data: str) -> None:
    """An image with programs of this machine, under the name that the compose file gives."""
    folder.mkdir()
    for name in (main, tool):
        shutil.copy(program(name, "Debian's packages `prometheus` and `prometheus-alertmanager`"), folder)
    shutil.copytree("/usr/share/prometheus", folder / "share")  # Debian's programs look for their templates there
    (folder / "Dockerfile").write_text(STAND_IN.format(base=BASE, programs=f"{main} {tool}", folder=data, main=main))
    engine.build(tag, folder)


def free_ports(count: int) -> list[int]:
    """Ports that are free now, all of them different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


@pytest.fixture(scope="module")
def ports(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    compose = program("podman-compose", "PyPI's `podman-compose`")
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    folder = tmp_path_factory.mktemp("images")
    stand_in(engine, folder / "p", services["prometheus"]["image"], "prometheus", "promtool", "/prometheus")
    stand_in(engine, folder / "a", services["alertmanager"]["image"], "prometheus-alertmanager", "amtool", "/alertmanager")
    chosen = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    environ = {f"{name.upper()}_PORT": str(port) for name, port in chosen.items()}
    engine.do(compose, "up", "--detach", "--no-build", *SERVICES, **environ)
    try:
        yield chosen
    finally:
        engine.run(compose, "down", "--volumes", "--timeout=5", **environ)


async def test_prometheus_reads_the_exporter_and_knows_the_rules(ports: dict[str, int]) -> None:
    up = await results(ports["prometheus"], "/api/v1/query?query=up", lambda data: len(ups(data)) == 3)
    assert ups(up) == {"ai-accounts", "prometheus", "alertmanager"}
    rules = await results(ports["prometheus"], "/api/v1/rules", lambda data: data["data"]["groups"])
    known = {Path(group["file"]).name for group in rules["data"]["groups"]}
    assert known == {"alerts.yaml", "recording.yaml"}
    assert "studio" in await eventually(ports["exporter"], "/api/v1/accounts")


def ups(data: Any) -> set[str]:
    return {series["metric"]["job"] for series in data["data"]["result"] if series["value"][1] == "1"}


async def test_alerts_would_reach_alertmanager(ports: dict[str, int]) -> None:
    found = await results(ports["prometheus"], "/api/v1/alertmanagers", lambda data: data["data"]["activeAlertmanagers"])
    assert [one["url"] for one in found["data"]["activeAlertmanagers"]] == ["http://alertmanager:9093/api/v2/alerts"]
    assert "receiver: nobody" in await eventually(ports["alertmanager"], "/api/v2/status")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_passes_its_own_health_check(engine: Engine, ports: dict[str, int], service: str) -> None:
    name = engine.podman("ps", "--quiet", f"--filter=label=com.docker.compose.service={service}")
    assert engine.run("podman", "healthcheck", "run", name).returncode == 0
