"""What the documents say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from exporter.cli.main import COMMANDS, main
from exporter.config.context import ConfigContext
from exporter.config.models import Config
from exporter.metrics.catalogue import CATALOGUE
from exporter.model import Reason
from exporter.providers.definition import Definition
from exporter.providers.extract import extract
from exporter.providers.library import load_definitions
from exporter.providers.values import decode_json

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECORDING = (ROOT / "prometheus" / "rules" / "recording.yaml").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_readme_s_configuration_is_right(tmp_path: Path) -> None:
    [text] = [block for block in blocks(README, "yaml") if "accounts:" in block]
    (tmp_path / "elevenlabs").write_text("a-key")
    data = yaml.safe_load(text.replace("/run/secrets/elevenlabs", str(tmp_path / "elevenlabs")))
    context = ConfigContext({"HEYGEN_API_KEY": "a-key"}, tmp_path, load_definitions())
    assert len(Config.model_validate(data, context=context).accounts) == 2


def test_the_definition_in_contributing_is_right() -> None:
    [text] = [block for block in blocks(CONTRIBUTING, "yaml") if "title: Acme" in block]
    definition = Definition.model_validate(yaml.safe_load(text))
    body = b"""{"balance": {"cents": 1250, "currency": "USD"}, "plan": {"name": "pro", "used": 40, "granted": 100, "renews": "2026-12-01T00:00:00Z"}}"""
    reading = extract([(definition.requests[0], decode_json(body))])
    assert [(quota.resource, quota.unit, str(quota.remaining)) for quota in reading.quotas] == [
        ("wallet", "usd", "12.50"),
        ("speech", "characters", "60"),
    ]
    assert not reading.mismatches


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_metrics_that_exist(document: Path) -> None:
    known = {family.name for family in CATALOGUE}
    named = set(re.findall(r"(?<![:\w])ai_account_[a-z_]+[a-z]\b", document.read_text(encoding="utf-8")))
    assert {name for name in named if name not in known and not any(other.startswith(f"{name}_") for other in known)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_recorded_series_that_exist(document: Path) -> None:
    known = {rule["record"] for group in yaml.safe_load(RECORDING)["groups"] for rule in group["rules"]}
    named = set(re.findall(r"\baccount:ai_account_\w+:\w+", document.read_text(encoding="utf-8")))
    assert named <= known


def test_the_readme_tells_the_way_out_of_what_an_operator_can_mend() -> None:
    table = README.split("## When something is wrong")[1]
    beyond = {Reason.TIMEOUT, Reason.CONNECTION, Reason.TLS, Reason.CLIENT_ERROR, Reason.SERVER_ERROR, Reason.INTERNAL}
    assert {f'reason="{reason}"' for reason in set(Reason) - beyond} <= set(re.findall(r'reason="\w+"', table))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_targets_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z0-9]+)", text)) <= targets
    assert set(re.findall(r"ai-account-exporter (\w+)\b", "\n".join(re.findall(r"`[^`]+`", text)))) <= {*COMMANDS}


def test_flags_that_the_readme_names_exist() -> None:
    runner = CliRunner()
    known = {flag for name in COMMANDS for flag in re.findall(r"--[a-z.-]+[a-z]", runner.invoke(main, [name, "--help"]).output)}
    named = set(re.findall(r"(?<![\w-])--(?:web|log|config)\.[a-z.-]+[a-z]", README)) | set(re.findall(r"check (--[a-z.-]+[a-z])", README))
    assert named <= known
