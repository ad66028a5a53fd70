"""What `check` warns about although the configuration is valid."""

from __future__ import annotations

import errno
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from exporter.config.loading import load_config
from exporter.config.warnings import LOOK_BACK, warnings_of
from exporter.providers.library import SEEN
from exporter.validation.duration import parse_duration
from tests.config.support import ACCOUNT, ENVIRON, write
from tools.rules.documents import render

ELEVENLABS = {**ACCOUNT, "provider": "elevenlabs"}
NOT_WRITABLE = (
    "this user cannot write the file or its folder, so the exporter would run without state: change the permissions, or change the path"
)


def warnings(folder: Path, can_write: Callable[[Path], bool] = lambda _: True, **file: Any) -> list[str]:
    path = write(folder, json.dumps({"accounts": [ACCOUNT], **file}))
    return [each for each in warnings_of(load_config(path, ENVIRON), can_write) if "nobody has tried" not in each]


@pytest.mark.parametrize(
    ("defaults", "own", "expected"),
    [
        ({}, {}, []),
        ({"interval": "1h", "max_backoff": "1h", "stale_after": "3h"}, {}, []),
        ({"interval": "61m", "stale_after": "1d"}, {}, ["interval of 1h1m"]),
        ({}, {"interval": "2h", "stale_after": "1d"}, ["interval of 2h"]),
        ({"interval": "2h"}, {"interval": "5m"}, []),
        ({"max_backoff": "6h"}, {}, ["max_backoff of 6h"]),
        ({}, {"interval": "2h", "max_backoff": "1d"}, ["interval of 2h", "max_backoff of 1d"]),
        ({}, {"interval": "2h", "enabled": False}, []),
    ],
)
def test_polls_that_are_rarer_than_the_rules_look_back_are_warned_about(
    tmp_path: Path, defaults: dict[str, Any], own: dict[str, Any], expected: list[str]
) -> None:
    assert warnings(tmp_path, defaults=defaults, accounts=[{**ACCOUNT, **own}]) == [
        f"heygen/studio: the {each} is longer than the 1h for which the alert rules look back, so alerts on failed polls end between two polls"
        for each in expected
    ]


@pytest.mark.parametrize(("own", "is_warned"), [("5m", True), ("5m14s", True), ("5m15s", False), (None, False)])
def test_values_that_disappear_during_a_slow_poll_are_warned_about(tmp_path: Path, own: str | None, *, is_warned: bool) -> None:
    text = f"heygen/studio: the stale_after of {own} is shorter than interval and timeout together (5m15s), so values disappear while a slow poll lasts"
    assert warnings(tmp_path, accounts=[{**ACCOUNT, "stale_after": own}]) == [text] * is_warned


@pytest.mark.parametrize(("own", "is_warned"), [("5m", True), ("10m", True), ("4m", False)])
def test_a_shortest_interval_that_is_no_shorter_than_the_interval_is_warned_about(tmp_path: Path, own: str, is_warned: bool) -> None:  # noqa: FBT001 -- the expected value
    text = f"heygen/studio: the min_interval of {own} is not shorter than the interval, so it has no effect"
    assert warnings(tmp_path, accounts=[{**ACCOUNT, "min_interval": own}]) == [text] * is_warned
    assert warnings(tmp_path, defaults={"min_interval": own}) == []


def test_the_rules_look_back_at_failed_polls_for_at_least_this_long() -> None:
    expressions = [rule["expr"] for text in render().values() for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    windows = re.findall(r"ai_account_(?:scrapes|scrape_errors|schema_mismatches)_total(?:\{[^}]*\})?\[(\w+)\]", "\n".join(expressions))
    assert min(map(parse_duration, windows)) == LOOK_BACK


def test_a_state_file_that_can_be_written_causes_no_warning(tmp_path: Path) -> None:
    assert warnings(tmp_path, state={"path": "state.db"}) == []
    (tmp_path / "state.db").write_bytes(b"")
    assert warnings(tmp_path, state={"path": "state.db"}) == []
    with closing(sqlite3.connect(tmp_path / "used.db")) as database:
        database.execute("create table t (a)")
    assert warnings(tmp_path, state={"path": "used.db"}) == []


@pytest.mark.parametrize("name", ["config.yaml", "key"])
def test_a_state_file_that_is_another_file_is_warned_about(tmp_path: Path, name: str) -> None:
    (tmp_path / "key").write_text("made-up")
    assert warnings(tmp_path, state={"path": name}) == [
        "state.path: is another file, which is not overwritten, so the exporter would run without state: move it away, or change the path"
    ]


@pytest.mark.parametrize(
    ("path", "read_only", "expected"),
    [
        ("missing/state.db", "", "the folder does not exist, so the exporter would run without state: create it, or change the path"),
        ("folder", "", "is not a regular file, so the exporter would run without state: change the path"),
        ("state.db", ".", NOT_WRITABLE),
        ("state.db", "state.db", NOT_WRITABLE),
    ],
)
def test_a_state_file_that_cannot_be_written_is_warned_about(tmp_path: Path, path: str, read_only: str, expected: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "state.db").write_bytes(b"")
    found = warnings(tmp_path, lambda file: not read_only or file != tmp_path / read_only, state={"path": path})
    assert found == [f"state.path: {expected}"]


@pytest.mark.parametrize("block", ["defaults", "account"])
@pytest.mark.parametrize(("amount", "is_warned"), [(0.2, True), ("0.05", True), (0, False), (1, False), ("20%", False)])
def test_an_amount_below_1_that_may_be_meant_as_a_share_is_warned_about(
    tmp_path: Path, block: str, amount: float | str, *, is_warned: bool
) -> None:
    thresholds = {"thresholds": {"characters": {"warning": amount}}}
    account = ELEVENLABS | (thresholds if block == "account" else {})
    found = warnings(tmp_path, accounts=[account], defaults=thresholds if block == "defaults" else {})
    text = f"elevenlabs/studio: thresholds.characters.warning is an amount of {amount}, not a share: a share has a %, such as 20%"
    assert found == [text] * is_warned


def test_an_amount_below_1_of_a_resource_without_a_limit_cannot_be_meant_as_a_share(tmp_path: Path) -> None:
    thresholds = {"wallet": {"warning": 0.5}}
    assert warnings(tmp_path, accounts=[{**ACCOUNT, "thresholds": thresholds}]) == []
    assert warnings(tmp_path, accounts=[ELEVENLABS], defaults={"thresholds": thresholds}) == []


SAME = "heygen/other: reads the same amounts with the same key as studio, so they are exported twice: remove one of the two accounts"


@pytest.mark.parametrize(
    ("account", "own", "expected"),
    [
        (ACCOUNT, {}, [SAME]),
        (ACCOUNT, {"interval": "1m", "labels": {"team": "video"}, "thresholds": {"wallet": {"warning": 5}}}, [SAME]),
        (ACCOUNT, {"base_url": "https://api.heygen.com"}, [SAME]),
        (ACCOUNT, {"enabled": False}, []),
        (ACCOUNT, {"credentials": {"api_key": {"env": "ELEVENLABS_API_KEY"}}}, []),
        (ACCOUNT, {"credentials": {"access_token": ACCOUNT["credentials"]["api_key"]}}, []),
        (ACCOUNT, {"provider": "elevenlabs"}, []),
        (ACCOUNT, {"base_url": "https://gateway.example.com"}, []),
        (ELEVENLABS, {"region": "eu"}, []),
    ],
)
def test_a_second_account_with_the_same_key_is_warned_about(
    tmp_path: Path, account: dict[str, Any], own: dict[str, Any], expected: list[str]
) -> None:
    assert warnings(tmp_path, accounts=[account, {**account, "name": "other", **own}]) == expected


def test_accounts_with_one_key_and_other_params_cause_no_warning(tmp_path: Path) -> None:
    first = {"name": "a", "provider": "cloudflare_ai_gateway", "credentials": {"api_token": {"env": "HEYGEN_API_KEY"}}}
    accounts = [{**first, "params": {"account": "0" * 32}}, {**first, "name": "b", "params": {"account": "1" * 32}}]
    assert warnings(tmp_path, accounts=accounts) == []


def test_the_order_of_params_makes_no_difference(tmp_path: Path) -> None:
    definition = {
        "name": "own", "title": "Own", "docs_url": "https://example.com", "base_url": "https://api.example.com",
        "params": {"team": {}, "project": {}}, "credentials": {"key": {"header": "X-Key"}},
        "requests": [{"path": "/{team}/{project}", "expect": "left", "quotas": [{"resource": "wallet", "unit": "usd", "remaining": "left"}]}],
    }  # fmt: skip
    (tmp_path / "own.yaml").write_text(json.dumps(definition))
    account = {"provider": "own", "credentials": {"key": {"env": "HEYGEN_API_KEY"}}}
    accounts = [
        {"name": "a", **account, "params": {"team": "1", "project": "2"}}, {"name": "b", **account, "params": {"project": "2", "team": "1"}},
        {"name": "c", **account, "params": {"team": "2", "project": "1"}},
    ]  # fmt: skip
    [text] = [each for each in warnings(tmp_path, accounts=accounts, provider_files=["own.yaml"]) if "same key" in each]
    assert text.startswith("own/b: reads the same amounts with the same key as a, ")


@pytest.mark.parametrize("name", [f"{'n' * 300}/state.db", "n" * 300])
def test_a_path_that_the_system_refuses_is_warned_about_and_not_shown(tmp_path: Path, name: str) -> None:
    assert warnings(tmp_path, state={"path": name}) == [
        "state.path: cannot be used (File name too long), so the exporter would run without state: fix that, or change the path"
    ]


def test_a_folder_that_this_user_cannot_search_is_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))  # root, who runs the tests in containers, may search any

    monkeypatch.setattr(Path, "exists", refuse)
    monkeypatch.setattr(Path, "is_dir", lambda _: True)
    [text] = warnings(tmp_path, state={"path": "state.db"})
    assert text.startswith("state.path: cannot be used (Permission denied), so the exporter would run without state: fix that")


@pytest.mark.parametrize(
    ("defaults", "own", "expected"),
    [
        ({}, {"wallet": {"warning": "20%"}}, ["wallet.warning"]),
        ({"premium_credits": {"critical": "5%"}}, {}, ["premium_credits.critical"]),
        ({"wallet": {"warning": "20%", "critical": "5%"}}, {"wallet": {"warning": 50}}, ["wallet.critical"]),
        ({"*": {"warning": "20%"}}, {"included_credits": {"warning": "20%"}, "wallet": {"warning": 5}}, []),
    ],
)
def test_a_share_of_a_limit_that_the_vendor_never_reports_is_warned_about(
    tmp_path: Path, defaults: dict[str, Any], own: dict[str, Any], expected: list[str]
) -> None:
    found = warnings(tmp_path, defaults={"thresholds": defaults}, accounts=[{**ACCOUNT, "thresholds": own}])
    assert found == [
        f"heygen/studio: thresholds.{each} is a share, and heygen reports no limit of this resource, so the threshold has no effect: use an amount"
        for each in expected
    ]


@pytest.mark.parametrize(
    ("credential", "own", "expected"),
    [
        ("management_key", {"thresholds": {"wallet": {"warning": 5}, "*": {"critical": "5%"}}}, None),
        ("api_key", {"thresholds": {"key_spend": {"warning": 5}}, "budgets": {"monthly_spend": {"usd": 5}}}, None),
        ("management_key", {"thresholds": {"key_spend": {"warning": 5}}}, "thresholds.key_spend"),
        ("management_key", {"budgets": {"monthly_spend": {"usd": 5}}}, "budgets.monthly_spend"),
    ],
)
def test_what_another_credential_reads_is_warned_about(tmp_path: Path, credential: str, own: dict[str, Any], expected: str | None) -> None:
    account = {**ACCOUNT, "provider": "openrouter", "credentials": {credential: {"env": "HEYGEN_API_KEY"}}, **own}
    text = "has no effect: openrouter reports this resource with api_key, not with management_key"
    assert warnings(tmp_path, accounts=[account]) == ([f"openrouter/studio: {expected} {text}"] if expected else [])


@pytest.mark.parametrize(("unit", "count"), [("usd", 0), ("eur", 0), ("dollars", 1), ("credits", 1), ("us", 1)])
def test_a_budget_that_is_no_currency_is_warned_about_where_the_vendor_sends_one(tmp_path: Path, unit: str, count: int) -> None:
    account = {**ACCOUNT, "provider": "openai", "credentials": {"admin_key": {"env": "HEYGEN_API_KEY"}}, "budgets": {"spend": {unit: 500}}}
    expected = f"openai/studio: budgets.spend.{unit}: openai reports this resource in a currency, so expected its code, such as usd"
    assert warnings(tmp_path, accounts=[account]) == [expected] * count


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody can open. The folders of tmp_path are private."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize(
    ("file", "folder", "is_warned"),
    [
        (0o644, 0o755, True),
        (0o604, 0o711, True),
        (0o640, 0o755, False),
        (0o600, 0o755, False),
        (0o644, 0o700, False),
        (0o644, 0o750, False),
    ],
)
def test_a_file_of_a_key_that_everybody_can_read_is_warned_about(public: Path, *, file: int, folder: int, is_warned: bool) -> None:
    keys = public / "keys"
    keys.mkdir()
    (keys / "heygen").write_text("made-up-key")
    (keys / "heygen").chmod(file)
    keys.chmod(folder)
    account = {**ACCOUNT, "credentials": {"api_key": {"file": "keys/heygen"}}}
    push = {"otlp": {"endpoint": "https://collector.example/v1/metrics", "headers": {"Authorization": {"file": "keys/heygen"}}}}
    text = "every user of this machine can read the file keys/heygen of the secret: use `chmod o-r`"
    expected = [f"heygen/studio: {text}", f"push.otlp.headers.Authorization: {text}"]
    assert warnings(public, accounts=[account], push=push) == expected * is_warned


def test_the_path_of_a_file_that_may_be_a_key_is_not_shown(public: Path) -> None:
    name = "sk-5eC7etc4n4ry0123456789"
    (public / name).write_text("made-up-key")
    (public / name).chmod(0o644)
    [text] = warnings(public, accounts=[{**ACCOUNT, "credentials": {"api_key": {"file": name}}}])
    assert text == "heygen/studio: every user of this machine can read the file of the secret: use `chmod o-r`"


def test_the_file_of_another_user_is_not_warned_about(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a secret that Kubernetes mounts. It is root's, and its mode is 0644 by default."""
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    (public / "key").write_text("made-up-key")
    (public / "key").chmod(0o644)
    assert warnings(public, accounts=[{**ACCOUNT, "credentials": {"api_key": {"file": "key"}}}]) == []


def test_the_vendors_that_nobody_has_tried_are_one_line_after_all_other_warnings(tmp_path: Path) -> None:
    with_key = {**ACCOUNT, "credentials": {"api_key": {"value": "made-up"}}, "interval": "2h", "stale_after": "1d"}
    other = {**ACCOUNT, "provider": "liveavatar", "credentials": {"api_key": {"env": "LIVEAVATAR_API_KEY"}}}
    seen = {**ACCOUNT, "provider": "kling", "credentials": {"api_key": {"env": "HEYGEN_API_KEY"}}}
    file = {"accounts": [with_key, other, seen], "provider_files": [str(SEEN / "kling.yaml")]}
    interval, key, untried = warnings_of(load_config(write(tmp_path, json.dumps(file)), ENVIRON))
    assert "interval of 2h" in interval
    assert key == "heygen/studio: the key is in the configuration file; use env or file instead of value"
    assert untried.startswith("heygen, kling (from public code only) and liveavatar: nobody has tried the definition: compare")
