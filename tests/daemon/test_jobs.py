"""What a configuration comes down to: jobs, and entries that keep what was known."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.config.loading import load_config
from exporter.daemon.jobs import Plan, plan_of
from exporter.model import AccountKey, Threshold

STUDIO: Final = {"name": "studio", "provider": "heygen", "credentials": {"api_key": {"value": "made-up"}}}
KEY: Final = AccountKey("heygen", "studio")


def plan(folder: Path, account: dict[str, Any], **rest: Any) -> Plan:
    path = folder / "config.yaml"
    path.write_text(json.dumps({"accounts": [{**STUDIO, **account}], **rest}))
    return plan_of(load_config(path, {}))


def test_a_job_has_what_its_account_says_and_the_defaults_for_the_rest(tmp_path: Path) -> None:
    defaults = {"timeout": "3s", "interval": "1m", "thresholds": {"*": {"warning": "20%"}, "wallet": {"warning": 50}}}
    [job] = plan(tmp_path, {"interval": "2m", "thresholds": {"wallet": {"critical": 0.1}}}, defaults=defaults).jobs
    assert (job.settings.interval, job.settings.timeout, job.settings.stale_after) == (120, 3, 360)
    assert job.settings.thresholds == (
        Threshold("*", "warning", share=Decimal("0.2")),
        Threshold("wallet", "warning", amount=Decimal(50)),
        Threshold("wallet", "critical", amount=Decimal("0.1")),
    )


def test_a_plan_names_the_state_and_all_that_was_read(tmp_path: Path) -> None:
    made = plan(tmp_path, {}, state={"path": "state.db"})
    assert (made.state_path, made.files) == (tmp_path / "state.db", (tmp_path / "config.yaml",))
    assert plan(tmp_path, {}).state_path is None


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ({}, "https://api.elevenlabs.io"),
        ({"region": "eu"}, "https://api.eu.residency.elevenlabs.io"),
        ({"base_url": "http://[::1]"}, "http://[::1]"),
    ],
)
def test_an_account_is_asked_at_its_own_address_its_region_or_the_providers(tmp_path: Path, region: dict[str, str], expected: str) -> None:
    [job] = plan(tmp_path, {"provider": "elevenlabs", **region}).jobs
    assert job.settings.base_url == expected
