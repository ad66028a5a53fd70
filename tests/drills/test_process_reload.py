"""Drills: the configuration is broken, repaired, and reloaded two hundred times under load."""

from __future__ import annotations

import asyncio
import random
import re
import signal
from contextlib import suppress
from pathlib import Path

import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.cli.main import main
from exporter.config.models import Account, Config
from exporter.simulator.simulator import Simulator
from tests.cli.support import Daemon, daemon, ready, reload
from tests.drills.process import SERVED, errors, line, polls_of, simulated, stop_cleanly, until_polled, watched, write_config
from tests.support import PATIENCE

UNCHANGED = (0, 1, 2)
BROKEN = ("", "accounts: 5", "accounts: [", "a: b", "accounts: [{name: a0, provider: heygn}]", "\0", "&a [*a]", "- " * 200)


def resources_of(running: Daemon) -> tuple[int, int]:
    """The memory in KiB, and the number of file descriptors."""
    place = Path(f"/proc/{running.process.pid}")
    found = re.search(r"^VmRSS:\s+(\d+)", (place / "status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]), len(list((place / "fd").iterdir()))


async def test_a_configuration_is_broken_and_corrected(tmp_path: Path) -> None:
    async with Simulator(map(simulated, range(6))) as simulator:
        path = write_config(tmp_path, simulator.url, UNCHANGED, interval="1h")
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            kept = list(map(line, UNCHANGED))
            async with watched(running, map(line, range(6)), kept) as watcher:
                for broken in BROKEN:
                    path.write_text(broken)
                    assert (await reload(running))[0] == 500
                    await watcher.until("config_last_reload_successful 0.0$")
                write_config(tmp_path, simulator.url, (*UNCHANGED, 4), interval="1h")
                running.process.send_signal(signal.SIGHUP)
                await watcher.until(re.escape(line(4)))
                assert "config_last_reload_successful 1.0" in watcher.page
                path.unlink()
                running.process.send_signal(signal.SIGHUP)
                await watcher.until("config_last_reload_successful 0.0$")
                write_config(tmp_path, simulator.url, UNCHANGED, interval="1h")
                assert (await reload(running))[0] == 200
                await watcher.until("config_last_reload_successful 1.0$")
            assert [len(polls_of(simulator, number)) for number in (*UNCHANGED, 4)] == [1, 1, 1, 1]
            assert line(4) not in watcher.page
            await stop_cleanly(running)


async def reload_often(running: Daemon, folder: Path, url: str, times: int, chance: random.Random) -> None:
    """Reload valid and invalid configurations. Some accounts come and go, others stay."""
    for _ in range(times):
        is_wrong, others = chance.random() < 0.3, chance.sample(range(3, 12), chance.randrange(9))
        if is_wrong:
            (folder / "config.yaml").write_text(chance.choice(BROKEN))
        else:
            write_config(folder, url, sorted((*UNCHANGED, *others)), interval="2s")
        if chance.random() < 0.3:
            running.process.send_signal(signal.SIGHUP)
        assert (await reload(running))[0] == (500 if is_wrong else 200)


async def test_two_hundred_reloads_under_load(tmp_path: Path) -> None:
    chance = random.Random(200)  # noqa: S311 -- the same reloads in every run
    async with Simulator(map(simulated, range(12))) as simulator:
        path = write_config(tmp_path, simulator.url, UNCHANGED, interval="2s")
        started = asyncio.get_running_loop().time()
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            async with watched(running, map(line, range(12)), map(line, UNCHANGED)) as watcher:
                await reload_often(running, tmp_path, simulator.url, 50, chance)
                memory, fds = resources_of(running)
                await reload_often(running, tmp_path, simulator.url, 150, chance)
                memory_after, fds_after = resources_of(running)
                assert [errors(watcher.page, number) for number in UNCHANGED] == [{}, {}, {}]
            during = [len(polls_of(simulator, number)) for number in UNCHANGED]
            seconds = asyncio.get_running_loop().time() - started
            for number in UNCHANGED:
                await until_polled(simulator, number, 3)
            await stop_cleanly(running)
            assert (memory_after < memory + 16_384, fds_after <= fds + 10) == (True, True), (memory, memory_after, fds, fds_after)
            assert all(seconds / 2 / 2 - 1 <= polls <= seconds / 2 + 1 for polls in during), (seconds, during)  # of one each two seconds


def garbage(chance: random.Random) -> bytes:
    """Bytes that resemble a reload request."""
    heads = (
        b"POST /-/reload HTTP/1.1\r\n",
        b"PUT /-/reload HTTP/1.1\r\n",
        b"GET /-/reload?\xff HTTP/1.1\r\n",
        b"POST /-/relo HTTP/9\r\n",
        b"",
    )
    fields = (
        b"Host: x\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b": \r\n",
        b"X: \0\r\n",
    )
    body = chance.randbytes(chance.choice((0, 5, 300, 100_000)))
    return chance.choice(heads) + b"".join(chance.choices(fields, k=chance.randrange(5))) + b"\r\n" + body


async def send_raw(port: int, content: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(ConnectionError):
        writer.write(content)
        writer.write_eof()
        async with asyncio.timeout(PATIENCE):
            await reader.read()
    writer.close()


async def test_garbage_is_sent_to_the_reload(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 -- the same garbage in every run
    async with Simulator(map(simulated, UNCHANGED)) as simulator:
        path = write_config(tmp_path, simulator.url, UNCHANGED, interval="1h")
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            all_lines = list(map(line, UNCHANGED))
            async with watched(running, all_lines, all_lines):
                for _ in range(20):
                    await asyncio.gather(*(send_raw(running.port, garbage(chance)) for _ in range(10)))
                assert (await reload(running))[0] == 200
            await stop_cleanly(running)
            assert b"Traceback" not in running.log
            assert [len(polls_of(simulator, number)) for number in UNCHANGED] == [1, 1, 1]


PIECES = st.recursive(
    st.sampled_from(
        [None, True, 0, -1, 5.5, "5m", "1s", "", "heygen", "elevenlabs", "nobody", "a0", "*.yaml", "https://x", "\u202e", 10**400]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "file", "env", "api_key", "path", "<<", "x"]), inner)
    ),
    max_leaves=8,
)
ACCOUNT: dict[str, object] = {"name": "a", "provider": "heygen", "credentials": {"api_key": {"value": "k"}}}
ACCOUNTS = st.fixed_dictionaries(
    {},
    optional={name: st.just(right) | PIECES for name, right in ACCOUNT.items()}
    | {name: PIECES for name in Account.model_fields if name not in ACCOUNT},
)
CONFIGS = st.fixed_dictionaries(
    {"accounts": st.lists(ACCOUNTS, max_size=3) | PIECES},
    optional={name: PIECES for name in Config.model_fields if name != "accounts"} | {"x": PIECES},
)


@given(CONFIGS, st.sampled_from(["", "}", "\t", "\0", "*x", "---\na: b", "\ufeff"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_configuration_is_checked(tmp_path: Path, config: object, rubbish: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True) + rubbish)
    result = CliRunner().invoke(main, ["check", "--config.file", str(path)])
    assert result.exit_code in {0, 2}, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
