"""The corpus: each bad file lists its problems, each good file lists its accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft202012Validator

from exporter.config.loading import json_schema
from exporter.providers.library import load_definitions
from tests.config.support import HERE, load, problems
from tests.support import stated

BAD: Final = sorted((HERE / "bad").glob("*.yaml"))
GOOD: Final = sorted((HERE / "good").glob("*.yaml"))
SCHEMA: Final = Draft202012Validator(json_schema())
SCHEMA_TOO: Final = "# the schema refuses it too"


def known_providers() -> str:
    *rest, last = sorted(load_definitions())
    return f"{', '.join(rest)} or {last}"


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_gives_all_the_problems_that_it_states(path: Path) -> None:
    expected = [text.replace("{folder}", str(path.parent)).replace("{providers}", known_providers()) for text in stated(path, "problem")]
    assert expected
    assert sorted(problems(path)) == sorted(expected)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_file_loads_with_the_accounts_that_it_states(path: Path) -> None:
    expected = stated(path, "account")
    assert expected
    assert ["/".join(account.key) for account in load(path).accounts] == expected


@pytest.mark.parametrize("path", BAD + GOOD, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_schema_refuses_what_an_editor_can_see(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    document: Any = yaml.safe_load(text)
    assert SCHEMA.is_valid(document) is (SCHEMA_TOO not in text.splitlines())
