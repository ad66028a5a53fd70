"""More accounts in files of their own, and accounts that are switched off."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from exporter.config.job import build_jobs
from exporter.config.loading import load_config
from tests.config.support import ACCOUNT, ENVIRON, problems, write

VOICE: Mapping[str, Any] = {"name": "voice", "provider": "elevenlabs", "credentials": {"api_key": {"env": "ELEVENLABS_API_KEY"}}}


def _write(folder: Path, files: Mapping[str, object], **main: Any) -> Path:
    (folder / "accounts.d").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / "accounts.d" / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return write(folder, json.dumps({"account_files": ["accounts.d/*.yaml"], **main}))


def _names(path: Path) -> list[str]:
    return ["/".join(account.key) for account in load_config(path, ENVIRON).config.accounts]


def test_accounts_come_from_the_main_file_first_and_then_from_the_others_by_name(tmp_path: Path) -> None:
    files = {"b.yaml": {"accounts": [VOICE]}, "a.yaml": {"accounts": [{**ACCOUNT, "name": "film"}]}, "c.txt": "no yaml"}
    assert _names(_write(tmp_path, files, accounts=[ACCOUNT])) == ["heygen/studio", "heygen/film", "elevenlabs/voice"]


def test_the_main_file_may_have_no_accounts(tmp_path: Path) -> None:
    assert _names(_write(tmp_path, {"a.yaml": {"accounts": [VOICE]}})) == ["elevenlabs/voice"]


def test_a_file_may_have_no_account_for_now(tmp_path: Path) -> None:
    assert _names(_write(tmp_path, {"a.yaml": {"accounts": []}}, accounts=[ACCOUNT])) == ["heygen/studio"]


def test_defaults_apply_to_the_accounts_of_all_files(tmp_path: Path) -> None:
    loaded = load_config(_write(tmp_path, {"a.yaml": {"accounts": [VOICE]}}, defaults={"interval": "7m"}), ENVIRON)
    assert [job.settings.interval for job in build_jobs(loaded)] == [420.0]


def test_relative_paths_start_at_the_folder_of_their_own_file(tmp_path: Path) -> None:
    account = {**ACCOUNT, "credentials": {"api_key": {"file": "key"}}}
    path = _write(tmp_path, {"a.yaml": {"accounts": [account]}})
    assert problems(path) == [
        f"{tmp_path}/accounts.d/a.yaml: accounts[0].credentials.api_key: the file key does not exist; a relative path begins at the folder of the file that contains it"
    ]
    (tmp_path / "accounts.d" / "key").write_text("made-up")
    assert problems(path) == []


def test_relative_paths_follow_a_folder_that_is_replaced(tmp_path: Path) -> None:
    account = {**ACCOUNT, "credentials": {"api_key": {"file": "key"}}}
    for revision in ("old", "new"):
        (tmp_path / revision).mkdir()
        _write(tmp_path / revision, {"a.yaml": {"accounts": [account]}, "key": f"made-up-{revision}"})
    folder = tmp_path / "accounts.d"
    folder.symlink_to("old/accounts.d")
    loaded = load_config(write(tmp_path, json.dumps({"account_files": ["accounts.d/*.yaml"]})), ENVIRON)
    (tmp_path / "next").symlink_to("new/accounts.d")
    (tmp_path / "next").replace(folder)
    shutil.rmtree(tmp_path / "old")
    [job] = build_jobs(loaded)
    assert job.secret.read({}).get_secret_value() == "made-up-new"
    assert loaded.files == (tmp_path / "config.yaml", folder / "a.yaml")


def test_a_file_that_two_patterns_match_is_read_once(tmp_path: Path) -> None:
    path = _write(
        tmp_path, {"a.yaml": {"accounts": [VOICE]}}, account_files=["accounts.d/*.yaml", "linked/*.yaml", "accounts.d/../accounts.d/a.yaml"]
    )
    (tmp_path / "linked").symlink_to("accounts.d")
    (tmp_path / "accounts.d" / "b.yaml").symlink_to("a.yaml")
    assert _names(path) == ["elevenlabs/voice"]


def test_a_ca_file_is_shown_relative_to_the_folder_of_its_own_file(tmp_path: Path) -> None:
    files = {"a.yaml": {"accounts": [{**VOICE, "ca_file": "certs/own.pem"}]}}
    assert problems(_write(tmp_path, files, defaults={"ca_file": "accounts.d/own.pem"})) == [
        f"{tmp_path}/accounts.d/a.yaml: accounts[0].ca_file: the file certs/own.pem cannot be read: No such file or directory",
        "defaults.ca_file: the file accounts.d/own.pem cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"accounts": [VOICE, {**ACCOUNT, "intervall": "5m"}]}, ": accounts[1].intervall: unknown key; did you mean 'interval'?"),
        ({"accounts": [{**ACCOUNT, "provider": "heygenn"}]}, ": accounts[0].provider: no such provider; did you mean 'heygen'?"),
        ({"accounts": [5]}, ": accounts[0]: expected a block of `key: value` lines, such as `name: ...`"),
        ({"accounts": [VOICE], "defaults": {}}, ": defaults: unknown key; expected accounts"),
        ({"acounts": [VOICE]}, ": acounts: unknown key; did you mean 'accounts'?"),
        ({"accounts": {}}, ": accounts: expected a list: begin each entry with `- `"),
        ([VOICE], ": expected a block of `key: value` lines, such as `accounts: ...`"),
        ("", ": expected a block of `key: value` lines, such as `accounts: ...`"),
        ("accounts: [\n", ":2:1: is not valid YAML: a value is missing here: write it, or close what is open; inside braces and "
                          "brackets, a value that contains [, ], {, } or a comma needs quotes"),
        ({"accounts": [{**VOICE, "interval": "5m", "stale_after": "1m"}]}, ": accounts[0]: stale_after (1m) is shorter than interval (5m), so values "
                                                                          "would disappear between polls: increase stale_after"),
        ({"accounts": [{**ACCOUNT, "thresholds": {"walet": {"warning": 1}}}]}, ": accounts[0].thresholds.walet: heygen has no such resource; did "
                                                                               "you mean 'wallet'?"),
        ({"accounts": [{**ACCOUNT, "thresholds": {"wallet": {"warning": 1, "critical": 2}}}]}, ": accounts[0].thresholds.wallet.critical: critical "
                                                                                               "(2) must be below warning (1)"),
        ({"accounts": [{**ACCOUNT, "budgets": {"spent": {"usd": 1}}}]}, ": accounts[0].budgets.spent: heygen has no such resource; did you mean "
                                                                        "'spend'?"),
    ],
)  # fmt: skip
def test_a_problem_names_the_file_and_is_the_only_one(tmp_path: Path, content: object, expected: str) -> None:
    path = _write(tmp_path, {"team.yaml": content})
    assert problems(path) == [f"{tmp_path}/accounts.d/team.yaml{expected}"]


def test_the_same_account_in_two_files_is_reported_with_both_places(tmp_path: Path) -> None:
    path = _write(tmp_path, {"a.yaml": {"accounts": [VOICE]}, "b.yaml": {"accounts": [ACCOUNT, VOICE]}}, accounts=[ACCOUNT])
    assert problems(path) == [
        f"{tmp_path}/accounts.d/b.yaml: accounts[0].name: accounts[0] in {path}:1 has the same provider and name: choose another name",
        f"{tmp_path}/accounts.d/b.yaml: accounts[1].name: accounts[0] in {tmp_path}/accounts.d/a.yaml:1 has the same provider and name: "
        "choose another name",
    ]


def test_a_limit_counts_the_accounts_of_all_files(tmp_path: Path) -> None:
    fast = {**VOICE, "interval": "10s"}
    path = _write(tmp_path, {"a.yaml": {"accounts": [fast]}, "b.yaml": {"accounts": [{**fast, "name": "b"}]}}, providers={
        "elevenlabs": {"max_requests_per_minute": 10},
    })  # fmt: skip
    [problem] = problems(path)
    assert problem.startswith("providers.elevenlabs.max_requests_per_minute: the accounts of elevenlabs need 12 requests a minute")


def test_no_accounts_at_all_are_a_problem(tmp_path: Path) -> None:
    assert problems(_write(tmp_path, {"a.yaml": {"accounts": []}})) == ["accounts: expected one or more"]
    assert problems(write(tmp_path, "{}")) == ["accounts: is required"]


def test_a_pattern_is_reported_with_the_whole_path_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, json.dumps({"account_files": ["none/*.yaml"], "accounts": [ACCOUNT]}))
    monkeypatch.chdir(tmp_path)
    assert problems(Path("config.yaml")) == [f"account_files[0]: no file matches, relative to {tmp_path}"]


def test_a_pattern_that_matches_no_file_is_a_problem(tmp_path: Path) -> None:
    assert problems(write(tmp_path, json.dumps({"account_files": ["none/*.yaml"], "accounts": [ACCOUNT]}))) == [
        f"account_files[0]: no file matches, relative to {tmp_path}"
    ]
    assert problems(write(tmp_path, json.dumps({"account_files": ["none/*.yaml"]}))) == [
        f"account_files[0]: no file matches, relative to {tmp_path}"
    ]


def test_a_pattern_for_all_folders_below_a_folder_is_refused(tmp_path: Path) -> None:
    """It would match one level of folders only, and the accounts of the others would be left out without a word."""
    (tmp_path / "accounts.d" / "team").mkdir(parents=True)
    (tmp_path / "accounts.d" / "team" / "b.yaml").write_text(json.dumps({"accounts": [VOICE]}))
    path = _write(tmp_path, {"a.yaml": {"accounts": [VOICE]}}, accounts=[ACCOUNT], account_files=["accounts.d/**/*.yaml"])
    assert problems(path) == [
        "account_files[0]: ** is not supported: write one pattern for each folder, such as accounts.d/*.yaml and accounts.d/*/*.yaml"
    ]


@pytest.mark.parametrize(("key", "folder"), [("account_files", "accounts.d"), ("provider_files", "providers")])
def test_a_pattern_that_matches_the_file_itself_is_refused(tmp_path: Path, key: str, folder: str) -> None:
    assert problems(write(tmp_path, json.dumps({key: ["*.yaml"], "accounts": [ACCOUNT]}))) == [
        f"{key}[0]: matches this file itself: write a pattern that does not, such as {folder}/*.yaml"
    ]


@pytest.mark.parametrize("pattern", ["~/accounts.d/*.yaml", "~me/accounts.d/*.yaml", "$HOME/accounts.d/*.yaml", "accounts.d/${TEAM}.yaml"])
def test_a_pattern_that_a_shell_would_change_is_reported_with_what_is_not_replaced(tmp_path: Path, pattern: str) -> None:
    assert problems(write(tmp_path, json.dumps({"account_files": [pattern], "accounts": [ACCOUNT]}))) == [
        f"account_files[0]: no file matches, relative to {tmp_path}; ~ and variables such as $HOME are not replaced"
    ]


@pytest.mark.parametrize("patterns", ["accounts.d/*.yaml", 5, {}])
def test_patterns_that_are_no_list_are_one_problem(tmp_path: Path, patterns: object) -> None:
    assert problems(write(tmp_path, json.dumps({"account_files": patterns}))) == [
        "account_files: expected a list: begin each entry with `- `"
    ]


def test_the_files_of_a_configuration_are_those_that_its_patterns_match_now(tmp_path: Path) -> None:
    loaded = load_config(_write(tmp_path, {"a.yaml": {"accounts": [VOICE]}}), ENVIRON)
    folder = tmp_path / "accounts.d"
    assert loaded.files == (tmp_path / "config.yaml", folder / "a.yaml")
    (folder / "b.yaml").write_text("{}")
    assert loaded.files == (tmp_path / "config.yaml", folder / "a.yaml", folder / "b.yaml")
    (folder / "a.yaml").unlink()
    assert loaded.files == (tmp_path / "config.yaml", folder / "b.yaml")


@pytest.mark.parametrize("value", [False, 0, 0.0, "false", "False", "FALSE", "off", "No", "n", "f", "0"])
def test_an_account_that_is_switched_off_is_not_polled_and_its_secret_is_not_read(tmp_path: Path, value: object) -> None:
    off = {**VOICE, "enabled": value, "credentials": {"api_key": {"env": "NOT_SET"}}}
    path = _write(tmp_path, {"a.yaml": {"accounts": [{**off, "name": "b"}]}}, accounts=[off, ACCOUNT])
    loaded = load_config(path, ENVIRON)
    assert [job.key.account for job in build_jobs(loaded)] == ["studio"]
    assert len(loaded.config.accounts) == 3


def test_an_account_that_is_switched_off_is_validated_otherwise(tmp_path: Path) -> None:
    off = {**VOICE, "enabled": False, "region": "mars"}
    [problem] = problems(_write(tmp_path, {"a.yaml": {"accounts": [off]}}))
    assert problem.startswith(f"{tmp_path}/accounts.d/a.yaml: accounts[0].region: elevenlabs has no such region; it has ")
    assert problems(write(tmp_path, json.dumps({"accounts": [{**ACCOUNT, "enabled": "no!"}]}))) == [
        "accounts[0].enabled: expected true or false"
    ]


def test_a_limit_does_not_count_accounts_that_are_switched_off(tmp_path: Path) -> None:
    fast = {**VOICE, "interval": "10s"}
    accounts = [fast, {**fast, "name": "b", "enabled": False}]
    assert problems(write(tmp_path, json.dumps({"accounts": accounts, "providers": {"elevenlabs": {"max_requests_per_minute": 6}}}))) == []
