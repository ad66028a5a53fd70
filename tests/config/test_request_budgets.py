"""A request budget must suffice for the intervals of the accounts that share it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from exporter.cli.main import main
from exporter.config.loading import load_config
from exporter.config.shard import WHOLE, Shard
from exporter.errors import ConfigError
from tests.config.support import ENVIRON, write

PLACE = "providers.elevenlabs.max_requests_per_minute"


def config(folder: Path, count: int, limit: int, interval: str = "1m", *, provider: str = "elevenlabs", **changes: Any) -> Path:
    """Write a configuration with accounts of one provider; `changes` are keys of every second account."""
    credentials = {"api_key": {"env": "ELEVENLABS_API_KEY"}}
    accounts = [
        {"name": f"a{number}", "provider": provider, "credentials": credentials, "interval": interval, **(changes if number % 2 else {})}
        for number in range(count)
    ]
    return write(folder, json.dumps({"accounts": accounts, "providers": {provider: {"max_requests_per_minute": limit}}}))


def problems(path: Path, *shards: Shard) -> list[str]:
    try:
        load_config(path, ENVIRON, shards=shards)
    except ConfigError as error:
        return [f"{problem.place}: {problem.message}" for problem in error.problems]
    return []


@pytest.mark.parametrize(("count", "limit", "is_enough"), [(12, 12, True), (13, 12, False), (1, 1, True)])
def test_the_accounts_of_one_host_share_the_budget(tmp_path: Path, count: int, limit: int, *, is_enough: bool) -> None:
    assert (problems(config(tmp_path, count, limit), WHOLE) == []) is is_enough


def test_an_exact_budget_is_enough_whatever_is_rounded(tmp_path: Path) -> None:
    assert problems(config(tmp_path, 3, 20, "9s"), WHOLE) == []
    assert problems(config(tmp_path, 7, 60, "7s"), WHOLE) == []


def test_each_host_has_a_budget_of_its_own(tmp_path: Path) -> None:
    assert problems(config(tmp_path, 24, 12, region="eu"), WHOLE) == []
    assert problems(config(tmp_path, 24, 12, base_url="http://127.0.0.1:1/gateway"), WHOLE) == []
    assert problems(config(tmp_path, 25, 12, region="eu"), WHOLE) == [
        f"{PLACE}: the accounts of elevenlabs on one host need 13 requests a minute at their intervals, but the limit is 12: "
        "increase the intervals or the limit"
    ]


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://api.example.com/v1", "https://API.example.com:443"), ("http://127.0.0.1", "http://127.0.0.1:80/v1"),
        ("http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080"),
    ],
)  # fmt: skip
def test_one_host_has_one_budget_however_its_url_is_written(tmp_path: Path, url: str, same: str) -> None:
    path = config(tmp_path, 2, 1)
    content = json.loads(path.read_text())
    for account, base_url in zip(content["accounts"], [url, same], strict=True):
        account["base_url"] = base_url
    assert len(problems(write(tmp_path, json.dumps(content)), WHOLE)) == 1


def test_only_the_requests_of_the_credential_count(tmp_path: Path) -> None:
    token = {"credentials": {"access_token": {"env": "HEYGEN_ACCESS_TOKEN"}}}
    accounts = [{"name": f"a{number}", "provider": "heygen", "interval": "1m", **token} for number in range(8)]
    path = write(tmp_path, json.dumps({"accounts": accounts, "providers": {"heygen": {"max_requests_per_minute": 8}}}))
    assert problems(path, WHOLE) == []


def test_disabled_accounts_do_not_count(tmp_path: Path) -> None:
    assert problems(config(tmp_path, 24, 12, enabled=False), WHOLE) == []


def test_each_shard_has_a_budget_of_its_own(tmp_path: Path) -> None:
    path = config(tmp_path, 40, 30)
    shards = [Shard(ordinal, 2) for ordinal in range(2)]
    assert len(problems(path, WHOLE)) == 1
    assert problems(path, *shards) == []
    assert [problems(path, shard) for shard in shards] == [[], []]
    assert problems(path) == []
    [problem] = problems(config(tmp_path, 40, 19), *shards)
    assert problem.startswith(f"{PLACE}: the accounts of elevenlabs in shard ")


def test_check_accepts_the_budget_of_a_shard(tmp_path: Path) -> None:
    path = config(tmp_path, 40, 30)
    whole, shards = (
        CliRunner(env=ENVIRON).invoke(main, ["check", f"--config.file={path}", *flags]) for flags in ([], ["--total-shards=2"])
    )
    assert (whole.exit_code, shards.exit_code) == (2, 0)
    assert f"config.yaml:1: {PLACE}: " in whole.stderr


def test_once_polls_all_accounts_whatever_the_budget(tmp_path: Path) -> None:
    path = config(tmp_path, 2, 1, enabled=False)
    content = json.loads(path.read_text())
    content["accounts"][0] |= {"interval": "30s", "base_url": "http://127.0.0.1:1"}
    result = CliRunner(env=ENVIRON).invoke(main, ["once", f"--config.file={write(tmp_path, json.dumps(content))}"])
    assert (result.exit_code, "elevenlabs/a0: FAILED, connection" in result.stdout) == (1, True), result.output
