"""The settings of accounts, for cases that need no file in the corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.config.support import ACCOUNT, ENVIRON, load, problems, with_account, write

PLAIN_HTTP = "plain http would show the key to the network: use https (http is accepted for loopback only)"
NO_URL = "expected a URL such as https://api.example.com"
NO_ASCII = "expected a URL in ASCII: write the host as xn--..., and percent-encode the path"
NO_BARE_URL = f"{NO_URL}, without user, query or fragment"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://gateway.example.com", "https://gateway.example.com"),
        ("https://gateway.example.com/", "https://gateway.example.com"),
        ("https://gateway.example.com:8443/a/b/", "https://gateway.example.com:8443/a/b"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://[2001:db8::7]:443", "https://[2001:db8::7]:443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:8080/heygen", "http://localhost:8080/heygen"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_https_anywhere_and_http_on_loopback_are_accepted(tmp_path: Path, url: str, kept: str) -> None:
    assert load(write(tmp_path, with_account(base_url=url))).accounts[0].base_url == kept


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://gateway.example.com", PLAIN_HTTP),
        ("http://192.0.2.7", PLAIN_HTTP),
        ("http://0.0.0.0:8080", PLAIN_HTTP),
        ("http://127.0.0.1.example.com", PLAIN_HTTP),
        ("http://localhost.example.com", PLAIN_HTTP),
        ("http://[2001:db8::1]", PLAIN_HTTP),
        ("HTTP://gateway.example.com", PLAIN_HTTP),
        ("https://user@gateway.example.com", NO_BARE_URL),
        ("https://user:word@gateway.example.com", NO_BARE_URL),
        ("http://localhost@gateway.example.com", NO_BARE_URL),
        ("https://gateway.example.com?a=b", NO_BARE_URL),
        ("https://gateway.example.com/a#b", NO_BARE_URL),
        ("ftp://gateway.example.com", NO_BARE_URL),
        ("gateway.example.com", NO_BARE_URL),
        ("//gateway.example.com", NO_BARE_URL),
        ("https://", NO_BARE_URL),
        ("https:///path", NO_BARE_URL),
        ("https://gateway.example.com/\n", NO_BARE_URL),
        ("", NO_BARE_URL),
        ("https://[::1", NO_URL),
        ("https://gateway.example.com:99999", NO_URL),
        ("https://:word@gateway.example.com", NO_BARE_URL),
        ("https://gateway.example.com?", NO_BARE_URL),
        ("https://gateway.example.com#", NO_BARE_URL),
        ("https://gate%77ay.example.com", NO_BARE_URL),
        ("https://gateway.example.com\\.evil.example", NO_BARE_URL),
        ("https://gateway.example.com;evil.example", NO_BARE_URL),
        ("https://b\u00fccher.example", NO_ASCII),
        ("https://\u0430pi.example.com", NO_ASCII),
        ("https://gateway\u202e.example.com", NO_ASCII),
        ("https://gateway.example.com/b\u00fccher", NO_ASCII),
    ],
)
def test_an_address_that_could_leak_or_mislead_a_key_is_refused(tmp_path: Path, url: str, message: str) -> None:
    assert problems(write(tmp_path, with_account(base_url=url))) == [f"accounts[0].base_url: {message}"]


@pytest.mark.parametrize("url", ["https://gate way.example.com", "https://gateway.example.com/a b"])
def test_an_address_with_a_space_is_refused(tmp_path: Path, url: str) -> None:
    assert [problem.split(":")[0] for problem in problems(write(tmp_path, with_account(base_url=url)))] == ["accounts[0].base_url"]


@pytest.mark.parametrize(
    ("own", "blocks"),
    [
        ({"name": "", "interval": "x"}, ["name", "interval"]),
        ({"credentials": {"api_key": {"env": "NOT_SET"}}, "region": "moon"}, ["credentials", "region"]),
        ({"labels": {"job": "a"}, "base_url": "http://gateway.example.com"}, ["labels", "base_url"]),
        ({"interval": "10m", "stale_after": "1m", "name": ""}, ["", "name"]),
        ({"labels": {"job": "a", "instance": "b"}}, ["labels", "labels"]),
        ({"labels": {"job": "a", "team": 7}}, ["labels", "labels"]),
        ({"credentials": {"token": {"env": "NOT_SET"}}}, ["credentials", "credentials"]),
        ({"interval": "10m", "stale_after": "1m", "timeout": "x"}, ["", "timeout"]),
        ({"name": "", "provider": "elevenlabs", "region": "eu", "base_url": "https://gateway.example.com"}, ["base_url", "name"]),
    ],
)
def test_all_problems_of_an_account_are_reported_at_once(tmp_path: Path, own: dict[str, Any], blocks: list[str]) -> None:
    places = [problem.split(": ")[0].removeprefix("accounts[0]") for problem in problems(write(tmp_path, with_account(**own)))]
    assert sorted(f"{place}.".split(".")[1] for place in places) == sorted(blocks)


def test_problems_are_reported_in_the_order_of_the_accounts(tmp_path: Path) -> None:
    accounts = [{**ACCOUNT, "name": f"account-{index}"} for index in range(11)]
    for index in (10, 2, 1):
        accounts[index] = {**accounts[index], "interval": "x", "colour": "red"}
    assert [problem.split(": ")[0] for problem in problems(write(tmp_path, json.dumps({"accounts": accounts})))] == [
        "accounts[1].colour",
        "accounts[1].interval",
        "accounts[2].colour",
        "accounts[2].interval",
        "accounts[10].colour",
        "accounts[10].interval",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (with_account(defaults={}), "accounts[0].defaults"),
        (with_account(env="HEYGEN_API_KEY"), "accounts[0].env"),
        ('{"accounts": [], "interval": "5m"}', "interval"),
        ('{"accounts": [], "defaults": {"region": "eu"}}', "defaults.region"),
    ],
)
def test_a_key_in_the_wrong_block_is_not_proposed_to_itself(tmp_path: Path, text: str, place: str) -> None:
    [problem] = [problem for problem in problems(write(tmp_path, text)) if problem.startswith(f"{place}: ")]
    assert "unknown key" in problem
    assert f"did you mean {place.rpartition('.')[2]!r}" not in problem


@pytest.mark.parametrize(
    "own",
    [
        {"interval": "10m", "stale_after": "1m"},
        {"interval": None, "stale_after": "1m"},
        {"timeout": None, "stale_after": "1m"},
    ],
)
def test_a_stale_after_below_the_interval_is_refused(tmp_path: Path, own: dict[str, Any]) -> None:
    [problem] = problems(write(tmp_path, with_account(**own)))
    assert problem.startswith("accounts[0]: stale_after (1m) is shorter than interval (")


def test_a_relative_secret_file_is_relative_to_the_folder_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "key").write_text("beside-the-configuration\n")
    (tmp_path / "key").write_text("beside-the-process\n")
    path = write(tmp_path / "etc", with_account(credentials={"api_key": {"file": "key"}}))
    monkeypatch.chdir(tmp_path)
    for given in (path, Path("etc/config.yaml")):
        source = load(given).accounts[0].credentials["api_key"]
        assert source.read(ENVIRON).get_secret_value() == "beside-the-configuration"


def test_an_absolute_secret_file_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "key").write_text("absolute\n")
    path = write(tmp_path / "etc", with_account(credentials={"api_key": {"file": str(tmp_path / "key")}}))
    assert load(path).accounts[0].credentials["api_key"].file == tmp_path / "key"


@pytest.mark.parametrize("path", ["~/key", "~me/key", "$HOME/key", "keys/${TEAM}", "/run/$TEAM/key"])
def test_a_path_that_only_a_shell_would_complete_is_refused(tmp_path: Path, path: str) -> None:
    """A state file below a folder called `~` would be found by nobody."""
    message = "expected the path itself; ~ and variables such as $HOME are not replaced"
    account = {**ACCOUNT, "credentials": {"api_key": {"file": path}}, "ca_file": path}
    assert problems(write(tmp_path, json.dumps({"accounts": [account], "state": {"path": path}}))) == [
        f"accounts[0].ca_file: {message}",
        f"accounts[0].credentials.api_key.file: {message}",
        f"state.path: {message}",
    ]
    assert load(write(tmp_path, json.dumps({"accounts": [ACCOUNT], "state": {"path": "~backup$1/a~b"}}))).state


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ({"defaults": {"labels": {"team": "video"}}}, "defaults.labels: unknown key; it belongs to an account: write it below `accounts`"),
        (
            {"defaults": {"base_url": "https://a.example"}},
            "defaults.base_url: unknown key; it belongs to an account: write it below `accounts`",
        ),
        ({"interval": "5m"}, "interval: unknown key; it belongs below `defaults`, or to an account"),
        ({"thresholds": {}}, "thresholds: unknown key; it belongs below `defaults`, or to an account"),
    ],
)
def test_a_key_of_another_block_is_reported_with_its_place(tmp_path: Path, file: dict[str, Any], problem: str) -> None:
    assert problems(write(tmp_path, json.dumps({"accounts": [ACCOUNT], **file}))) == [problem]
