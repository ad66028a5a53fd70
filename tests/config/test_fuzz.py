"""Any file is loaded or refused with problems, without an unexpected error."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.config.credentials import SecretSource
from exporter.config.models import Account, Config, Defaults
from exporter.config.threshold_settings import SeverityThresholds
from exporter.errors import ConfigError
from tests.config.support import ENVIRON, load, resolved, write

KEYS: Final = sorted({name for model in (Config, Account, Defaults, SeverityThresholds, SecretSource) for name in model.model_fields})
WORDS: Final = [
    "heygen",
    "elevenlabs",
    "eu",
    "api_key",
    "HEYGEN_API_KEY",
    "5m",
    "1s",
    "0s",
    "https://a.example",
    "http://[",
    "*",
    "wallet",
    "20%",
    "",
    "/",
]

SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=4)
    | st.dates()
    | st.sampled_from(WORDS)
)
KEY: Final = st.sampled_from(KEYS + WORDS) | st.text(max_size=4) | st.integers() | st.booleans() | st.none()
ANYTHING: Final = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=4), max_leaves=12)

TIMES: Final = ("interval", "timeout", "stale_after", "max_backoff", "max_retry_after", "min_interval")
DURATION: Final = st.sampled_from(["1s", "90s", "5m", "2h", "x"]) | ANYTHING
SOURCE: Final = st.sampled_from([{"env": "HEYGEN_API_KEY"}, {"file": "."}, {"value": "x"}]) | ANYTHING
THRESHOLDS: Final = st.dictionaries(
    st.sampled_from(["wallet", "characters", "*"]) | KEY,
    st.dictionaries(st.sampled_from(["warning", "critical"]), st.sampled_from([0, 0.1, "50", "5%", "100%"]) | ANYTHING) | ANYTHING,
    max_size=3,
)
ACCOUNT: Final = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "b"]) | ANYTHING,
        "provider": st.sampled_from(["heygen", "elevenlabs"]) | ANYTHING,
        "credentials": st.dictionaries(st.sampled_from(["api_key", "access_token"]), SOURCE, max_size=2) | ANYTHING,
        "labels": st.dictionaries(st.text(max_size=4), ANYTHING, max_size=2) | ANYTHING,
        "thresholds": THRESHOLDS | ANYTHING,
        "region": ANYTHING,
        "base_url": st.text(max_size=20).map("http://".__add__) | ANYTHING,
        **dict.fromkeys(TIMES, DURATION),
    },
)
FILE: Final = st.fixed_dictionaries(
    {"accounts": st.lists(ACCOUNT | ANYTHING, max_size=3) | ANYTHING},
    optional={
        "defaults": st.fixed_dictionaries({}, optional={**dict.fromkeys(TIMES, DURATION), "thresholds": THRESHOLDS}) | ANYTHING,
        "provider_files": st.lists(st.sampled_from(["*.yaml", ".", "x"]) | ANYTHING, max_size=2) | ANYTHING,
    },
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@example({"accounts": [{"name": "a", "provider": "heygen", "credentials": {"api_key": {"env": "HEYGEN_API_KEY"}}}]})
@given(ANYTHING | FILE)
def test_any_data_is_loaded_or_refused(scratch: Path, data: Any) -> None:
    path = write(scratch, yaml.safe_dump(data, allow_unicode=True))
    try:
        config = load(path)
    except ConfigError as error:
        assert [*filter(None, (problem.message for problem in error.problems))]  # noqa: PT017 -- most data is refused, some is not
    else:
        for index, account in enumerate(config.accounts):
            settings = resolved(config, index)
            assert settings.interval >= 1
            assert [source.read(ENVIRON) for source in account.credentials.values()]
            assert all((each.amount is None) != (each.share is None) for each in settings.thresholds)
