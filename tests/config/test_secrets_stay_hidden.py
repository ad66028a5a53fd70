"""A key in the wrong place of the configuration is never repeated in the problems."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.config.support import ACCOUNT, CANARY, problems, write


def problems_of(folder: Path, credentials: str, rest: str = "") -> list[str]:
    return problems(write(folder, f"accounts: [{{name: a, provider: heygen, credentials: {credentials}}}]\n{rest}"))


@pytest.mark.parametrize(
    "credentials",
    [
        CANARY,
        f"[{CANARY}]",
        f"{{api_key: {CANARY}}}",
        f"{{api_key: [{CANARY}]}}",
        f"{{api_key: {{env: [{CANARY}]}}}}",
        f"{{api_key: {{file: [{CANARY}]}}}}",
        f"{{api_key: {{file: {{{CANARY}: x}}}}}}",
        f"{{api_key: {{value: [{CANARY}]}}}}",
        f"{{api_key: {{value: {{key: {CANARY}}}}}}}",
        f"{{api_key: {{value: {CANARY} x}}}}",
        f'{{api_key: {{value: "{CANARY}\\n{CANARY}"}}}}',
        f"{{api_key: {{value: {CANARY}é}}}}",
        f"{{api_key: {{value: {CANARY}, vlaue: {CANARY}}}}}",
        f"{{api_key: {{value: {CANARY}, env: HEYGEN_API_KEY}}}}",
        f"{{api_key: {{value: {CANARY}, env: {CANARY}}}}}",
        f"{{api_key: {{key: {CANARY}}}}}",
        f"{{token: {{value: {CANARY}}}}}",
        f"{{api_key: {{value: {CANARY}}}, access_token: {{value: {CANARY}}}}}",
        f"{{api_key: {{value:{CANARY}}}}}",
        f"{{api_key: {{{CANARY}}}}}",
        f"{{{CANARY}}}",
    ],
)
def test_a_misplaced_key_is_not_repeated(tmp_path: Path, credentials: str) -> None:
    found = problems_of(tmp_path, credentials)
    assert found
    assert all(problem.startswith("accounts[0].credentials") for problem in found)
    assert not any("canary" in problem for problem in found)


def test_other_problems_of_the_file_do_not_show_the_key(tmp_path: Path) -> None:
    found = problems_of(tmp_path, f"{{api_key: {{value: {CANARY}}}}}, interval: x, colour: red", "defaults: 5\nextra: 1\n")
    assert [problem.split(":")[0] for problem in found] == ["accounts[0].colour", "accounts[0].interval", "defaults", "extra"]
    assert not any("canary" in problem for problem in found)


@pytest.mark.parametrize("key", ["12345678", "0x12345678", "1.5", "true", "2024-01-01"])
def test_a_key_that_yaml_reads_as_another_type_is_reported_without_it(tmp_path: Path, key: str) -> None:
    assert problems_of(tmp_path, f"{{api_key: {{value: {key}}}}}") == [
        "accounts[0].credentials.api_key.value: expected text: put it in quotes"
    ]


@pytest.mark.parametrize(
    "key",
    [
        "sk-canary-5e83",
        "Y2FuYXJ5canary5NWU4Mw==",
        "5e83canary0123456789abcdef",
        "eyJhbGciOi.canary.c2ln",
        "canary00-0000-4000-8000-000000000000",
        "sk_canary5e83 ",
        "sk_canary5e83\n",
        "$canary",
        "canary=5e83",
        "cañary/canary",
        "sk_canary5e83aa77bb21cc0f9d8e7a6b5c4d3e2f10aa77bb21",
        "sk_V2_hgu_canary5e83AbCdEfGhIjKl",
        "canary5e83c0ffee0123456789abcdef",
    ],
)
def test_a_key_instead_of_a_variable_name_is_not_repeated(tmp_path: Path, key: str) -> None:
    [problem] = problems_of(tmp_path, json.dumps({"api_key": {"env": key}}, ensure_ascii=False))
    assert problem.startswith("accounts[0].credentials.api_key")
    assert "canary" not in problem


def test_an_invalid_variable_name_is_reported_with_an_example(tmp_path: Path) -> None:
    assert problems_of(tmp_path, f"{{api_key: {{env: {CANARY}}}}}") == [
        "accounts[0].credentials.api_key.env: expected the name of an environment variable, such as MY_API_KEY, and not the secret itself"
    ]


def test_a_mapping_key_that_may_be_a_secret_is_reported_without_it(tmp_path: Path) -> None:
    assert problems_of(tmp_path, f"{{{CANARY}: {{env: HEYGEN_API_KEY}}}}") == [
        "accounts[0].credentials.(a name that is not shown): heygen has no credential of that name; expected access_token or api_key"
    ]


@pytest.mark.parametrize(
    "key", ["sk-ABCDEF0123456789abcdef", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.dGVzdA"]
)
def test_a_key_as_a_name_or_a_label_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    """It would be on every page, and in Prometheus."""
    message = "this may be a key, which would be shown on every page: choose another text, and put the key below `credentials`"
    account = {**ACCOUNT, "name": key, "labels": {"team": key}}
    assert problems(write(tmp_path, json.dumps({"accounts": [account]}))) == [
        f"accounts[0].labels.team: {message}",
        f"accounts[0].name: {message}",
    ]


@pytest.mark.parametrize("name", ["sk-telecom-production-2024", "pk-finance-department-eu", "rk-videos", "eyJafjallajokull"])
def test_a_name_that_only_starts_like_a_key_is_accepted(tmp_path: Path, name: str) -> None:
    assert problems(write(tmp_path, json.dumps({"accounts": [{**ACCOUNT, "name": name}]}))) == []
