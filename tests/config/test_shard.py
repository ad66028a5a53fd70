"""Shards: each account belongs to one, and stays there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from exporter.cli.main import main
from exporter.cli.options import read_shard
from exporter.config.job import build_jobs
from exporter.config.loading import load_config
from exporter.config.shard import WHOLE, Shard
from exporter.metrics.exposition import Exposition
from exporter.model import AccountKey
from tests.metrics.showcase import BUILD, showcase

KEYS = [AccountKey(provider, f"account-{number}") for provider in ("heygen", "elevenlabs") for number in range(500)]
keys = st.builds(AccountKey, st.text(max_size=20), st.text(max_size=20))


def place(key: AccountKey, total: int) -> int:
    [ordinal] = [ordinal for ordinal in range(total) if Shard(ordinal, total).holds(key)]
    return ordinal


@given(keys, st.integers(1, 8))
def test_each_account_is_in_one_shard_and_moves_only_to_an_added_shard(key: AccountKey, total: int) -> None:
    assert place(key, total + 1) in {place(key, total), total}


def test_shards_have_about_the_same_number_of_accounts() -> None:
    counts = Counter(place(key, 4) for key in KEYS)
    assert all(200 <= counts[ordinal] <= 300 for ordinal in range(4))


def test_the_shard_of_an_account_does_not_change_with_a_release() -> None:
    assert [place(key, 5) for key in KEYS[:8]] == [1, 2, 4, 1, 3, 2, 3, 4]


def test_one_shard_has_all_accounts() -> None:
    assert all(WHOLE.holds(key) for key in KEYS)


def test_a_shard_polls_only_its_accounts(tmp_path: Path) -> None:
    accounts = "".join(f"  - {{name: a{n}, provider: heygen, credentials: {{api_key: {{value: x}}}}}}\n" for n in range(40))
    (tmp_path / "config.yaml").write_text(f"accounts:\n{accounts}")
    loaded = load_config(tmp_path / "config.yaml", {})
    parts = [{job.key for job in build_jobs(loaded, Shard(ordinal, 3))} for ordinal in range(3)]
    assert all(parts)
    assert sum(map(len, parts)) == len(set().union(*parts)) == 40


def test_the_page_shows_the_shard() -> None:
    page = Exposition(BUILD, shard=Shard(2, 5)).render(showcase().snapshot()).body
    assert b"\nai_account_exporter_shard_ordinal 2.0\n" in page
    assert b"\nai_account_exporter_total_shards 5.0\n" in page


@pytest.mark.parametrize(
    ("shard", "pod", "total", "expected"),
    [
        (None, None, 1, Shard(0, 1)),
        (0, None, 1, Shard(0, 1)),
        (1, None, 3, Shard(1, 3)),
        (None, "exporter-2", 3, Shard(2, 3)),
        (None, "x-0", 1, WHOLE),
    ],
)
def test_flags_name_a_shard(shard: int | None, pod: str | None, total: int, expected: Shard) -> None:
    assert read_shard(shard, pod, total) == expected


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--total-shards=3"], "--shard or --shard-from-pod-name is required"),
        (["--shard=3", "--total-shards=3"], "shard 3 does not exist"),
        (["--shard=1"], "shard 1 does not exist"),
        (["--shard-from-pod-name=exporter", "--total-shards=2"], "a name that ends with a number"),
        (["--shard-from-pod-name=exporter-1", "--shard=1", "--total-shards=2"], "excludes --shard"),
        (["--shard=-1", "--total-shards=2"], "-1 is not in the range"),
        (["--total-shards=0"], "0 is not in the range"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(flags: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("accounts: [{name: a, provider: heygen, credentials: {api_key: {value: x}}}]")
    done = CliRunner().invoke(main, ["serve", f"--config.file={tmp_path / 'config.yaml'}", *flags])
    assert (done.exit_code, said in done.output) == (2, True), done.output
