"""Several accounts with OAuth logins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from exporter.config.loading import load_config
from exporter.errors import ConfigError
from tests.config.support import CANARY, ENVIRON, problems, write

PLACE = "accounts[1].credentials.access_token.oauth2.refresh_token_file"
CLIENT = (
    "uses the same file with another client_id, and each renewal would invalidate the refresh token of the other: "
    "use one file for each login, or the same client_id"
)
PATH = "uses the same file by another path, and each renewal would invalidate the refresh token of the other: write the same path"


def account(name: str, client: object, file: object, **own: object) -> Mapping[str, Any]:
    login = {"client_id": client, "refresh_token_file": str(file)}
    return {"name": name, "provider": "heygen", "credentials": {"access_token": {"oauth2": login}}, **own}


def config(folder: Path, accounts: Iterable[Mapping[str, Any]], **main: object) -> Path:
    """A file with these accounts beside tokens under several names, each in its own file except the links."""
    (folder / "tokens").mkdir()
    for name in ("first", "second"):
        (folder / "tokens" / name).write_text("made-up-refresh")
    (folder / "link").symlink_to("tokens/first")
    (folder / "folder").symlink_to("tokens")
    (folder / "dangling").symlink_to("tokens/none")
    return write(folder, json.dumps({"accounts": list(accounts), **main}))


SPELLINGS = ["tokens/first", "./tokens//first", "tokens/../tokens/first", "{folder}/tokens/first", "{folder}/none/../tokens/first"]
LINKS = ["link", "folder/first", "{folder}/link"]


@pytest.mark.parametrize("spelling", SPELLINGS + LINKS)
def test_two_logins_cannot_use_the_same_file(tmp_path: Path, spelling: str) -> None:
    path = config(tmp_path, [account("a", "one", "tokens/first"), account("b", "two", spelling.format(folder=tmp_path))])
    assert problems(path) == [f'{PLACE}: accounts[0] ("a") {CLIENT}']


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_accounts_can_share_a_login(tmp_path: Path, spelling: str) -> None:
    accounts = [
        account("a", "one", "tokens/first"),
        account("b", "one", spelling.format(folder=tmp_path)),
        account("c", "one", "tokens/first"),
    ]
    path = config(tmp_path, accounts)
    assert problems(path) == []
    files = {
        source.oauth2.refresh_token_file
        for each in load_config(path, ENVIRON).config.accounts
        for source in each.credentials.values()
        if source.oauth2
    }
    assert files == {tmp_path / "tokens" / "first"}


@pytest.mark.parametrize("spelling", LINKS)
def test_a_login_cannot_use_its_file_by_two_paths(tmp_path: Path, spelling: str) -> None:
    """Its tokens are shared by path, and a link can change."""
    path = config(tmp_path, [account("a", "one", "tokens/first"), account("b", "one", spelling.format(folder=tmp_path))])
    assert problems(path) == [f'{PLACE}: accounts[0] ("a") {PATH}']


def test_logins_with_a_file_each_are_valid(tmp_path: Path) -> None:
    assert (
        problems(
            config(
                tmp_path, [account("a", "one", "tokens/first"), account("b", "two", "tokens/second"), account("c", "two", "tokens/second")]
            )
        )
        == []
    )


def test_an_account_that_is_not_polled_does_not_use_the_file(tmp_path: Path) -> None:
    assert problems(config(tmp_path, [account("a", "one", "link", enabled=False), account("b", "two", "link")])) == []


@pytest.mark.parametrize("file", ["tokens/none", "dangling"])
def test_the_start_refuses_two_logins_before_the_file_exists(tmp_path: Path, file: str) -> None:
    path = config(tmp_path, [account("a", "one", "tokens/none"), account("b", "two", file)])
    with pytest.raises(ConfigError) as caught:
        load_config(path, ENVIRON, check_secrets=False)
    [problem] = caught.value.problems
    assert (problem.account, problem.place, problem.message) == ("b", PLACE, f'accounts[0] ("a") {CLIENT}')


def test_paths_start_at_the_folder_of_their_own_file(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.yaml").write_text(
        json.dumps({"accounts": [account("b", "two", "first"), account("c", "two", "../tokens/first")]})
    )
    (tmp_path / "more" / "first").write_text("made-up-refresh")
    path = config(tmp_path, [account("a", "one", "tokens/first")], account_files=["more/*.yaml"])
    assert problems(path) == [f'{tmp_path}/more/a.yaml: {PLACE}: accounts[0] in {path}:1 ("a") {CLIENT}']


def test_other_problems_are_reported_too_and_no_value_is_shown(tmp_path: Path) -> None:
    accounts = [
        account(CANARY, "one", "tokens/first", interval="soon"),
        account("b", CANARY, "tokens/first"),
        account("c", "with space", "tokens/first"),
        account("d", "one", "tokens/first", provider="none"),
    ]
    found = problems(config(tmp_path, accounts))
    assert f"{PLACE}: accounts[0] {CLIENT}" in found
    assert sorted(each.partition(":")[0] for each in found) == [
        "accounts[0].interval",
        PLACE,
        "accounts[2].credentials.access_token.oauth2.client_id",
        "accounts[3].provider",
    ]
    assert CANARY not in str(found)


def test_a_file_system_that_is_down_does_not_stop_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released = Event()
    monkeypatch.setattr("exporter.config.logins.os.path.realpath", lambda _: released.wait())
    monkeypatch.setattr("exporter.config.logins._LINK_TIMEOUT", 0.01)
    path = config(tmp_path, [account("a", "one", "link"), account("b", "two", "tokens/first"), account("c", "two", "link")])
    with pytest.raises(ConfigError) as caught:
        load_config(path, ENVIRON, check_secrets=False)
    released.set()
    assert [problem.account for problem in caught.value.problems] == ["c"]


def test_two_vendors_cannot_use_the_same_file(tmp_path: Path) -> None:
    definition = (
        "name: other\ntitle: Other\ndocs_url: https://other.test\nbase_url: https://other.test\n"
        "credentials: {token: {header: Authorization, scheme: Bearer, token_url: 'https://other.test/token'}}\n"
        "requests: [{path: /balance, expect: balance, quotas: [{resource: wallet, unit: usd, remaining: balance}]}]\n"
    )
    (tmp_path / "other.yaml").write_text(definition)
    login = {"client_id": "one", "refresh_token_file": "tokens/first"}
    other = {"name": "b", "provider": "other", "credentials": {"token": {"oauth2": login}}}
    assert problems(config(tmp_path, [account("a", "one", "tokens/first"), other], provider_files=["other.yaml"])) == [
        'accounts[1].credentials.token.oauth2.refresh_token_file: accounts[0] ("a") uses the same file at another vendor, and each renewal '
        "would invalidate the refresh token of the other: use one file for each login"
    ]
