"""From a configuration to jobs, and from jobs to entries that keep what was known."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.accounts.store import Entry
from exporter.client.job import Job
from exporter.config.loading import load_config
from exporter.daemon.jobs import build_jobs, new_entries
from exporter.model import AccountKey, Reading, Reason, Seconds, Threshold

STUDIO: Final = {"name": "studio", "provider": "heygen", "credentials": {"api_key": {"value": "made-up"}}}
KEY: Final = AccountKey("heygen", "studio")


def jobs(folder: Path, account: dict[str, Any], **rest: Any) -> list[Job]:
    path = folder / "config.yaml"
    path.write_text(json.dumps({"accounts": [{**STUDIO, **account}], **rest}))
    return build_jobs(load_config(path, {}))


def test_a_job_has_the_settings_of_its_account_else_the_defaults(tmp_path: Path) -> None:
    defaults = {"timeout": "3s", "interval": "1m", "thresholds": {"*": {"warning": "20%"}, "wallet": {"warning": 50}}}
    [job] = jobs(tmp_path, {"interval": "2m", "thresholds": {"wallet": {"critical": 0.1}}}, defaults=defaults)
    assert (job.settings.interval, job.settings.timeout, job.settings.stale_after) == (120, 3, 360)
    assert job.settings.thresholds == (
        Threshold("*", "warning", share=Decimal("0.2")),
        Threshold("wallet", "warning", amount=Decimal(50)),
        Threshold("wallet", "critical", amount=Decimal("0.1")),
    )


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ({}, "https://api.elevenlabs.io"),
        ({"region": "eu"}, "https://api.eu.residency.elevenlabs.io"),
        ({"base_url": "http://[::1]"}, "http://[::1]"),
    ],
)
def test_the_address_is_the_accounts_own_its_regions_or_the_providers(tmp_path: Path, region: dict[str, str], expected: str) -> None:
    [job] = jobs(tmp_path, {"provider": "elevenlabs", **region})
    assert job.settings.base_url == expected


def test_a_new_account_starts_with_its_labels_and_thresholds_only(tmp_path: Path) -> None:
    made = jobs(tmp_path, {"labels": {"team": "video"}, "thresholds": {"wallet": {"warning": 50}}})
    thresholds = (Threshold("wallet", "warning", amount=Decimal(50)),)
    [entry] = new_entries(made)
    assert entry == Entry(KEY, {"team": "video"}, Seconds(900.0), Seconds(300.0), thresholds=thresholds)


def test_a_kept_account_keeps_its_figures_and_gets_the_new_settings(tmp_path: Path) -> None:
    made = jobs(tmp_path, {"labels": {"team": "video"}, "stale_after": "1h", "thresholds": {"wallet": {"warning": 50}}})
    old = (Threshold("spend", "critical", amount=Decimal(7)),)
    kept = Entry(
        KEY, {"team": "old"}, Seconds(900.0), Seconds(77.0), reading=Reading(), up=True, polls=9, errors={Reason.TLS: 2}, thresholds=old
    )  # fmt: skip
    [entry] = new_entries(made, {KEY: kept})
    wanted = (Threshold("wallet", "warning", amount=Decimal(50)),)
    assert entry == replace(kept, labels={"team": "video"}, stale_after=Seconds(3600.0), thresholds=wanted)


def test_thresholds_that_were_removed_from_the_configuration_are_gone(tmp_path: Path) -> None:
    kept = Entry(KEY, {}, Seconds(900.0), Seconds(300.0), thresholds=(Threshold("wallet", "warning", amount=Decimal(50)),))
    [entry] = new_entries(jobs(tmp_path, {}), {KEY: kept})
    assert entry.thresholds == ()
