"""The same query for the status page and the API, and the page of the configuration, over HTTP."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml

from exporter.config.loading import Loaded, load_config
from exporter.config.models import Config
from exporter.config.redacted import redacted
from exporter.model import AccountKey
from exporter.providers.library import load_definitions
from exporter.web.web_config.web_config import WebConfig
from tests.config.support import ENVIRON, write
from tests.web.serving import Client, endpoints, serving

CANARY = "sk-canary-4d1f0a7be2c95f83"
"""In each place of a configuration where people put secrets, or paste them by mistake."""


async def answer(client: Client, query: str) -> tuple[int, Any]:
    async with client.ask(f"/api/v1/accounts?{query}") as response:
        return response.status, json.loads(await response.read())


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("team=voice", ["narration"]),
        ("team=voice&team=events", ["narration", "a new one"]),
        ("provider=elevenlabs&team=", ["enterprise"]),
        ("q=studio", ["studio"]),
        ("provider=liveavatar&sort=account", ["a new one", "stage"]),
        ("provider=liveavatar&sort=-account", ["stage", "a new one"]),
        ("account=nobody", []),
    ],
)
async def test_the_query_selects_the_accounts_of_the_api_and_of_the_page(client: Client, query: str, names: list[str]) -> None:
    status, body = await answer(client, query)
    assert (status, [account["account"] for account in body["accounts"]]) == (200, names)
    assert body["summary"]["accounts"] == len(names)
    async with client.ask(f"/?{query}") as response:
        page = await response.text()
    assert [key.partition("/")[2] for key in re.findall(r'data-key="([^"]*)"', page)] == names


async def test_the_api_refuses_a_query_that_is_not_valid_with_all_problems(client: Client) -> None:
    status, body = await answer(client, "temas=video&state=fialing&team=video&page=2")
    assert status == 400
    assert [problem.partition(";")[0] for problem in body["problems"]] == [
        "“temas” is neither a parameter nor a label of an account",
        "“fialing” is not a state",
        "“page” is neither a parameter nor a label of an account",
    ]
    async with client.ask("/?temas=video&state=fialing&team=video") as response:
        page = await response.text()
    assert (response.status, page.count("A part of the address was ignored")) == (200, 2)


@pytest.mark.parametrize("query", ["team=%ff%fe", "%00=%00", "team=" + "x" * 7_000, "&&&==&=", "team[]=x", "q=%F0%9F%98%80"])
async def test_a_strange_query_is_answered(client: Client, query: str) -> None:
    for path in ("/", "/api/v1/accounts"):
        async with client.ask(f"{path}?{query}") as response:
            assert response.status in {200, 400}


def loaded(folder: Path, text: str) -> Loaded:
    return load_config(write(folder, text), {**ENVIRON, "HTTPS_PROXY": f"http://user:{CANARY}@proxy:3128"}, check_secrets=False)


ACCOUNTS = f"""
defaults: {{interval: 1m, proxy_url: "http://user:{CANARY}@proxy.example:3128", thresholds: {{"*": {{warning: 20%}}}}, budgets: {{spend: {{usd: 12.5}}}}}}
state: {{path: state.db}}
providers: {{heygen: {{max_requests_per_minute: 30}}}}
push:
  otlp:
    endpoint: "https://collector.example/{CANARY}/v1/metrics"
    proxy_url: "http://user:{CANARY}@proxy.example:3128"
    headers: {{Authorization: {{env: {CANARY.replace("-", "_")}}}, X-Key: {{file: {CANARY}}}, X-Other: {{env: OTLP_KEY}}}}
accounts:
  - {{name: value, provider: heygen, credentials: {{api_key: {{value: {CANARY}}}}}}}
  - {{name: env, provider: heygen, credentials: {{api_key: {{env: HEYGEN_API_KEY}}}}, labels: {{team: video}}, enabled: false}}
  - {{name: file, provider: heygen, credentials: {{api_key: {{file: secrets/heygen-key}}}}, proxy_url: "http://{CANARY}@proxy.example:3128"}}
  - {{name: absolute, provider: heygen, credentials: {{api_key: {{file: /run/secrets/heygen}}}}, proxy_from_environment: true}}
  - {{name: mistaken env, provider: heygen, credentials: {{api_key: {{env: {CANARY.replace("-", "_")}}}}}}}
  - {{name: mistaken file, provider: heygen, credentials: {{api_key: {{file: {CANARY}}}}}}}
  - {{name: gateway, provider: heygen, credentials: {{api_key: {{env: HEYGEN_API_KEY}}}}, base_url: "https://gateway.example/v1/{CANARY}"}}
  - name: login
    provider: heygen
    credentials: {{access_token: {{oauth2: {{client_id: {CANARY}, refresh_token_file: {CANARY}/token}}}}}}
"""


def test_no_secret_is_in_what_is_shown_of_a_configuration(tmp_path: Path) -> None:
    data = redacted(loaded(tmp_path, ACCOUNTS))
    text = yaml.safe_dump(data)
    for form in (CANARY, CANARY.replace("-", "_"), "4d1f0a7be2c95f83"):
        assert form not in text
    assert data["defaults"]["proxy_url"] == "http://<hidden>@proxy.example:3128"
    accounts = {account["name"]: account for account in data["accounts"]}
    assert {name: account["credentials"] for name, account in accounts.items()} == {
        "value": {"api_key": {"value": "<hidden>"}},
        "env": {"api_key": {"env": "HEYGEN_API_KEY"}},
        "file": {"api_key": {"file": "secrets/heygen-key"}},
        "absolute": {"api_key": {"file": "/run/secrets/heygen"}},
        "mistaken env": {"api_key": {"env": "<hidden>"}},
        "mistaken file": {"api_key": {"file": "<hidden>"}},
        "gateway": {"api_key": {"env": "HEYGEN_API_KEY"}},
        "login": {"access_token": {"oauth2": {"client_id": "<hidden>", "refresh_token_file": "<hidden>/token"}}},
    }
    assert data["push"] == {
        "otlp": {
            "plain_http": False,
            "endpoint": "https://collector.example/<hidden>/v1/metrics",
            "proxy_url": "http://<hidden>@proxy.example:3128",
            "interval": "1m",
            "timeout": "10s",
            "headers": {"Authorization": {"env": "<hidden>"}, "X-Key": {"file": "<hidden>"}, "X-Other": {"env": "OTLP_KEY"}},
        }
    }
    assert {*data, "account_files", "provider_files"} == set(Config.model_fields), "a new block must be shown, without its secrets"
    assert accounts["gateway"]["base_url"] == "https://gateway.example/v1/<hidden>"
    assert accounts["file"]["proxy_url"] == "http://<hidden>@proxy.example:3128"


def test_the_settings_in_force_are_shown_as_they_are_written(tmp_path: Path) -> None:
    data = redacted(loaded(tmp_path, ACCOUNTS))
    assert {name: data["defaults"][name] for name in ("interval", "timeout", "max_backoff", "thresholds", "budgets")} == {
        "interval": "1m",
        "timeout": "15s",
        "max_backoff": "15m",
        "thresholds": {"*": {"warning": "20%"}},
        "budgets": {"spend": {"usd": 12.5}},
    }
    assert (data["state"], data["providers"]) == ({"path": "state.db"}, {"heygen": {"max_requests_per_minute": 30}})
    assert data["accounts"][1] == {
        "name": "env",
        "provider": "heygen",
        "enabled": False,
        "labels": {"team": "video"},
        "credentials": {"api_key": {"env": "HEYGEN_API_KEY"}},
    }


@pytest.mark.parametrize(
    ("provider", "params", "expected"),
    [
        ("openai", {"project": "proj_abc"}, {"project": "proj_abc"}),
        ("cloudflare_ai_gateway", {"account": "0123456789abcdef0123456789abcdef"}, {"account": "0123456789abcdef0123456789abcdef"}),
    ],
)
def test_params_are_shown_unless_they_may_be_keys(provider: str, params: dict[str, str], expected: dict[str, str]) -> None:
    definition = load_definitions()[provider]
    [credential, *_] = definition.credentials
    account = {"name": "a", "provider": provider, "credentials": {credential: {"env": "A_KEY"}}, "params": params}
    data = redacted(Loaded(Config.model_validate({"accounts": [account]}), load_definitions()))
    assert data["accounts"][0]["params"] == expected


def test_a_key_in_the_place_of_a_param_is_not_shown() -> None:
    definition = load_definitions()["openai"].model_copy(update={"params": {}})
    account = {"name": "a", "provider": "openai", "credentials": {"admin_key": {"env": "A_KEY"}}, "params": {"project": CANARY}}
    data = redacted(Loaded(Config.model_validate({"accounts": [account]}), {"openai": definition}))
    assert data["accounts"][0]["params"] == {"project": "<hidden>"}


def test_the_file_of_certificate_authorities_is_shown() -> None:
    account = {"name": "a", "provider": "heygen", "credentials": {"api_key": {"env": "A_KEY"}}, "ca_file": "/etc/ssl/own.pem"}
    data = redacted(Loaded(Config.model_validate({"accounts": [account], "defaults": {"no_proxy": ["localhost"]}}), load_definitions()))
    assert (data["accounts"][0]["ca_file"], data["defaults"]["no_proxy"]) == ("/etc/ssl/own.pem", ["localhost"])


async def test_a_chosen_path_of_the_metrics_replaces_another_page() -> None:
    async with serving(endpoints(telemetry_path="/config")) as client, client.ask("/config") as response:
        assert "# TYPE ai_account_up gauge" in await response.text()


async def test_the_configuration_has_a_page_that_the_status_page_links_to(tmp_path: Path) -> None:
    config = loaded(tmp_path, ACCOUNTS)
    async with serving(endpoints(config=lambda: config)) as client:
        async with client.ask("/config") as response:
            page = await response.text()
        async with client.ask("/") as status:
            assert 'href="config"' in await status.text()
    assert (response.status, response.content_type, response.headers["Cache-Control"]) == (200, "text/html", "no-store")
    assert "script-src" in response.headers["Content-Security-Policy"]
    assert "- name: mistaken file\n" in page
    assert 'rel="icon" href="data:' in page, "a browser does not ask for /favicon.ico"
    assert "&lt;hidden&gt;" in page
    assert CANARY not in page


async def test_there_is_no_such_page_without_a_configuration(client: Client) -> None:
    async with client.ask("/config") as response, client.ask("/") as status:
        assert response.status == 404
        assert 'href="config"' not in await status.text()


async def test_the_configuration_needs_the_password_of_the_status_page(tmp_path: Path) -> None:
    config = loaded(tmp_path, ACCOUNTS)
    protected = WebConfig(users={"prometheus": bcrypt.hashpw(b"of nobody", bcrypt.gensalt(4)).decode()})
    async with serving(endpoints(config=lambda: config), protected) as client:
        for path in ("/config", "/"):
            async with client.ask(path) as response:
                assert response.status == 401
                assert "mistaken file" not in await response.text()


async def test_the_page_of_one_account_has_the_shape_of_its_answers() -> None:
    def shapes(key: AccountKey) -> dict[str, tuple[tuple[str, str], ...]]:
        return {"/v1/usage": (("data.used", "a number"),)} if key.account == "narration" else {}

    async with serving(endpoints(shapes=shapes)) as client, client.ask("/?account=narration") as one, client.ask("/?q=elevenlabs") as two:
        assert "data.used" in await one.text()
        assert "data.used" not in await two.text()
