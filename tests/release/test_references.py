"""The generated references contain every key, every vendor and every alert, and their examples are valid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config.loading import json_schema
from exporter.config.models import Config
from exporter.providers.library import load_definitions
from tools.docs.configuration import BLOCKS, EXAMPLES, configuration
from tools.docs.vendors import vendors

ROOT = Path(__file__).parent.parent.parent
ACCOUNT = {"name": "studio", "provider": "heygen", "credentials": {"api_key": {"env": "HEYGEN_API_KEY"}}}
CASES = [(block, key, text) for block, keys in EXAMPLES.items() for key, text in keys.items()]


def in_place(block: str, written: dict[str, Any]) -> dict[str, Any]:
    """A complete configuration that contains this part."""
    login = {"client_id": "a-client", "refresh_token_file": "a-file"}
    account: dict[str, dict[str, Any]] = {
        "Account": written,
        "SecretSource": {"credentials": written},
        "Login": {"credentials": {"access_token": {"oauth2": login | written}}},
        "Levels": {"thresholds": {"wallet": written}},
    }
    top: dict[str, dict[str, Any]] = {
        "Config": written,
        "Defaults": {"defaults": written},
        "Network": {"defaults": written},
        "Limits": {"providers": {"heygen": written}},
        "StateFields": {"state": written},
    }
    return {"accounts": [ACCOUNT | account[block]]} if block in account else {"accounts": [ACCOUNT], **top[block]}


@pytest.mark.parametrize(("block", "key", "text"), CASES, ids=[f"{block}.{key}" for block, key, _ in CASES])
def test_the_example_of_a_key_is_valid(block: str, key: str, text: str) -> None:
    written = yaml.safe_load(text)
    assert list(written) == [key] if block != "SecretSource" else [key] == [name for source in written.values() for name in source]
    Config.model_validate(in_place(block, written))


def test_every_key_of_the_schema_has_a_row() -> None:
    schema = json_schema()
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", configuration(Path()), re.MULTILINE | re.DOTALL))
    for block, found in {**schema["$defs"], "Config": schema}.items():
        shown = sections[BLOCKS[block][0]] + (sections[BLOCKS["Network"][0]] if block in {"Account", "Defaults"} else "")
        assert set(found["properties"]) <= set(re.findall(r"^\| `(\w+)` \|", shown, re.MULTILINE)), block


def test_every_row_of_the_configuration_is_complete() -> None:
    rows = [line.strip("| ").split(" | ") for line in configuration(Path()).splitlines() if line.startswith("| `")]
    assert len(rows) == len(CASES)
    assert [row for row in rows if len(row) != 4 or not all(cell.strip() for cell in row)] == []


@pytest.mark.parametrize("provider", load_definitions())
def test_a_vendor_has_its_resources_its_notes_and_a_series(provider: str) -> None:
    definition = load_definitions()[provider]
    section = vendors(Path()).partition(f"\n## {definition.title}\n")[2].partition("\n## ")[0]
    assert {quota.resource for quota in definition.quotas} <= set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert [note for note in definition.notes if f"- {note}\n" not in section] == []
    assert all(f"credential `{name}`" in section for name in definition.credentials)
    assert re.search(rf'ai_account_quota_(remaining|used){{account="example",provider="{provider}"', section)
    assert "ai_account_scrapes_total" not in section


def test_every_alert_is_listed_and_links_to_its_runbook() -> None:
    groups = yaml.safe_load((ROOT / "prometheus/rules/alerts.yaml").read_text(encoding="utf-8"))["groups"]
    listed = re.findall(
        r"^\| \[(\w+)\]\(runbooks/(\w+)\.md\) \| (\w+) \|", (ROOT / "docs/alerts.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert listed == [(rule["alert"], rule["alert"], rule["labels"]["severity"]) for group in groups for rule in group["rules"]]
