"""A problem names its file, its line, its place and its account."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.cli.main import main
from exporter.config.loading import load_config
from exporter.errors import ConfigError
from exporter.providers.library import load_definition
from exporter.validation.document import load_document
from exporter.validation.fields import is_plain
from exporter.web.web_config.loader import load_web_config
from tests.config.support import CANARY, ENVIRON, write

MAIN = """\
# the first line is 1
defaults:
  interval: 5m
  thresholds:
    wallet: {critical: 20%, warning: 5%}
accounts:
  - name: studio
    provider: heygne
    credentials: {api_key: {env: HEYGEN_API_KEY}}
  - provider: heygen
    credentials:
      api_key: sk-live-0a1b2c3d4e5f
  - name: team A
    provider: heygen
    credentials: {api_key: {env: HEYGEN_API_KEY}}
    interval: soon
    stale_after:
      x: 1
    thresholds:
      walet: {warning: 5}
    budgets:
      spent: {usd: 5}
    colour: red
  - {name: studio, provider: heygne, credentials: {api_key: {env: HEYGEN_API_KEY}}, api_key: sk-live-0a1b2c3d4e5f}
account_files: [team.yaml, none.yaml]
provider_files: [own.yaml]
"""
TEAM = "accounts:\n\n  - name: 5\n    provider: heygen\n    credentials:\n      env: HEYGEN_API_KEY\n"
OWN = "name: own\ntitle: Own\nrequests:\n  - path: 5\n"


def shown(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, ENVIRON)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def places(problems: list[str]) -> list[str]:
    """Problems without their accounts and messages."""
    return [": ".join(re.sub('account "[^"]+": ', "", problem).split(": ")[:2]) for problem in problems]


def test_every_problem_has_its_file_its_line_and_its_account(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text(TEAM)
    (tmp_path / "own.yaml").write_text(OWN)
    found = shown(write(tmp_path, MAIN))
    assert found == [
        "config.yaml:5: defaults.thresholds.wallet.critical: critical (20%) must be below warning (5%)",
        "config.yaml:8: account \"studio\": accounts[0].provider: no such provider; did you mean 'heygen'?",
        "config.yaml:10: accounts[1].name: is required",
        "config.yaml:12: accounts[1].credentials.api_key: do not write the key here: put it in a file and use {file: PATH}, or in an environment variable and use {env: NAME}",
        'config.yaml:16: account "team A": accounts[2].interval: expected a duration such as 30s, 5m or 1h30m',
        'config.yaml:17: account "team A": accounts[2].stale_after: expected a duration such as 30s, 5m or 1h30m',
        "config.yaml:20: account \"team A\": accounts[2].thresholds.walet: heygen has no such resource; did you mean 'wallet'?",
        "config.yaml:22: account \"team A\": accounts[2].budgets.spent: heygen has no such resource; did you mean 'spend'?",
        'config.yaml:23: account "team A": accounts[2].colour: unknown key; remove it or correct its name',
        'config.yaml:24: account "studio": accounts[3].api_key: unknown key; a key is below `credentials`: use credentials: {api_key: {env: ...}}',
        'config.yaml:24: account "studio": accounts[3].name: accounts[0] has the same provider and name: choose another name',
        "config.yaml:24: account \"studio\": accounts[3].provider: no such provider; did you mean 'heygen'?",
        "config.yaml:25: account_files[1]: no file matches, relative to " + str(tmp_path),
        "own.yaml:4: requests[0].expect: is required",
        "own.yaml:4: requests[0].path: expected text: put it in quotes",
        "own.yaml: credentials: is required",
        "own.yaml: docs_url: is required",
        "team.yaml:3: accounts[0].name: expected text: put it in quotes",
        "team.yaml:6: accounts[0].credentials.env: do not write the key here: put it in a file and use {file: PATH}, or in an environment variable and use {env: NAME}",
        "team.yaml:6: accounts[0].credentials.env: expected the name of a credential here, access_token or api_key: use {api_key: {env: ...}}",
    ]
    assert "0a1b2c3d4e5f" not in "".join(found)


def test_a_name_that_may_be_a_key_is_not_shown(tmp_path: Path) -> None:
    accounts = f"accounts:\n  - name: {CANARY}\n    provider: heygen\n    interval: soon\n"
    assert shown(write(tmp_path, accounts)) == [
        "config.yaml:2: accounts[0].credentials: is required",
        "config.yaml:4: accounts[0].interval: expected a duration such as 30s, 5m or 1h30m",
    ]


@pytest.mark.parametrize("name", ["studio", "team A", "prod-2026", "MyTeam", "EU_west.3", "a9999", "x" * 15])
def test_a_name_of_words_and_numbers_is_shown(name: str) -> None:
    assert is_plain(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        CANARY,
        "5e83c0ffee",
        "sk_V2_hgu_kAbCdEfGhIjKl",
        "550e8400-e29b-41d4-a716-446655440000",
        "x" * 50,
        "a b " * 20,
        "x\ny",
        "1234567890",
    ],
)
def test_any_other_name_is_not_shown(name: str) -> None:
    assert not is_plain(name)


def test_a_problem_below_an_alias_has_the_line_of_its_anchor(tmp_path: Path) -> None:
    text = (
        "accounts:\n  - &one\n    name: a\n    provider: heygen\n    interval: soon\n    credentials: {api_key: {env: HEYGEN_API_KEY}}\n"
        "  - *one\n  - <<: *one\n    name: b\n"
    )
    lines = places(shown(write(tmp_path, text)))
    assert lines == [
        "config.yaml:3: accounts[1].name",
        "config.yaml:5: accounts[0].interval",
        "config.yaml:5: accounts[1].interval",
        "config.yaml:8: accounts[2].interval",
    ]


def test_a_place_that_two_keys_may_be_has_the_line_of_the_block(tmp_path: Path) -> None:
    text = f"accounts:\n  - name: a\n    labels:\n      {CANARY}1: x\n      {CANARY}2: y\n"
    assert {place for place in places(shown(write(tmp_path, text))) if "labels" in place} == {
        "config.yaml:3: accounts[0].labels.(a name that is not shown)"
    }


@pytest.mark.parametrize(
    ("place", "line"),
    [("a", 1), ("a.b", 2), ("a.b[0]", 3), ("a.b[1].c", 4), ("a.b[1].d", 4), ("a.b[7].c", 2), ("a.x.y", 1), ("", None), ("z", None), ("z[0].y", None), ("a[b", 1)],
)  # fmt: skip
def test_a_place_that_is_not_written_has_the_line_of_the_closest_part(tmp_path: Path, place: str, line: int | None) -> None:
    path = write(tmp_path, "a:\n  b:\n    - 1\n    - c: 5\n")
    assert load_document(path).problem(place, "wrong").position == (f"{path}:{line}" if line else str(path))


def test_a_document_with_tabs_has_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "a: 'x\ty'\nb: 2\n")
    assert load_document(path).problem("b", "wrong").position == f"{path}:2"


def test_a_problem_of_a_definition_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("name: own\ncredentials:\n  key: {headr: Authorization}\n")
    with pytest.raises(ConfigError) as caught:
        load_definition(path)
    assert f"{path}:3: credentials.key.headr: unknown key; did you mean 'header'?" in map(str, caught.value.problems)


def test_a_problem_of_the_web_configuration_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text("tls_server_config:\n  min_version: TLS12\n  cert_file: missing.pem\nbasic_auth_users:\n  alice: secret\n")
    with pytest.raises(ConfigError) as caught:
        load_web_config(path)
    assert [str(problem).removeprefix(f"{path}:").partition(": ")[0] for problem in caught.value.problems] == ["5", "3"]


def test_a_provider_whose_definition_must_be_named_is_reported_with_the_command_that_writes_it(tmp_path: Path) -> None:
    text = "accounts:\n  - {name: a, provider: kling, credentials: {key: {env: HEYGEN_API_KEY}}}\n"
    [problem] = shown(write(tmp_path, text))
    assert "`ai-account-exporter providers kling --yaml > kling.yaml`" in problem
    (tmp_path / "kling.yaml").write_text(CliRunner().invoke(main, ["providers", "kling", "--yaml"]).stdout)
    added = f"{text}provider_files: [kling.yaml]\n"
    assert not any("provider_files" in each for each in shown(write(tmp_path, added)))
    [misspelt] = shown(write(tmp_path, text.replace("kling", "klin")))
    assert misspelt.endswith("no such provider; did you mean 'kling'?")
