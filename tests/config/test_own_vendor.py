"""What an account sets for a definition that needs more than a secret: params, an address of its own, and budgets."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.config.job import build_jobs
from exporter.config.loading import load_config
from exporter.config.warnings import warnings_of
from exporter.providers.library import BUILT_IN
from tests.config.support import ACCOUNT, ENVIRON, problems, write
from tests.providers.made_up import ACME
from tests.support import CANARY

WORKED: Final = Path(__file__).parent.parent / "providers" / "worked"
TEAM: Final = "0b1c2d3e-0000-4000-8000-123456789abc"
XAI: Final = {"name": "prod", "provider": "xai", "credentials": {"management_key": {"env": "ACME_TOKEN"}}, "params": {"team": TEAM}}
LITELLM: Final = {
    "name": "proxy",
    "provider": "litellm",
    "credentials": {"key": {"env": "ACME_TOKEN"}},
    "base_url": "https://llm.example.com",
}
OPENAI: Final = {"name": "prod", "provider": "openai", "credentials": {"admin_key": {"env": "ACME_TOKEN"}}}


@pytest.fixture(autouse=True)
def _other_built_in_definitions(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the built-in definitions, keep those that no worked example replaces: `check` warns of replaced ones."""
    built_in = tmp_path_factory.mktemp("package") / "definitions"
    built_in.mkdir()
    for path in BUILT_IN.glob("*.yaml"):
        if not (WORKED / path.name).exists():
            shutil.copy(path, built_in)
    monkeypatch.setattr("exporter.providers.library.BUILT_IN", built_in)


def _write(folder: Path, *accounts: Any, **main: Any) -> Path:
    shutil.copytree(WORKED, folder / "worked", dirs_exist_ok=True)
    return write(folder, json.dumps({"provider_files": ["worked/*.yaml"], "accounts": accounts, **main}))


def _without(account: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in account.items() if name != key}


def test_params_are_settings_of_the_account(tmp_path: Path) -> None:
    [job] = build_jobs(load_config(_write(tmp_path, XAI), ENVIRON))
    assert job.settings.params == {"team": TEAM}
    assert job.settings.base_url == "https://management-api.x.ai"


HELP: Final = ": the team's id, from the URL of the console"


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (_without(XAI, "params"), [f"accounts[0].params.team: is required{HELP}"]),
        ({**XAI, "params": {}}, [f"accounts[0].params.team: is required{HELP}"]),
        ({**XAI, "params": {"teem": TEAM}}, ["accounts[0].params.teem: xai has no such param; did you mean 'team'?"]),
        ({**XAI, "params": {"team": TEAM, "org": "x"}}, ["accounts[0].params.org: xai has no such param; expected team"]),
        ({**XAI, "params": {"team": "prod"}}, [f"accounts[0].params.team: does not match the pattern [0-9a-f-]{{36}}{HELP}"]),
        ({**XAI, "params": {"team": f"{TEAM}x"}}, [f"accounts[0].params.team: does not match the pattern [0-9a-f-]{{36}}{HELP}"]),
        ({**XAI, "params": {"team": 5}}, ["accounts[0].params.team: expected text: put it in quotes"]),
        ({**XAI, "params": "team"}, ["accounts[0].params: expected a block of `key: value` lines"]),
        ({**ACCOUNT, "params": {"team": TEAM}}, ["accounts[0].params.team: heygen has no params"]),
    ],
)  # fmt: skip
def test_a_mistake_in_params_is_one_problem(tmp_path: Path, account: dict[str, Any], expected: list[str]) -> None:
    assert problems(_write(tmp_path, account)) == expected


@pytest.mark.parametrize("pattern", ["([0-9a-f-]+)+x", "(a|a)*b", "(.*)*=", "(a?){100}a{120}b"])
def test_a_pattern_is_matched_in_a_time_that_it_cannot_make_long(tmp_path: Path, pattern: str) -> None:
    """With Python's own regular expressions each of these takes years, during which nothing else of the process runs."""
    request = {"path": "/{team}", "expect": "data"}
    (tmp_path / "acme.yaml").write_text(
        json.dumps({**ACME, "requests": [request], "params": {"team": {"pattern": pattern}}}), encoding="utf-8"
    )
    account = {"name": "a", "provider": "acme", "credentials": {"token": {"env": "ACME_TOKEN"}}, "params": {"team": "a" * 128}}
    path = write(tmp_path, json.dumps({"provider_files": ["acme.yaml"], "accounts": [account]}))
    assert problems(path) == [f"accounts[0].params.team: does not match the pattern {pattern}"]


@pytest.mark.parametrize("value", ["a:b", ":", "m\u00fcller"])
def test_a_param_that_would_change_the_user_of_basic_authentication_is_refused(tmp_path: Path, value: str) -> None:
    """A server reads the user up to the first colon. What follows would become a part of the password."""
    definition = {**ACME, "credentials": {"token": {"basic": {"user": "team-{team}"}}}, "params": {"team": {}}}
    (tmp_path / "acme.yaml").write_text(json.dumps(definition), encoding="utf-8")
    account = {"name": "a", "provider": "acme", "credentials": {"token": {"env": "ACME_TOKEN"}}, "params": {"team": value}}
    path = write(tmp_path, json.dumps({"provider_files": ["acme.yaml"], "accounts": [account]}))
    assert problems(path) == ["accounts[0].params.team: is part of the user of HTTP basic authentication: expected ASCII without a colon"]


@pytest.mark.parametrize("value", ["a/b", "..", ".", "%2f", "https://console.example.com/teams/1", "a\\b", "", " x", f"x/{CANARY}"])
def test_a_param_that_could_leave_its_segment_is_refused_and_not_shown(tmp_path: Path, value: str) -> None:
    account = {"name": "a", "provider": "huggingface", "credentials": {"token": {"env": "ACME_TOKEN"}}, "params": {"organization": value}}
    assert problems(_write(tmp_path, account)) == [
        "accounts[0].params.organization: expected the value alone, without /, \\, % and control characters"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"base_url": None}, ["accounts[0].base_url: is required: litellm runs on a host of your own"]),
        ({"base_url": "http://10.0.3.7:4000"}, [
            "accounts[0].base_url: plain http would show the key to the network: use https (http is accepted for loopback only); in a private "
            "network, set `plain_http: true`"
        ]),
        ({"base_url": "http://10.0.3.7:4000", "plain_http": True}, []),
        ({"base_url": "http://litellm.ai.svc.cluster.local", "plain_http": True}, []),
        ({"base_url": "http://[fd00::1]:4000", "plain_http": True}, []),
        ({"base_url": "http://8.8.8.8", "plain_http": True}, [
            "accounts[0].base_url: plain http would show the key to the internet: this address is public, use https"
        ]),
        ({"base_url": "https://8.8.8.8", "plain_http": True}, []),
        ({"base_url": "ftp://10.0.3.7", "plain_http": True}, [
            "accounts[0].base_url: expected a URL such as https://api.example.com, without user, query or fragment"
        ]),
        ({"base_url": "https://llm.example.com?key=1"}, [
            "accounts[0].base_url: expected a URL such as https://api.example.com, without user, query or fragment"
        ]),
        ({"plain_http": "yes!"}, ["accounts[0].plain_http: expected true or false"]),
    ],
)  # fmt: skip
def test_software_of_ones_own_needs_an_address_and_may_use_http_in_a_private_network(
    tmp_path: Path, changes: dict[str, Any], expected: list[str]
) -> None:
    assert problems(_write(tmp_path, {**LITELLM, **changes})) == expected


def test_plain_http_is_for_software_of_ones_own_only(tmp_path: Path) -> None:
    account = {**ACCOUNT, "plain_http": True, "base_url": "http://10.0.3.7"}
    assert problems(_write(tmp_path, account))[0] == "accounts[0].plain_http: heygen is not self-hosted: use https"


def test_budgets_of_an_account_and_of_the_defaults_apply_together(tmp_path: Path) -> None:
    defaults = {"budgets": {"spend": {"usd": 500, "eur": 400}}}
    path = _write(tmp_path, {**OPENAI, "budgets": {"spend": {"usd": 0.1}}}, ACCOUNT, defaults=defaults)
    openai, heygen = build_jobs(load_config(path, ENVIRON))
    assert openai.settings.budgets == {("spend", "usd"): Decimal("0.1"), ("spend", "eur"): Decimal(400)}
    assert heygen.settings.budgets == {("spend", "usd"): Decimal(500), ("spend", "eur"): Decimal(400)}


AMOUNT: Final = "expected an amount such as 500: more than 0, 1000000000000000 at most"


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ({**OPENAI, "budgets": {"spend": {"usd": 500}}}, []),
        ({**OPENAI, "budgets": {"spend": {"eur": 500}}}, []),
        ({**ACCOUNT, "budgets": {"spend": {"eur": 500}}}, ["accounts[0].budgets.spend: heygen reports this resource in usd"]),
        ({**ACCOUNT, "budgets": {"wallet": {"usd": 5}}}, [
            "accounts[0].budgets.wallet: heygen does not report what is used of this resource, so a budget has no effect"
        ]),
        ({**OPENAI, "budgets": {"spent": {"usd": 5}}}, ["accounts[0].budgets.spent: openai has no such resource; did you mean 'spend'?"]),
        ({**OPENAI, "budgets": {"spend": {"USD": 5}}}, ["accounts[0].budgets.spend.USD: expected a unit in lower case, such as usd"]),
        ({**OPENAI, "budgets": {"spend": {"usd": 0}}}, [f"accounts[0].budgets.spend.usd: {AMOUNT}"]),
        ({**OPENAI, "budgets": {"spend": {"usd": -5}}}, [f"accounts[0].budgets.spend.usd: {AMOUNT}"]),
        ({**OPENAI, "budgets": {"spend": {"usd": "500"}}}, [f"accounts[0].budgets.spend.usd: {AMOUNT}"]),
        ({**OPENAI, "budgets": {"spend": {"usd": True}}}, [f"accounts[0].budgets.spend.usd: {AMOUNT}"]),
        ({**OPENAI, "budgets": {"spend": {}}}, ["accounts[0].budgets.spend: expected one or more"]),
        ({**OPENAI, "budgets": {"spend": 500}}, ["accounts[0].budgets.spend: expected an amount by unit, such as {usd: 500}"]),
    ],
)  # fmt: skip
def test_a_budget_that_nothing_can_be_compared_with_is_a_problem(tmp_path: Path, account: dict[str, Any], expected: list[str]) -> None:
    assert problems(_write(tmp_path, account)) == expected


def test_a_budget_of_the_defaults_must_be_of_a_resource_that_exists(tmp_path: Path) -> None:
    assert problems(_write(tmp_path, ACCOUNT, defaults={"budgets": {"spend": {"eur": 5}, "spent": {"usd": 5}}})) == [
        "defaults.budgets.spent: no provider has such a resource; did you mean 'spend'?"
    ]


NOTHING_REMAINS: Final = "no response contains what remains of this resource, so a threshold has no effect; use `budgets` for what is used"


def test_a_threshold_where_nothing_ever_remains_is_a_problem(tmp_path: Path) -> None:
    spend, slots = {"spend": {"warning": 50}}, {"voice_slots": {"warning": 1}}
    voice = {"name": "v", "provider": "elevenlabs", "credentials": {"api_key": {"env": "ELEVENLABS_API_KEY"}}, "thresholds": slots}
    xai = {**XAI, "thresholds": spend}
    assert problems(_write(tmp_path, voice, {**OPENAI, "thresholds": spend})) == []  # its limit is in another request
    assert problems(_write(tmp_path, xai)) == [f"accounts[0].thresholds.spend: xai: {NOTHING_REMAINS}"]
    assert problems(_write(tmp_path, XAI, defaults={"thresholds": spend})) == [f"defaults.thresholds.spend: {NOTHING_REMAINS}"]
    assert problems(_write(tmp_path, XAI, ACCOUNT, defaults={"thresholds": spend})) == []


@pytest.mark.parametrize(
    ("account", "defaults", "short"),
    [
        ({**OPENAI}, {}, None),
        ({**OPENAI, "interval": "1m"}, {}, None),
        ({**OPENAI, "interval": "30s"}, {}, "30s"),
        ({**OPENAI, "min_interval": "20s"}, {}, "20s"),
        ({**OPENAI}, {"interval": "10s"}, "10s"),
        ({**OPENAI}, {"min_interval": "10s"}, "10s"),
        ({**OPENAI, "interval": "30s", "enabled": False}, {}, None),
    ],
)
def test_a_shorter_interval_than_the_vendor_allows_is_a_warning(
    tmp_path: Path, account: dict[str, Any], defaults: dict[str, Any], short: str | None
) -> None:
    found = [text for text in warnings_of(load_config(_write(tmp_path, account, defaults=defaults), ENVIRON)) if "interval" in text]
    expected = f"openai/prod: the interval of {short} is shorter than the 1m that the vendor allows"
    assert found == ([expected] if short else [])


def test_a_definition_that_nobody_has_tried_is_one_warning(tmp_path: Path) -> None:
    loaded = load_config(
        _write(tmp_path, OPENAI, {**OPENAI, "name": "other", "credentials": {"admin_key": {"env": "HEYGEN_API_KEY"}}}, LITELLM), ENVIRON
    )
    assert list(warnings_of(loaded)) == [
        "openai: nobody has tried the definition: compare the output of `once` with the vendor's dashboard"
    ]
