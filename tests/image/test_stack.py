"""compose.yaml in real containers, with Debian's Prometheus and Alertmanager instead of the images from a registry."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.simulator.demo_accounts import DEMO_ACCOUNTS
from tests.image.engine import BASE, ROOT, Engine, program
from tests.image.running import eventually, results

pytestmark = pytest.mark.e2e

SERVICES = ("exporter", "prometheus", "alertmanager")  # Debian has no package of Grafana
SUBSTITUTE = """
FROM {base}
COPY {programs} /usr/bin/
COPY share /usr/share/prometheus
RUN install -d -o 65534 -g 65534 {folder}
USER 65534:65534
ENTRYPOINT ["/usr/bin/{main}"]
"""


def build_substitute(engine: Engine, folder: Path, tag: str, main: str, tool: str, data: str) -> None:
    """Build an image from programs of this machine."""
    folder.mkdir()
    for name in (main, tool):
        shutil.copy(program(name, "Debian's packages `prometheus` and `prometheus-alertmanager`"), folder)
    shutil.copytree("/usr/share/prometheus", folder / "share")  # Debian's programs read their templates there
    (folder / "Dockerfile").write_text(SUBSTITUTE.format(base=BASE, programs=f"{main} {tool}", folder=data, main=main))
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
    folder = tmp_path_factory.mktemp("images")
    build_substitute(engine, folder / "p", "localhost/prometheus", "prometheus", "promtool", "/prometheus")
    build_substitute(engine, folder / "a", "localhost/alertmanager", "prometheus-alertmanager", "amtool", "/alertmanager")
    chosen = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    environ = {f"{name.upper()}_PORT": str(port) for name, port in chosen.items()} | {"HISTORY": "1d"}
    override = folder / "compose.yaml"  # a digest names no local image
    override.write_text(yaml.safe_dump({"services": {name: {"image": f"localhost/{name}"} for name in SERVICES[1:]}}))
    files = ("-f", str(ROOT / "compose.yaml"), "-f", str(override))
    engine.do(compose, *files, "up", "--detach", "--no-build", *SERVICES, **environ)
    try:
        exporter = engine.podman("ps", "--quiet", "--filter=label=com.docker.compose.service=exporter")
        engine.podman(
            "exec", exporter, "sh", "-c", "until ai-account-exporter healthcheck; do sleep 1; done"
        )  # it writes the history first
        yield chosen
    finally:
        engine.run(compose, *files, "down", "--volumes", "--timeout=5", **environ)


async def test_prometheus_scrapes_the_exporter_and_loads_the_rules(ports: dict[str, int]) -> None:
    up = await results(ports["prometheus"], "/api/v1/query?query=up", lambda data: len(ups(data)) == 3)
    assert ups(up) == {"ai-accounts", "prometheus", "alertmanager"}
    rules = await results(ports["prometheus"], "/api/v1/rules", lambda data: data["data"]["groups"])
    known = {Path(group["file"]).name for group in rules["data"]["groups"]}
    assert known == {"alerts.yaml", "recording.yaml"}
    assert "studio" in await eventually(ports["exporter"], "/api/v1/accounts")


def ups(data: Any) -> set[str]:
    return {series["metric"]["job"] for series in data["data"]["result"] if series["value"][1] == "1"}


async def test_prometheus_has_the_history_of_the_demo(ports: dict[str, int]) -> None:
    query = "/api/v1/query?query=sum(ai_account_up{instance=%22exporter:9893%22}%20offset%2020h)"
    found = await results(ports["prometheus"], query, lambda data: data["data"]["result"])
    assert found["data"]["result"][0]["value"][1] == str(len(DEMO_ACCOUNTS))


async def test_prometheus_sends_alerts_to_alertmanager(ports: dict[str, int]) -> None:
    found = await results(ports["prometheus"], "/api/v1/alertmanagers", lambda data: data["data"]["activeAlertmanagers"])
    assert [one["url"] for one in found["data"]["activeAlertmanagers"]] == ["http://alertmanager:9093/api/v2/alerts"]
    assert "receiver: nobody" in await eventually(ports["alertmanager"], "/api/v2/status")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_passes_its_own_health_check(engine: Engine, ports: dict[str, int], service: str) -> None:
    name = engine.podman("ps", "--quiet", f"--filter=label=com.docker.compose.service={service}")
    assert engine.run("podman", "healthcheck", "run", name).returncode == 0
