"""Accounts that move from one shard to another and back."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from exporter.accounts.state_file import StateFile
from exporter.config.shard import ordinal_of
from exporter.model import AccountKey
from exporter.simulator.simulator import Simulator
from tests.cli.support import config, daemon, ready

KEYS: Final = frozenset(AccountKey(provider, "demo") for provider in ("heygen", "elevenlabs", "liveavatar"))
SHARDS: Final = 7
"""So many that the accounts are in different ones."""


def stored(path: Path) -> set[AccountKey]:
    file = StateFile.open(path)
    try:
        return set(file.load())
    finally:
        file.close()


@pytest.mark.parametrize("shard", sorted({ordinal_of(key, SHARDS) for key in KEYS}))
async def test_a_shard_forgets_the_accounts_that_have_moved_to_others(tmp_path: Path, simulator: Simulator, shard: int) -> None:
    path = config(tmp_path, simulator.url)
    path.write_text(f"{path.read_text()}\nstate: {{path: state.db}}")
    for flags, keys in (
        ((), KEYS),
        ((f"--shard={shard}", f"--total-shards={SHARDS}"), {key for key in KEYS if ordinal_of(key, SHARDS) == shard}),
    ):
        async with daemon("serve", f"--config.file={path}", "--web.listen-address=127.0.0.1:0", *flags) as running:
            await ready(running)
            assert await running.stop() == 0
        assert stored(tmp_path / "state.db") == keys


async def test_an_account_that_is_switched_off_for_a_while_is_not_forgotten(tmp_path: Path, simulator: Simulator) -> None:
    path = config(tmp_path, simulator.url)
    path.write_text(f"{path.read_text()}\nstate: {{path: state.db}}")
    for old, new in (("nothing", "nothing"), ("provider: heygen,", "provider: heygen, enabled: false,")):
        path.write_text(path.read_text().replace(old, new))
        async with daemon("serve", f"--config.file={path}", "--web.listen-address=127.0.0.1:0") as running:
            await ready(running)
            assert await running.stop() == 0
        assert stored(tmp_path / "state.db") == KEYS
