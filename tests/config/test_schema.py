"""The shipped schema and the shipped example agree with the models."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from exporter.cli.main import main
from exporter.config.credentials import SecretSource
from exporter.config.loading import json_schema
from exporter.config.models import Account, Config, Defaults
from exporter.config.push_settings import HeaderSource, Otlp, Push
from exporter.config.threshold_settings import SeverityThresholds
from exporter.providers.library import load_definitions
from tests.config.support import ENVIRON, HERE, load, write

ROOT: Final = HERE.parent.parent
SCHEMA: Final = ROOT / "exporter" / "config" / "config.schema.json"
EXAMPLE: Final = (ROOT / "config.example.yaml").read_text(encoding="utf-8")

NOT_IN_THE_EXAMPLE: Final = {
    "value": "a key in the file is accepted, but should not be copied from an example",
    "enabled": "for an account that is switched off for a while",
    "params": "no vendor of the example needs any",
    "plain_http": "for software that operators host in a network of their own",
    "base_url": "for gateways and tests; the definition's own address is right for everyone else",
}


def example_in(folder: Path, text: str = EXAMPLE) -> Path:
    (folder / "elevenlabs").write_text("made-up-elevenlabs\n")
    return write(folder, text.replace("/run/secrets/elevenlabs", "elevenlabs"))


def test_one_schema_is_printed_at_a_time() -> None:
    result = CliRunner().invoke(main, ["check", "--schema", "--provider-schema"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "expected --schema or --provider-schema, not both" in result.stderr


def test_the_shipped_schema_is_what_check_prints() -> None:
    printed = CliRunner().invoke(main, ["check", "--schema"])
    assert printed.exit_code == 0
    assert SCHEMA.read_text(encoding="utf-8") == printed.output


def test_the_schema_is_valid() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json.loads(SCHEMA.read_text(encoding="utf-8"))["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def with_defaults(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if "default" in node and not place.endswith("/properties"):
            yield place, node
        for name, inner in node.items():
            yield from with_defaults(inner, f"{place}/{name}")


def test_the_defaults_in_the_schema_are_valid() -> None:
    schema = json_schema()
    found = list(with_defaults(schema))
    wrong = [place for place, node in found if not Draft202012Validator({**node, "$defs": schema["$defs"]}).is_valid(node["default"])]
    assert found
    assert wrong == []


@pytest.mark.parametrize("model", [Config, Account, Defaults, SeverityThresholds, SecretSource, Push, Otlp, HeaderSource])
def test_the_schema_describes_every_key(model: type[BaseModel]) -> None:
    def descriptions(node: dict[str, Any]) -> list[str]:
        inner = [node, *node.get("anyOf", [])]
        return [text for each in inner if (text := each.get("description") or each.get("$ref"))]

    properties = json_schema(model)["properties"]
    assert properties.keys() == model.model_fields.keys()
    assert [name for name, node in properties.items() if not descriptions(node)] == []


def test_the_example_satisfies_the_schema() -> None:
    Draft202012Validator(json_schema()).validate(yaml.safe_load(EXAMPLE))


def test_the_example_points_editors_to_the_schema() -> None:
    [target] = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", EXAMPLE, re.MULTILINE)
    assert target == "./config.schema.json"
    assert f"ai-account-exporter check --schema > {target.removeprefix('./')}" in EXAMPLE


def test_the_example_loads(tmp_path: Path) -> None:
    config = load(example_in(tmp_path))
    assert ["/".join(account.key) for account in config.accounts] == [
        "heygen/studio",
        "heygen/web-plan",
        "elevenlabs/narration",
        "liveavatar/stage",
    ]
    assert config.defaults == Defaults.model_validate(
        {
            "interval": "5m", "timeout": "15s", "stale_after": "15m", "max_backoff": "15m",
            "thresholds": {"*": {"warning": "20%", "critical": "5%"}},
        }
    )  # fmt: skip


def test_the_example_contains_only_what_it_needs(tmp_path: Path) -> None:
    asked = {source.env for account in load(example_in(tmp_path)).accounts for source in account.credentials.values()} - {None}
    assert asked == {"HEYGEN_API_KEY", "HEYGEN_ACCESS_TOKEN", "LIVEAVATAR_API_KEY"}
    assert asked <= ENVIRON.keys()


def test_the_commented_lines_of_the_example_are_valid(tmp_path: Path) -> None:
    text, count = re.subn(r"^# (provider_files: |push:|  )", r"\1", EXAMPLE, flags=re.MULTILINE)
    assert count == 8
    (tmp_path / "providers").mkdir()
    shutil.copy(HERE / "good" / "definitions" / "acme.yaml", tmp_path / "providers")
    config = load(example_in(tmp_path, text), {**ENVIRON, "OTLP_AUTHORIZATION": "Basic dXNlcjprZXk="})
    assert config.provider_files == ["providers/*.yaml"]
    assert config.push
    assert config.push.otlp.resource == {"service.name": "ai-account-exporter"}


def test_the_example_lists_all_regions() -> None:
    [listed] = re.findall(r"region: eu +# (.+)$", EXAMPLE, re.MULTILINE)
    assert set(listed.replace(" (the default)", "").split(", ")) == load_definitions()["elevenlabs"].regions.keys()


def test_every_key_is_in_the_example_or_left_out_for_a_reason() -> None:
    keys = {name for model in (Config, Account, Defaults, SeverityThresholds, SecretSource, Push, Otlp) for name in model.model_fields}
    shown = {key for key in keys if re.search(rf"(?<![\w.]){key}: ", EXAMPLE) or re.search(rf"^\W*{key}:$", EXAMPLE, re.MULTILINE)}
    assert keys - shown == NOT_IN_THE_EXAMPLE.keys()
