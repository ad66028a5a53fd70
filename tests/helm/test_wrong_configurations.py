"""The schema of the chart refuses the configurations that `check` refuses, and accepts an account of every vendor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from exporter.config.loading import load_config
from exporter.errors import ConfigError
from exporter.providers.definition import Definition
from exporter.providers.library import read_definitions
from tests.helm.rendering import template
from tests.helm.test_documents import faults

DEFINITIONS = read_definitions().definitions
HEYGEN = {"name": "studio", "provider": "heygen", "credentials": {"api_key": {"env": "A_KEY"}}}
SELF_HOSTED = {"name": "proxy", "provider": "litellm", "credentials": {"api_key": {"env": "A_KEY"}}, "base_url": "https://llm.example.com"}


def heygen(**changes: Any) -> dict[str, Any]:
    return {"accounts": [{**HEYGEN, **changes}]}


def of(provider: str, **changes: Any) -> dict[str, Any]:
    return {"accounts": [{"name": "a", "provider": provider, "credentials": {"api_key": {"env": "A_KEY"}}, **changes}]}


def defaults(**changes: Any) -> dict[str, Any]:
    return heygen() | {"defaults": changes}


WRONG: dict[str, dict[str, Any]] = {
    "an unknown vendor": of("heygne"),
    "a vendor that must be named in provider_files": of("serper"),
    "limits of an unknown vendor": heygen() | {"providers": {"heygne": {"max_requests_per_minute": 5}}},
    "no account": {"accounts": [{}]},
    "an unknown key": heygen(intervall="5m"),
    "an unknown block": heygen() | {"acounts": []},
    "no name": heygen(name=None),
    "an empty name": heygen(name=""),
    "a long name": heygen(name="a" * 129),
    "an unknown credential": heygen(credentials={"key": {"env": "A_KEY"}}),
    "two credentials": heygen(credentials={"api_key": {"env": "A_KEY"}, "access_token": {"env": "A_KEY"}}),
    "no credential": heygen(credentials={}),
    "a credential without a source": heygen(credentials={"api_key": {}}),
    "a credential with two sources": heygen(credentials={"api_key": {"env": "A_KEY", "file": "/run/key"}}),
    "a credential with an empty source": heygen(credentials={"api_key": {"env": None}}),
    "a credential as text": heygen(credentials={"api_key": "sk-made-up"}),
    "a key in place of a variable": heygen(credentials={"api_key": {"env": "sk-made-up"}}),
    "a login that the vendor does not have": heygen(
        credentials={"api_key": {"oauth2": {"client_id": "a", "refresh_token_file": "/var/lib/token"}}}
    ),
    "an unknown severity": heygen(thresholds={"wallet": {"warn": 50}}),
    "no severity": heygen(thresholds={"wallet": {}}),
    "a negative threshold": heygen(thresholds={"wallet": {"warning": -1}}),
    "a share of 0 %": heygen(thresholds={"wallet": {"warning": "0%"}}),
    "a share of 0.0 %": heygen(thresholds={"wallet": {"warning": "0.0%"}}),
    "a share above 100 %": heygen(thresholds={"wallet": {"warning": "120%"}}),
    "a threshold as text": heygen(thresholds={"wallet": {"warning": "low"}}),
    "an amount for every resource": heygen(thresholds={"*": {"warning": 50}}),
    "a threshold of an unknown resource": heygen(thresholds={"wallett": {"warning": 50}}),
    "a threshold of nobody's resource": defaults(thresholds={"wallett": {"warning": "5%"}}),
    "an unknown severity in the defaults": defaults(thresholds={"*": {"warn": "5%"}}),
    "a budget of an unknown resource": heygen(budgets={"spent": {"usd": 500}}),
    "a budget of nobody's resource": defaults(budgets={"spent": {"usd": 500}}),
    "a budget of 0": heygen(budgets={"spend": {"usd": 0}}),
    "a budget in capital letters": heygen(budgets={"spend": {"USD": 500}}),
    "a budget without a unit": heygen(budgets={"spend": {}}),
    "a budget of a resource whose use is unknown": heygen(budgets={"wallet": {"usd": 500}}),
    "an interval in words": heygen(interval="5 minutes"),
    "an interval as a number": heygen(interval=300),
    "an interval of 0": heygen(interval="0s"),
    "an interval below a second": heygen(interval="999ms"),
    "an interval below a second in two parts": heygen(interval="0s999ms"),
    "a default interval below a second": defaults(interval="10ms"),
    "a minimum interval of 0": heygen(min_interval="0m"),
    "a timeout of 0": heygen(timeout="0s"),
    "a timeout in the wrong order": heygen(timeout="30s1m"),
    "a default timeout without a unit": defaults(timeout="15"),
    "an unknown region": of("elevenlabs", region="mars"),
    "a region of a vendor without regions": heygen(region="eu"),
    "params of a vendor without params": heygen(params={"project": "p"}),
    "a missing param": of("deepgram"),
    "an unknown param": of("deepgram", params={"project": "0" * 36, "team": "x"}),
    "a param of another form": of("deepgram", params={"project": "production"}),
    "a URL of another scheme": heygen(base_url="ftp://api.example.com"),
    "a URL with a password": heygen(base_url="https://me:pw@api.example.com"),
    "plain HTTP": heygen(base_url="http://api.example.com"),
    "plain HTTP for a vendor on the internet": heygen(plain_http=True),
    "no URL of software on your own hosts": {"accounts": [{**SELF_HOSTED, "base_url": None}]},
    "plain HTTP of your own host that is not confirmed": {"accounts": [{**SELF_HOSTED, "base_url": "http://llm.example.com"}]},
    "a SOCKS proxy": heygen(proxy_url="socks5://proxy:1080"),
    "a default proxy without a scheme": defaults(proxy_url="proxy:3128"),
    "a label with a hyphen": heygen(labels={"cost-center": "1"}),
    "a reserved label": heygen(labels={"account": "x"}),
    "a private label": heygen(labels={"__team": "x"}),
    "a label that is a number": heygen(labels={"team": 1}),
    "a limit of 0 requests": heygen() | {"providers": {"heygen": {"max_requests_per_minute": 0}}},
    "a state without a path": heygen() | {"state": {}},
    "a list as a block": heygen() | {"defaults": []},
}
"""Configurations that the exporter refuses."""

ONLY_THE_EXPORTER: dict[str, dict[str, Any]] = {
    "two accounts of one name": {"accounts": [HEYGEN, HEYGEN]},
    "a critical threshold above the warning": heygen(thresholds={"wallet": {"warning": 1, "critical": 2}}),
    "a limit below what the intervals need": heygen(interval="1s") | {"providers": {"heygen": {"max_requests_per_minute": 1}}},
    "a network that is none": heygen(no_proxy=["10.0.0.0/99"]),
}
"""Configurations that no schema can refuse: the exporter compares several values."""


def config_with(document: dict[str, Any], folder: Path) -> Path:
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.mark.parametrize("document", [*WRONG.values(), *ONLY_THE_EXPORTER.values()], ids=[*WRONG, *ONLY_THE_EXPORTER])
def test_the_exporter_refuses(document: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_config(config_with(document, tmp_path), {"A_KEY": "made-up"})


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG)
def test_the_schema_refuses(document: dict[str, Any]) -> None:
    assert faults({"config": document}) != []


@pytest.mark.parametrize("document", ONLY_THE_EXPORTER.values(), ids=ONLY_THE_EXPORTER)
def test_the_list_of_what_only_the_exporter_refuses_is_short_and_true(document: dict[str, Any]) -> None:
    assert faults({"config": document}) == []


@pytest.mark.e2e
@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG)
def test_both_versions_of_helm_refuse(document: dict[str, Any], version: str) -> None:
    answer = template({"config": document}, version)
    assert answer.code != 0
    assert "don't meet the specifications of the schema" in answer.errors


def matching(pattern: str) -> str:
    """Any text that matches. A search for the shortest would take seconds."""
    return find(st.from_regex(f"({pattern})", fullmatch=True), bool, settings=settings(phases=[Phase.generate]))


def account_of(definition: Definition) -> dict[str, Any]:
    """A valid account of that vendor with everything that depends on it."""
    params = {name: matching(fields.pattern or "a") for name, fields in definition.params.items()}
    remaining = {
        quota.resource for quota in definition.quotas if {"remaining"} <= quota.amounts.keys() or {"used", "limit"} <= quota.amounts.keys()
    }
    return {
        "name": "a",
        "provider": definition.name,
        "credentials": {list(definition.credentials)[-1]: {"env": "A_KEY"}},
        "thresholds": {resource: {"warning": "5%"} for resource in remaining} | {"*": {"critical": "0.5%"}},
        **({"params": params} if params else {}),
        **({"region": next(iter(definition.regions))} if definition.regions else {}),
        **({"base_url": "http://gateway.internal", "plain_http": True} if definition.base_url is None else {}),
    }


@pytest.mark.parametrize("name", DEFINITIONS)
def test_an_account_of_every_vendor_is_valid_for_both(name: str, tmp_path: Path) -> None:
    document = {"accounts": [account_of(DEFINITIONS[name])]}
    assert load_config(config_with(document, tmp_path), {"A_KEY": "made-up"}).config.accounts
    assert faults({"config": document}) == []


@pytest.mark.parametrize("text", ["30s", "1s", "1000ms", "0h5m", "1y2w3d4h5m6s7ms", "100%", "0.5%", "05%", "99.999%", "0.01%"])
def test_unusual_durations_and_shares_are_valid_for_both(text: str, tmp_path: Path) -> None:
    document = heygen(thresholds={"wallet": {"warning": text}}) if "%" in text else heygen(interval=text, stale_after="9y")
    assert load_config(config_with(document, tmp_path), {"A_KEY": "made-up"}).config.accounts
    assert faults({"config": document}) == []


def test_definitions_of_your_own_allow_other_vendors() -> None:
    acme = {"accounts": [{"name": "lab", "provider": "acme", "credentials": {"token": {"env": "A_KEY"}}}]}
    assert "'acme' is not one of" in json.dumps(faults({"config": acme}))
    assert faults({"config": acme, "providerDefinitions": {"acme": {"name": "acme"}}}) == []
    assert faults({"config": acme | {"provider_files": ["/etc/definitions/*.yaml"]}}) == []
    assert faults({"config": {"accounts": [{**HEYGEN, "thresholds": {"wallet": {"warn": 5}}}], "provider_files": ["x.yaml"]}}) != []
