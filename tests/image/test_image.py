"""The image runs read-only, without capabilities and with little memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.simulator.simulator import Simulator
from tests.image.engine import BASE, IMAGE, VERSION, Engine
from tests.image.running import Container, container, eventually
from tests.support import CANARY, secret_of

pytestmark = pytest.mark.e2e

MEGABYTE = 1_000_000
CONFIG = """
defaults: {{interval: 1s, stale_after: 15m}}
accounts:
  - name: stage
    provider: liveavatar
    base_url: {url}
    credentials: {{api_key: {{file: /run/secrets/liveavatar}}}}
state: {{path: /var/lib/ai-account-exporter/state.db}}
"""
WITHOUT_BYTECODE = """
import os, sys, exporter.daemon.daemon, exporter.cli.serve, exporter.cli.healthcheck
specs = [getattr(module, "__spec__", None) for module in sys.modules.values()]
print([spec.origin for spec in specs if spec and spec.cached and not os.path.exists(spec.cached)])
"""
FINDABLE = "import importlib.util, sys; print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])"


@pytest.fixture
def demo(engine: Engine, unused_tcp_port: int) -> Iterator[Container]:
    with container(
        engine, unused_tcp_port, (f"--publish=127.0.0.1:{unused_tcp_port}:9893",), "demo", "--web.listen-address=:9893"
    ) as running:
        yield running


async def test_a_confined_container_serves_and_stops_on_a_signal(demo: Container) -> None:
    page = await eventually(demo.port, "/metrics", lambda text: "ai_account_quota_remaining{" in text)
    assert f'revision="0123abc",version="{VERSION}"' in page
    assert demo.execute("ai-account-exporter", "healthcheck") == (0, "healthy\n")
    assert demo.engine.run("podman", "healthcheck", "run", demo.name).returncode == 0
    assert demo.stop() == 0, demo.log()
    assert "shutdown finished" in demo.log()


async def test_the_process_is_unprivileged_and_cannot_write(demo: Container) -> None:
    await eventually(demo.port, "/-/healthy")
    status = demo.execute("cat", "/proc/1/status")[1]
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert facts["Uid"].split() == facts["Gid"].split() == ["65532"] * 4
    assert (facts["CapEff"], facts["CapBnd"], facts["NoNewPrivs"]) == ("0" * 16, "0" * 16, "1")
    for place in ("/x", "/tmp/x", "/etc/ai-account-exporter/x", "/var/lib/ai-account-exporter/x"):  # noqa: S108 -- inside the container
        code, said = demo.execute("touch", place)
        assert (code, "Read-only file system" in said) == (1, True), said


async def test_a_health_check_fails_if_nothing_listens(engine: Engine) -> None:
    done = engine.run("podman", "run", "--rm", IMAGE, "healthcheck")
    assert (done.returncode, "Connection refused" in done.stderr) == (1, True)


async def test_values_on_a_volume_outlive_the_container(engine: Engine, simulator: Simulator, unused_tcp_port: int, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.format(url=simulator.url))
    (tmp_path / "key").write_text(secret_of("liveavatar"))
    options = (
        "--network=host",  # the simulated vendors listen on this machine's loopback
        f"--volume={tmp_path / 'config.yaml'}:/etc/ai-account-exporter/config.yaml:ro",
        f"--volume={tmp_path / 'key'}:/run/secrets/liveavatar:ro",
        "--volume=state:/var/lib/ai-account-exporter",
    )
    command = ("serve", "--config.file=/etc/ai-account-exporter/config.yaml", f"--web.listen-address=127.0.0.1:{unused_tcp_port}")
    figure = 'ai_account_quota_remaining{account="stage",provider="liveavatar",resource="credits",unit="credits"} 1010.0'
    with container(engine, unused_tcp_port, options, *command) as first:
        await eventually(first.port, "/metrics", lambda text: figure in text)
        assert first.stop() == 0
        assert CANARY not in first.log() + engine.podman("inspect", first.name)
    await simulator.stop()
    with container(engine, unused_tcp_port, options, *command) as second:
        page = await eventually(
            second.port, "/metrics", lambda text: 'errors_total{account="stage",provider="liveavatar",reason="connection"} 1' in text
        )
        assert figure in page, second.log()


async def test_the_image_contains_no_build_tools(engine: Engine) -> None:
    programs, modules = "pip pip3 cc gcc make git curl wget", ["pip", "ensurepip", "hatchling", "pytest", "tests"]
    ask = f"for name in {programs}; do command -v $name; done; python -c '{FINDABLE}' {' '.join(modules)}"
    assert engine.podman("run", "--rm", "--entrypoint=sh", IMAGE, "-c", ask) == "[]"


async def test_no_module_is_compiled_at_start(engine: Engine) -> None:
    assert engine.podman("run", "--rm", "--entrypoint=python", IMAGE, "-c", WITHOUT_BYTECODE) == "[]"


async def test_the_image_has_its_labels_and_defaults(engine: Engine) -> None:
    config = json.loads(engine.podman("image", "inspect", IMAGE))[0]["Config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["ai-account-exporter"]
    assert config["Cmd"] == ["serve", "--config.file=/etc/ai-account-exporter/config.yaml"]
    assert config["Labels"]["org.opencontainers.image.revision"] == "0123abc"
    assert "9893/tcp" in config["ExposedPorts"]
    assert not [line for line in config["Env"] if "TOKEN" in line or "PASSWORD" in line]


async def test_the_image_adds_little_to_its_base(engine: Engine) -> None:
    base, whole = (int(engine.podman("image", "inspect", "--format={{.Size}}", tag)) for tag in (BASE, IMAGE))
    assert 30 * MEGABYTE < whole - base < 65 * MEGABYTE
