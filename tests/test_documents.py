"""The documents agree with the code."""

from __future__ import annotations

import itertools
import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import get_args

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
from exporter.providers.library import load_definition, read_definitions
from exporter.providers.request_fields import InfoLabel
from exporter.providers.request_template import fill_all
from exporter.providers.values import decode_json
from exporter.validation.document import read_document

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PROSE = [*DOCUMENTS, *(ROOT / "prometheus").rglob("*.md"), *(ROOT / "helm").rglob("*.md"), *(ROOT / ".github").rglob("*.md")]
RECORDING = (ROOT / "prometheus" / "rules" / "recording.yaml").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


CONFIGURATIONS = [
    pytest.param(text, id=f"{name} {number}")
    for name in ("README.md", "docs/quickstart.md", "docs/alerts.md", "docs/systemd.md", "docs/configuration.md", "docs/oauth.md")
    for number, text in enumerate(blocks((ROOT / name).read_text(encoding="utf-8"), "yaml"))
    if re.search("^accounts:", text, re.MULTILINE)
]


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_a_configuration_in_a_document_is_valid(text: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key")
    data = yaml.safe_load(re.sub(r"(\{|refresh_token_)file: [^}]+", rf"\1file: {tmp_path}/key", text))
    context = ConfigContext({"HEYGEN_API_KEY": "a-key"}, tmp_path, read_definitions())
    assert Config.model_validate(data, context=context).accounts


@pytest.mark.parametrize("name", ["prometheus.yml", "config.yaml", "keys/"])
def test_git_ignores_what_the_quick_start_creates_in_a_checkout(name: str) -> None:
    assert name in (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
    assert f"/{name}" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_configurations_in_documents_are_found() -> None:
    assert len(CONFIGURATIONS) >= 5


def test_the_definition_in_contributing_is_valid() -> None:
    [text] = [block for block in blocks(CONTRIBUTING, "yaml") if "title: Acme" in block]
    definition = Definition.model_validate(yaml.safe_load(text))
    body = b"""{"balance": {"cents": 1250, "currency": "USD"}, "plan": {"name": "pro", "used": 40, "granted": 100, "renews": "2026-12-01T00:00:00Z"}}"""
    reading = extract([(definition.requests[0], decode_json(body))])
    assert [(quota.resource, quota.unit, str(quota.remaining)) for quota in reading.quotas] == [
        ("wallet", "usd", "12.50"),
        ("speech", "characters", "60"),
    ]
    assert not reading.mismatches


def test_the_other_keys_in_contributing_are_valid(tmp_path: Path) -> None:
    [first, more] = [block for block in blocks(CONTRIBUTING, "yaml") if "requests:" in block]
    (tmp_path / "more.yaml").write_text(more)
    (tmp_path / "acme.yaml").write_text(json.dumps({**yaml.safe_load(first), **read_document(tmp_path / "more.yaml")}, default=str))
    costs, balance = load_definition(tmp_path / "acme.yaml").requests
    assert (costs.query["start"], balance.method) == ("{month_start:unix}", "POST")
    body = b'{"data": [{"results": [{"amount": {"value": "1.5", "currency": "USD"}}]}, {"results": []}]}'
    [quota] = extract([(costs, decode_json(body))], now=0.0).quotas
    assert (quota.unit, quota.used) == ("usd", Decimal("1.5"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_metrics_that_exist(document: Path) -> None:
    known = {family.name for family in CATALOGUE}
    named = set(re.findall(r"(?<![:\w])ai_account_[a-z_]+[a-z]\b", document.read_text(encoding="utf-8")))
    assert {name for name in named if name not in known and not any(other.startswith(f"{name}_") for other in known)} == set()


@cache
def recorded() -> set[str]:
    return {rule["record"] for group in yaml.safe_load(RECORDING)["groups"] for rule in group["rules"]}


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if path != ROOT / "CHANGELOG.md"], ids=lambda path: path.name)
def test_a_document_names_only_recorded_series_that_exist(document: Path) -> None:
    named = set(re.findall(r"\baccount:ai_account_\w+:\w+", document.read_text(encoding="utf-8")))
    assert named <= recorded()


def test_troubleshooting_explains_every_reason() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    section = text.partition("\n## A poll fails\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \| \S.* \| \S.* \|$", section, re.MULTILINE)) - {"reason"} == set(Reason)


ITEM = re.compile(r" *(?:[-+*]|\d+[.)])(?: |$)")


def prose_lists(text: str) -> list[str]:
    """Lines of a wrapped sentence that Markdown reads as items of a list. No document has nested lists."""
    lines = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL).splitlines()
    return [
        line
        for before, line in itertools.pairwise(lines)
        if ITEM.match(line)
        and (line.startswith(" ") or (before.strip() and not ITEM.match(before) and not before.startswith(("  ", "<!--"))))
    ]


@pytest.mark.parametrize("document", PROSE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_sentence_becomes_a_list_by_accident(document: Path) -> None:
    assert prose_lists(document.read_text(encoding="utf-8")) == []


def test_a_sentence_that_becomes_a_list_is_found() -> None:
    text = "It ends with 0 or\n1. It needs\n\n- one\n  two\n- three is 1\n  + 2\n\nSee\n+ this\n"
    assert prose_lists(text) == ["1. It needs", "  + 2", "+ this"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_are_valid(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_that_a_document_names_exist(document: Path) -> None:
    folders = "exporter|tests|tools|docs|prometheus|grafana|helm|benchmarks"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", document.read_text(encoding="utf-8"))
    assert [path for path in named if "acme" not in path and "NAME" not in path and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_targets_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z0-9]+)", text)) <= targets
    assert set(re.findall(r"ai-account-exporter (\w+)\b", "\n".join(re.findall(r"`[^`]+`", text)))) <= {*COMMANDS}


@cache
def help_of(command: str) -> str:
    return CliRunner().invoke(main, [command, "--help"]).output


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_flags_that_a_document_names_exist(document: Path) -> None:
    known = {flag for name in COMMANDS for flag in re.findall(r"--[a-z.-]+[a-z]", help_of(name))}
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--(?:web|log|shard|total)[a-z.-]+[a-z]", text)) | set(re.findall(r"check (--[a-z.-]+[a-z])", text))
    assert named <= known


def calls(text: str) -> set[tuple[str, str]]:
    """The commands and flags in the code of a document. A flag after `|` or `#` belongs to another program or a comment."""
    code = re.findall(r"^```sh\n(.*?)^```|`([^`\n]+)`", text, re.MULTILINE | re.DOTALL)
    lines = "\n".join(part for parts in code for part in parts).replace("\\\n", " ").splitlines()
    found = [each for line in lines if (each := re.search(r"(?:^|/|uvx )ai-account-exporter (\w+)([^|#>]*)", line.strip()))]
    return {(each[1], flag) for each in found for flag in ["", *re.findall(r"(?<!\S)--[a-z.-]+[a-z]", each[2])]}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_flags_of_a_command_in_a_document_are_those_of_this_command(document: Path) -> None:
    called = calls(document.read_text(encoding="utf-8"))
    pages = {name: help_of(name) for name, _ in called if name in COMMANDS}
    assert [(name, flag) for name, flag in sorted(called) if flag and name in pages and flag not in pages[name]] == []


def test_the_commands_in_a_document_are_found() -> None:
    text = "```sh\n.venv/bin/ai-account-exporter serve --config.file=a \\\n  --web.listen-address=:1   # --no\n```\n`ai-account-exporter check --schema | x --y`"
    assert calls(text) == {
        ("serve", ""),
        ("serve", "--config.file"),
        ("serve", "--web.listen-address"),
        ("check", ""),
        ("check", "--schema"),
    }


def test_the_page_on_dashboards_uses_the_words_of_the_dashboards() -> None:
    text = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8").partition("## Fleet")[2].partition("## Installation")[0]
    shown = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "grafana" / "dashboards").glob("*.json"))
    words = set(re.findall(r"`([A-Za-z][a-z ]+)`", text)) | set(re.findall(r'(?<!=)"([A-Z][^"=]+)"', text))
    assert {word for word in words if f'"{word}"' not in shown} == set()


def test_the_page_on_alerts_checks_and_loads_the_files_that_its_command_writes(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    [(folder, pattern)] = re.findall(r"examples prometheus/rules --output (\S+)\npromtool check rules \1/(\S+)", text)
    assert CliRunner().invoke(main, ["examples", "prometheus/rules", "--output", str(tmp_path)]).exit_code == 0
    assert {path.name for path in tmp_path.glob(pattern)} == {"alerts.yaml", "recording.yaml"}
    assert f"rule_files:\n  - {folder}/{pattern}\n" in text


def test_no_table_of_a_document_is_empty() -> None:
    empty = re.compile(r"^\|(?: -+:? \||-+:?\|)+\n(?!\|)", re.MULTILINE)
    assert [path.name for path in DOCUMENTS if empty.search(path.read_text(encoding="utf-8"))] == []


def test_the_schema_of_definitions_is_that_of_the_documentation() -> None:
    result = CliRunner().invoke(main, ["check", "--provider-schema"])
    assert result.stdout == (ROOT / "docs" / "definition.schema.json").read_text(encoding="utf-8")
    assert "check --provider-schema > definition.schema.json" in (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")


def test_the_request_in_definitions_sends_what_it_shows() -> None:
    text = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
    [whole, request] = [yaml.safe_load(block) for block in blocks(text, "yaml")]
    [asked] = Definition.model_validate({**whole, **request}).requests
    assert fill_all(asked.body, {}, 1_795_000_000.0) == {"from": "2026-11-01", "before": "2026-11-19"}
    assert (
        "| `tomorrow` | the first second after the day | `1795046400` | `1795046400000` | `2026-11-19T00:00:00Z` | `2026-11-19` |" in text
    )


def test_two_fields_are_added_as_definitions_shows() -> None:
    text = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
    assert 'each: "[data.a, data.b]"` and `remaining: "@"' in text
    quota = {"resource": "wallet", "unit": "usd", "each": "[data.a, data.b]", "remaining": "@"}
    definition = Definition.model_validate(
        {**yaml.safe_load(blocks(text, "yaml")[0]), "requests": [{"path": "/x", "expect": "data", "quotas": [quota]}]}
    )
    [sum_] = extract([(definition.requests[0], decode_json(b'{"data": {"a": 1.5, "b": "2"}}'))]).quotas
    assert sum_.remaining == Decimal("3.5")


def test_definitions_names_every_reason_and_every_label() -> None:
    text = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
    assert all(f"`{word}`" in text for word in (*Reason, *get_args(InfoLabel)))
