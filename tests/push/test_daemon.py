"""A running daemon that pushes."""

from __future__ import annotations

from pathlib import Path

from exporter.metrics.catalogue import CATALOGUE
from exporter.simulator.simulator import Simulator
from tests.cli.support import Daemon, config, daemon, launched, ready, reload
from tests.push.receiver import Receiver, page_series
from tests.support import CANARY, until

BROKEN = "import sys; sys.modules['opentelemetry.proto.collector'] = None; from exporter.__main__ import main; main()"
"""The daemon, with a package for pushes that cannot be imported."""
PUSH_ERRORS = "ai_account_exporter_push_errors_total"


def pushing(path: Path, receiver: Receiver, **more: str) -> Path:
    """Add a push to a configuration."""
    (path.parent / "header").write_text(f"Bearer {CANARY}")
    own = "".join(f", {key}: {value}" for key, value in more.items())
    text = path.read_text().partition("\npush:")[0]
    path.write_text(f"{text}\npush: {{otlp: {{endpoint: '{receiver.url}', headers: {{Authorization: {{file: header}}}}{own}}}}}")
    return path


async def shown(running: Daemon) -> set[str]:
    return {name for name, _ in page_series((await running.get("/metrics"))[1])}


async def test_a_daemon_pushes_what_it_serves_and_once_more_when_it_stops(tmp_path: Path, simulator: Simulator, receiver: Receiver) -> None:
    path = pushing(config(tmp_path, simulator.url), receiver, interval="1h")
    async with daemon("serve", f"--config.file={path}", "--web.listen-address=127.0.0.1:0") as running:
        await until(lambda: receiver.pushes, "the first push")
        await ready(running)
        page = page_series((await running.get("/metrics"))[1])
        assert await running.stop() == 0
        assert CANARY not in running.log.decode()
    first, last = receiver.pushes
    assert {family.name for family in CATALOGUE if family.name.startswith("ai_account_exporter_push")} <= {name for name, _ in page}
    assert page.keys() == last.series().keys()
    constant = ("ai_account_quota", "ai_account_info", "ai_account_exporter_build_info", "ai_account_up")
    assert {s: v for s, v in page.items() if s[0].startswith(constant)} == {
        s: v for s, v in last.series().items() if s[0].startswith(constant)
    }
    assert first.resource["service.name"] == "ai-account-exporter"
    assert first.resource["service.instance.id"].endswith(f":{running.port}")
    assert first.headers["Authorization"] == f"Bearer {CANARY}"


async def test_a_receiver_that_hangs_delays_neither_polls_nor_scrapes_nor_the_stop(
    tmp_path: Path, simulator: Simulator, receiver: Receiver
) -> None:
    receiver.held.clear()
    path = pushing(config(tmp_path, simulator.url), receiver, timeout="10m")
    async with daemon("serve", f"--config.file={path}", "--web.listen-address=127.0.0.1:0") as running:
        await until(lambda: receiver.pushes, "the first push")
        await ready(running)
        page = page_series((await running.get("/metrics"))[1])
        assert page["ai_account_up", frozenset({("provider", "heygen"), ("account", "demo")})] == 1
        assert await running.stop() == 0
    assert len(receiver.pushes) == 2


async def test_a_reload_starts_changes_and_ends_pushes(tmp_path: Path, simulator: Simulator, receiver: Receiver) -> None:
    path = config(tmp_path, simulator.url)
    without = path.read_text()
    async with daemon("serve", f"--config.file={path}", "--web.listen-address=127.0.0.1:0") as running:
        await ready(running)
        assert PUSH_ERRORS not in await shown(running)
        pushing(path, receiver, interval="1h")
        assert (await reload(running))[0] == 200
        await until(lambda: len(receiver.pushes) == 1, "a push after the reload that configured it")
        assert PUSH_ERRORS in await shown(running)
        path.write_text(path.read_text().replace("defaults: {interval: 1s", "defaults: {interval: 2s"))
        assert (await reload(running))[0] == 200
        pushing(path, receiver, interval="2h")
        assert (await reload(running))[0] == 200
        await until(lambda: len(receiver.pushes) == 2, "a push with the new settings, and none for another change")
        path.write_text(without)
        assert (await reload(running))[0] == 200
        assert PUSH_ERRORS not in await shown(running)
        assert await running.stop() == 0
    assert len(receiver.pushes) == 2


async def test_a_reload_whose_pushes_cannot_start_changes_nothing(tmp_path: Path, simulator: Simulator, receiver: Receiver) -> None:
    path = config(tmp_path, simulator.url)
    without = path.read_text()
    async with launched("-c", BROKEN, "serve", f"--config.file={path}", "--web.listen-address=127.0.0.1:0") as running:
        await ready(running)
        path.write_text(without.replace("name: demo, provider: heygen", "name: other, provider: heygen"))
        assert (await reload(running))[0] == 200
        path.write_text(without)
        pushing(path, receiver)
        status, text = await reload(running)
        assert (status, "the previous one stays in effect" in text) == (500, True)
        assert 'account="other"' in (await running.get("/metrics"))[1]
        assert "name: other" in (await running.get("/config"))[1]
        assert await running.stop() == 0
