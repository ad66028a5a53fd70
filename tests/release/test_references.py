"""The generated references contain every key, every vendor and every alert, and their examples are valid."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from exporter.config.job import build_jobs
from exporter.config.loading import json_schema, load_config
from exporter.config.models import Config
from exporter.providers.definition import CATEGORIES, Definition
from exporter.providers.library import BUILT_IN, SEEN, packaged_definitions
from exporter.validation.document import read_document
from tools.docs import definition_keys
from tools.docs.configuration import BLOCKS, EXAMPLES, configuration
from tools.docs.definitions import EXAMPLE, definitions
from tools.docs.vendors import vendor_documents

ROOT = Path(__file__).parent.parent.parent
ACCOUNT = {"name": "studio", "provider": "heygen", "credentials": {"api_key": {"env": "HEYGEN_API_KEY"}}}
PAGES = vendor_documents()
SCHEMA = json_schema(Definition)
VALIDATOR = Draft202012Validator(SCHEMA)
CASES = [(block, key, text) for block, keys in EXAMPLES.items() for key, text in keys.items()]


def in_place(block: str, written: dict[str, Any]) -> dict[str, Any]:
    """A complete configuration that contains this part."""
    login = {"client_id": "a-client", "refresh_token_file": "a-file"}
    endpoint = {"endpoint": "https://collector.example.com/v1/metrics"}
    account: dict[str, dict[str, Any]] = {
        "Account": written,
        "SecretSource": {"credentials": written},
        "Login": {"credentials": {"access_token": {"oauth2": login | written}}},
        "SeverityThresholds": {"thresholds": {"wallet": written}},
    }
    top: dict[str, dict[str, Any]] = {
        "Config": written,
        "Defaults": {"defaults": written},
        "Network": {"defaults": written},
        "RequestBudget": {"providers": {"heygen": written}},
        "StateFields": {"state": written},
        "Push": {"push": written},
        "Otlp": {"push": {"otlp": endpoint | written}},
        "HeaderSource": {"push": {"otlp": endpoint | {"headers": written}}},
    }
    return {"accounts": [ACCOUNT | account[block]]} if block in account else {"accounts": [ACCOUNT], **top[block]}


@pytest.mark.parametrize(("block", "key", "text"), CASES, ids=[f"{block}.{key}" for block, key, _ in CASES])
def test_the_example_of_a_key_is_valid(block: str, key: str, text: str) -> None:
    written = yaml.safe_load(text)
    assert (
        list(written) == [key]
        if block not in {"SecretSource", "HeaderSource"}
        else [key] == [name for source in written.values() for name in source]
    )
    Config.model_validate(in_place(block, written))


def test_every_key_of_the_schema_has_a_row() -> None:
    schema = json_schema()
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", configuration(Path()), re.MULTILINE | re.DOTALL))
    for block, found in {**schema["$defs"], "Config": schema}.items():
        shown = sections[BLOCKS[block][0]] + (sections[BLOCKS["Network"][0]] if block in {"Account", "Defaults", "Otlp"} else "")
        assert set(found["properties"]) <= set(re.findall(r"^\| `(\w+)` \|", shown, re.MULTILINE)), block


def test_every_row_of_the_configuration_is_complete() -> None:
    rows = [line.strip("| ").split(" | ") for line in configuration(Path()).splitlines() if line.startswith("| `")]
    assert len(rows) == len(CASES)
    assert [row for row in rows if len(row) != 4 or not all(cell.strip() for cell in row)] == []


@pytest.mark.parametrize("name", packaged_definitions())
def test_a_vendor_has_a_page_with_its_resources_its_notes_and_a_series(name: str) -> None:
    definition = packaged_definitions()[name]
    page = PAGES[f"docs/vendors/{name}.md"](Path())
    assert page.count(f"\n# {definition.title}\n") == 1
    assert {quota.resource for quota in definition.quotas} <= set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert [note for note in definition.notes if f"- {note}\n" not in page] == []
    assert all(f"credential `{each}`" in page for each in definition.credentials)
    assert all(f"param `{each}`" in page for each in definition.params)
    assert re.search(rf'ai_account_quota_(remaining|used|limit|unlimited)\{{account="example",provider="{name}"', page)
    assert "ai_account_scrapes_total" not in page


PARAMS = ("a-name", "0123456789abcdef0123456789abcdef", f"AC{'0' * 32}", "01234567-89ab-cdef-0123-456789abcdef")
"""Values for params. One of them matches the pattern of each."""


@pytest.mark.parametrize("name", packaged_definitions())
def test_the_configuration_on_the_page_of_a_vendor_can_be_used(name: str, tmp_path: Path) -> None:
    definition = packaged_definitions()[name]
    [text] = re.findall(r"^## Configuration\n.*?^```yaml\n(.*?)^```", PAGES[f"docs/vendors/{name}.md"](Path()), re.MULTILINE | re.DOTALL)
    for param, fields in definition.params.items():
        value = next(value for value in PARAMS if re.fullmatch(fields.pattern or ".*", value))
        text = text.replace(f"{param}: {param.upper()}", f"{param}: {value}")
    for folder in ("keys", "providers"):
        (tmp_path / folder).mkdir()
    (tmp_path / "keys" / name).write_text("a-key")
    if (seen := SEEN / f"{name}.yaml").is_file():
        shutil.copy(seen, tmp_path / "providers")
    (tmp_path / "config.yaml").write_text(text)
    [job] = build_jobs(load_config(tmp_path / "config.yaml", {}))
    assert job.key == (name, "main")


def test_the_documents_contain_how_many_definitions_have_which_level() -> None:
    built_in, seen = len([*BUILT_IN.glob("*.yaml")]), len([*SEEN.glob("*.yaml")])
    documents = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/vendors/index.md")]
    assert all(f"{built_in} vendors are built in." in text and f"{seen} more" in text for text in documents)
    assert sorted(re.findall(r"/vendors/(\w+)/\)\\\*", documents[0])) == sorted(path.stem for path in SEEN.glob("*.yaml"))


def test_the_index_of_vendors_has_each_once_in_its_category() -> None:
    page = PAGES["docs/vendors/index.md"](Path())
    listed = re.findall(r"^\| \[.+?\]\((\w+)\.md\) \| `(\w+)` \| (\w+) \| `", page, re.MULTILINE)
    assert sorted(listed) == sorted((name, name, each.verified and each.verified.level) for name, each in packaged_definitions().items())
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert list(sections) == list(CATEGORIES.values())
    for name, definition in packaged_definitions().items():
        assert definition.category
        assert f"({name}.md)" in sections[CATEGORIES[definition.category]]
    assert "`spend` (usd): used, limit, reset" not in sections["Avatars"]
    assert "`spend` (usd): remaining, used, limit" in sections["Avatars"]


def test_every_key_of_a_definition_has_an_example_and_a_row() -> None:
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", definitions(Path()), re.MULTILINE | re.DOTALL))
    for block, found in {**SCHEMA["$defs"], "Definition": SCHEMA}.items():
        if "properties" in found:
            assert set(definition_keys.EXAMPLES[block]) == set(found["properties"]), block
            assert set(re.findall(r"^\| `(\w+)` \|", sections[definition_keys.BLOCKS[block][0]], re.MULTILINE)) == set(found["properties"])


DEFINITION_CASES = [(block, key, text) for block, keys in definition_keys.EXAMPLES.items() for key, text in keys.items()]


@pytest.mark.parametrize(("block", "key", "text"), DEFINITION_CASES, ids=[f"{block}.{key}" for block, key, _ in DEFINITION_CASES])
def test_the_example_of_a_key_of_a_definition_is_valid(block: str, key: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    written = definition_with(block, read_document(file))
    assert key in text or (block, key) == ("UnitField", "name")
    Definition.model_validate(written)
    assert [*VALIDATOR.iter_errors(json.loads(json.dumps(written, default=str)))] == []


def definition_with(block: str, written: dict[str, Any]) -> dict[str, Any]:
    """A complete definition that contains this part, and whatever the part needs beside it."""
    quota: dict[str, Any] = {"resource": "wallet", "unit": "usd", "remaining": "balance"}
    request: dict[str, Any] = {"path": "/v1/balance", "expect": "balance", "quotas": [quota]}
    whole: dict[str, Any] = yaml.safe_load(EXAMPLE) | {"requests": [request]}
    if block in {"Definition", "Verified"}:
        whole |= written
    elif block in {"Credential", "BasicFields"}:
        whole["credentials"] = written
    elif block == "ParamFields":
        whole["params"] = written
    elif block == "ErrorFields":
        reasons = dict.fromkeys(written.get("missing_permission", ()), "forbidden")
        whole["errors"] = {"code": "error.code", **({"reasons": reasons} if reasons else {})} | written
    elif block in {"Request", "StatusField", "AutoReloadFields"}:
        request |= {"method": "POST"} | written if "body" in written else written
        whole["requests"] += [{"path": "/v1/account", "expect": "account"}] if written.get("optional") else []
    else:
        quota |= written
        quota |= {"each": "data"} if "empty" in str(written) else {}
    names = set(re.findall(r"\{(project)\}", json.dumps(whole, default=str)))
    used = "project" in whole.get("params", {}) and not names
    whole |= {"params": {"project": {}}} if names and "params" not in whole else {}
    request |= {"query": {"project": "{project}"}} if used else {}
    return whole


SHIPPED = sorted([*BUILT_IN.glob("*.yaml"), *SEEN.glob("*.yaml"), *(ROOT / "tests/providers/worked").glob("*.yaml")])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_schema_accepts_what_the_program_accepts(path: Path) -> None:
    document = json.loads(json.dumps(read_document(path), default=str))
    assert [*VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize(
    "change",
    [{"titel": "Acme"}, {"requests": []}, {"name": 5}, {"category": "music"}, {"min_interval": "1 minute"}, {"requests": [{"path": "/"}]}],
    ids=str,
)
def test_the_schema_refuses_what_the_program_refuses(change: dict[str, Any]) -> None:
    document = yaml.safe_load(EXAMPLE) | change
    with pytest.raises(ValidationError):
        Definition.model_validate(document)
    assert change == {"requests": []} or [*VALIDATOR.iter_errors(document)] != []


def test_the_example_of_the_page_is_a_valid_definition() -> None:
    assert Definition.model_validate(yaml.safe_load(EXAMPLE)).name == "acme"


def test_every_alert_is_listed_and_links_to_its_runbook() -> None:
    groups = yaml.safe_load((ROOT / "prometheus/rules/alerts.yaml").read_text(encoding="utf-8"))["groups"]
    listed = re.findall(
        r"^\| \[(\w+)\]\(runbooks/(\w+)\.md\) \| (\w+) \|", (ROOT / "docs/alerts.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert listed == [(rule["alert"], rule["alert"], rule["labels"]["severity"]) for group in groups for rule in group["rules"]]
