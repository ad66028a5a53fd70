"""The loaded configuration: it cannot be changed, shows no secret, and resolves the timing."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from exporter.config.models import Account, Config, Defaults
from exporter.model import AccountKey, Seconds
from tests.config.support import ACCOUNT, CANARY, load, resolved, with_account, write

TIMES = ("interval", "timeout", "stale_after", "max_backoff")


def timing_of(folder: Path, text: str, index: int = 0) -> tuple[float | None, ...]:
    settings = resolved(load(write(folder, text)), index)
    return tuple(getattr(settings, name) for name in TIMES)


@pytest.mark.parametrize(
    ("defaults", "own", "resolved"),
    [
        ("", "", (300, 15, 900, 900)),
        ("", "interval: 1m", (60, 15, 180, 900)),
        ("interval: 10m", "", (600, 15, 1800, 900)),
        ("interval: 10m", "interval: 1m", (60, 15, 180, 900)),
        ("stale_after: 1h", "", (300, 15, 3600, 900)),
        ("stale_after: 1h", "interval: 1m", (60, 15, 3600, 900)),
        ("stale_after: 1h", "stale_after: 5m", (300, 15, 300, 900)),
        ("interval: 2m, timeout: 3s, stale_after: 4m, max_backoff: 5m", "", (120, 3, 240, 300)),
        ("interval: 2m, timeout: 3s, stale_after: 4m, max_backoff: 5m", "timeout: 1ms, max_backoff: 1h", (120, 0.001, 240, 3600)),
        ("timeout: 3s", "interval: , timeout: , stale_after: , max_backoff: ", (300, 3, 900, 900)),
    ],
)
def test_timing_is_that_of_the_account_or_the_defaults_or_built_in(
    tmp_path: Path, defaults: str, own: str, resolved: tuple[float, ...]
) -> None:
    account = "name: a, provider: heygen, credentials: {api_key: {env: HEYGEN_API_KEY}}"
    assert timing_of(tmp_path, f"defaults: {{{defaults}}}\naccounts: [{{{account}, {own}}}]\n") == resolved


def test_each_account_has_its_own_timing(tmp_path: Path) -> None:
    text = (
        "accounts:\n"
        "  - {name: a, provider: heygen, credentials: {api_key: {env: HEYGEN_API_KEY}}, interval: 1m}\n"
        "  - {name: b, provider: heygen, credentials: {api_key: {env: HEYGEN_API_KEY}}}\n"
    )
    assert timing_of(tmp_path, text, 0) == (60, 15, 180, 900)
    assert timing_of(tmp_path, text, 1) == (300, 15, 900, 900)


@given(st.integers(min_value=1, max_value=10**6))
def test_stale_after_is_three_intervals_unless_set(seconds: int) -> None:
    config = Config.model_validate({"accounts": [{**ACCOUNT, "interval": f"{seconds}s"}]})
    assert resolved(config).stale_after == 3 * seconds


def test_the_key_of_an_account_is_its_provider_and_its_name(tmp_path: Path) -> None:
    assert load(write(tmp_path, with_account())).accounts[0].key == AccountKey("heygen", "studio")


def test_a_configuration_is_frozen_at_every_level(tmp_path: Path) -> None:
    config = load(write(tmp_path, with_account()))
    account = config.accounts[0]
    before = copy.deepcopy(config)
    for block, name in ((config, "accounts"), (config.defaults, "interval"), (account, "name"), (account.credentials["api_key"], "env")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(block, name, None)
        with pytest.raises(ValidationError, match="frozen"):
            delattr(block, name)
    assert config == before


def test_the_built_in_defaults_are_not_shared_state() -> None:
    assert Config.model_validate({"accounts": [ACCOUNT]}).defaults == Defaults()
    assert Defaults().interval == Seconds(300.0)
    assert Account.model_validate(ACCOUNT).labels == {}
    assert Account.model_validate(ACCOUNT).thresholds == Defaults().thresholds == {}


def test_no_way_to_print_a_configuration_shows_a_secret(tmp_path: Path) -> None:
    config = load(write(tmp_path, with_account(credentials={"api_key": {"value": CANARY}})))
    source = config.accounts[0].credentials["api_key"]
    secret = source.read({})
    assert secret.get_secret_value() == CANARY
    for shown in (repr(config), str(config), f"{config.accounts}", repr(source), repr(secret), str(secret), config.model_dump_json()):
        assert CANARY not in shown
    assert CANARY not in str(config.model_dump())
