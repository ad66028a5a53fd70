"""Problems of a file are reported in plain words: no type names, no regular expressions, no values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from exporter.config.models import Config
from exporter.providers.definition import Definition
from exporter.validation.problems import problems_of
from tests.config.support import ACCOUNT, problems, write
from tests.providers.made_up import ACME

FOREIGN: Final = re.compile(
    r"Input|[Ss]tring|should|instance|dictionary|integer|boolean|tuple|valid (?!here)|Decimal|\^|\[a-z|pydantic|None|\{(?:g|l|max_|exp|mess)"
)
WORDS = sorted(
    {*Config.model_fields, *Definition.model_fields, *ACCOUNT, "select", "unit", "resource", "quotas", "header", "path", "expect"}
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.text(max_size=5)
    | st.sampled_from(["x" * 200, "\ud800", "a b"])
)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.integers() | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=15,
)
FILES: Final[dict[Any, dict[str, Any]]] = {
    Config: {"accounts": [ACCOUNT], "defaults": {}, "providers": {"heygen": {}}, "state": {"path": "state.db"}},
    Definition: {**ACME, "errors": {"code": "code", "reasons": {"a": "tls"}}},
}


def messages(model: type[Any], data: object) -> list[str]:
    try:
        model.model_validate(data)
    except ValidationError as error:
        return [problem.message for problem in problems_of(error, model)]
    return []


@pytest.mark.parametrize("model", FILES)
@given(data=st.data())
def test_any_problem_is_reported_in_plain_words(model: type[Any], data: st.DataObject) -> None:
    body: Any = {**FILES[model]}
    for key in data.draw(st.lists(st.sampled_from(sorted(model.model_fields)), min_size=1, max_size=3)):
        body[key] = data.draw(DATA)
    found = messages(model, body)
    assert [message for message in found if FOREIGN.search(message) or not message] == []


@pytest.mark.parametrize("value", ["NO", "off", "3", "1.5", "1.0e+3", "0x10", "2024-01-01", "true", ".inf"])
def test_text_that_yaml_reads_as_something_else_needs_quotes(tmp_path: Path, value: str) -> None:
    account = "name: a, provider: heygen, credentials: {api_key: {env: HEYGEN_API_KEY}}"
    assert problems(write(tmp_path, f"accounts: [{{{account}, labels: {{country: {value}}}}}]")) == [
        "accounts[0].labels.country: expected text: put it in quotes"
    ]
    assert problems(write(tmp_path, f"accounts: [{{{account}, labels: {{country: '{value}'}}}}]")) == []


@pytest.mark.parametrize("key", ["defaults", "providers", "state", "provider_files"])
def test_an_empty_block_of_the_file_counts_as_absent(tmp_path: Path, key: str) -> None:
    text = yaml.safe_dump({"accounts": [dict(ACCOUNT)]})
    assert problems(write(tmp_path, f"{text}\n{key}:\n")) == []


@pytest.mark.parametrize(
    "data",
    [
        *({"accounts": [{**ACCOUNT, key: None}]} for key in ("thresholds", "labels", "no_proxy", "interval")),
        *({"defaults": {key: None}, "accounts": [dict(ACCOUNT)]} for key in ("thresholds", "no_proxy", "stale_after")),
    ],
    ids=str,
)
def test_an_empty_block_of_an_account_or_of_the_defaults_counts_as_absent(tmp_path: Path, data: object) -> None:
    assert problems(write(tmp_path, yaml.safe_dump(data))) == []


@pytest.mark.parametrize("key", ["regions", "notes", "errors"])
def test_an_empty_block_of_a_definition_counts_as_absent(key: str) -> None:
    assert messages(Definition, {**ACME, key: None}) == []


@pytest.mark.parametrize("path", ["/run/\\ud800", "a\\0b", "a\\nb"])
@pytest.mark.parametrize("place", ["state: {path: PATH}", "defaults: {ca_file: PATH}", "provider_files: [PATH]"])
def test_a_path_that_cannot_exist_is_a_problem(tmp_path: Path, path: str, place: str) -> None:
    text = f"accounts: [{{name: a, provider: heygen, credentials: {{api_key: {{env: HEYGEN_API_KEY}}}}}}]\n{place.replace('PATH', chr(34) + path + chr(34))}\n"
    assert len(problems(write(tmp_path, text))) == 1


@pytest.mark.parametrize("path", ["/run/\\ud800", "a\\0b"])
@pytest.mark.parametrize("source", ["{file: PATH}", "{oauth2: {client_id: x, refresh_token_file: PATH}}"])
def test_a_path_of_a_secret_that_cannot_exist_is_a_problem(tmp_path: Path, path: str, source: str) -> None:
    quoted = source.replace("PATH", f'"{path}"')
    [problem] = problems(write(tmp_path, f"accounts: [{{name: a, provider: heygen, credentials: {{access_token: {quoted}}}}}]"))
    assert problem.startswith("accounts[0].credentials.access_token")


@pytest.mark.parametrize(
    "secret",
    [
        "sk_live_51Hx9aBcD3fGh",
        "5e83canary0123456789abcdef",
        "eyJhbGciOi.J9.c2ln",
        "AKIA2E0A8F3B244C9986",
        "Y2FuYXJ5canary5NWU4Mw==",
        "x" * 40,
    ],
)
@pytest.mark.parametrize(
    "text", ["KEY: 1", "accounts: [{KEY: 1}]", "defaults: {KEY: 1}", "providers: {KEY: {}}", "defaults: {thresholds: {KEY: {warning: 1}}}", "provider_files: [KEY]"]
)  # fmt: skip
def test_a_key_that_may_be_a_secret_is_not_shown_wherever_it_is(tmp_path: Path, secret: str, text: str) -> None:
    found = problems(write(tmp_path, text.replace("KEY", secret)))
    assert found
    assert not any(secret in problem for problem in found)
