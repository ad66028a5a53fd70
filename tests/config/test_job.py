"""The jobs of a configuration."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.config.job import Job, build_jobs
from exporter.config.loading import Loaded, load_config
from exporter.config.models import Config
from exporter.model import AccountKey, Threshold
from exporter.providers.library import load_definitions

STUDIO: Final = {"name": "studio", "provider": "heygen", "credentials": {"api_key": {"value": "made-up"}}}
KEY: Final = AccountKey("heygen", "studio")


def jobs(folder: Path, account: dict[str, Any], **rest: Any) -> list[Job]:
    path = folder / "config.yaml"
    path.write_text(json.dumps({"accounts": [{**STUDIO, **account}], **rest}))
    return build_jobs(load_config(path, {}))


def test_a_job_has_the_settings_of_its_account_or_the_defaults(tmp_path: Path) -> None:
    defaults = {"timeout": "3s", "interval": "1m", "thresholds": {"*": {"warning": "20%"}, "wallet": {"warning": 50}}}
    [job] = jobs(tmp_path, {"interval": "2m", "thresholds": {"wallet": {"critical": 0.1}}}, defaults=defaults)
    assert (job.settings.interval, job.settings.timeout, job.settings.stale_after) == (120, 3, 360)
    assert job.settings.thresholds == (
        Threshold("*", "warning", share=Decimal("0.2")),
        Threshold("wallet", "warning", amount=Decimal(50)),
        Threshold("wallet", "critical", amount=Decimal("0.1")),
    )


def test_a_job_knows_which_resources_its_account_names_itself(tmp_path: Path) -> None:
    defaults = {"thresholds": {"included_credits": {"warning": "20%"}}, "budgets": {"spend": {"eur": 5}}}
    [job] = jobs(tmp_path, {"thresholds": {"wallet": {"critical": 1}}, "budgets": {"spend": {"usd": 5}}}, defaults=defaults)
    assert job.settings.named == {"wallet", "spend"}


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ({}, "https://api.elevenlabs.io"),
        ({"region": "eu"}, "https://api.eu.residency.elevenlabs.io"),
        ({"base_url": "http://[::1]"}, "http://[::1]"),
    ],
)
def test_the_base_url_is_that_of_the_account_its_region_or_the_provider(tmp_path: Path, region: dict[str, str], expected: str) -> None:
    [job] = jobs(tmp_path, {"provider": "elevenlabs", **region})
    assert job.settings.base_url == expected


def test_equal_parts_of_the_settings_of_many_accounts_are_one_object() -> None:
    block = {"provider": "heygen", "credentials": {"api_key": {"env": "K"}}, "labels": {"team": "x"}, "no_proxy": ["a"]}
    config = Config.model_validate({"accounts": [{**block, "name": name} for name in "ab"]})
    one, other = (job.settings for job in build_jobs(Loaded(config, load_definitions())))
    for part in ("labels", "params", "budgets", "connection", "request_budget"):
        assert getattr(one, part) is getattr(other, part), part


def test_settings_of_an_earlier_configuration_are_not_kept_in_memory() -> None:
    """They may contain the login of a proxy."""
    block = {"name": "a", "provider": "heygen", "credentials": {"api_key": {"env": "K"}}, "no_proxy": ["a"]}
    [one], [other] = (build_jobs(Loaded(Config.model_validate({"accounts": [block]}), load_definitions())) for _ in range(2))
    assert one.settings.connection == other.settings.connection
    assert one.settings.connection is not other.settings.connection
