"""The receiver of pushes in the configuration."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from exporter.cli.main import main
from exporter.config.push_settings import HeaderSource
from exporter.errors import CredentialError
from tests.config.support import ACCOUNT, CANARY, ENVIRON, load, problems, write

ENDPOINT = "https://collector.example.com/v1/metrics"


def pushing(**otlp: Any) -> str:
    return json.dumps({"accounts": [ACCOUNT], "push": {"otlp": {"endpoint": ENDPOINT, **otlp}}})


def test_nothing_is_pushed_unless_it_is_configured(tmp_path: Path) -> None:
    assert load(write(tmp_path, json.dumps({"accounts": [ACCOUNT]}))).push is None


def test_the_defaults_of_a_push(tmp_path: Path) -> None:
    push = load(write(tmp_path, pushing())).push
    assert push
    assert (push.otlp.endpoint, push.otlp.interval, push.otlp.timeout, push.otlp.headers) == (ENDPOINT, 60, 10, {})


@pytest.mark.parametrize(
    "own",
    [
        {"endpoint": "http://127.0.0.1:4318/v1/metrics"},
        {"endpoint": "http://collector:4318/v1/metrics", "plain_http": True},
        {"headers": {"X-Scope-OrgID": {"env": "HEYGEN_API_KEY"}}, "resource": {"deployment.environment.name": "production é"}},
        {"interval": "1s", "timeout": "500ms", "proxy_url": "http://proxy.example.com:3128", "connect_timeout": "2s"},
    ],
)
def test_what_a_push_may_have(tmp_path: Path, own: dict[str, Any]) -> None:
    assert problems(write(tmp_path, pushing(**own))) == []


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        ({"endpoint": "http://collector:4318/v1/metrics"}, "endpoint: plain http would show the key to the network: use https (http is accepted "
         "for loopback only); in a private network, set `plain_http: true`"),
        ({"endpoint": "http://8.8.8.8/v1/metrics", "plain_http": True}, "endpoint: plain http would show the key to the internet: this address "
         "is public, use https"),
        ({"endpoint": f"https://user:{CANARY}@collector.example.com/"}, "endpoint: expected a URL such as https://api.example.com, without user, "
         "query or fragment"),
        ({"endpoint": f"{ENDPOINT}?key={CANARY}"}, "endpoint: expected a URL such as https://api.example.com, without user, query or fragment"),
        ({"interval": "500ms"}, "interval: expected 1s or more"),
        ({"headers": {"Content-Type": {"env": "HEYGEN_API_KEY"}}}, "headers.Content-Type: the exporter sets this header itself"),
        ({"headers": {"Authorization": {"value": CANARY}}}, "headers.Authorization.value: unknown key; expected env or file"),
        ({"headers": {"Authorization": {}}}, "headers.Authorization: expected exactly one of env and file"),
        ({"headers": {"Authorization": CANARY}}, "headers.Authorization: do not write the key here: put it in a file and use {file: PATH}, or in an environment variable and use {env: NAME}"),
        ({"headers": {"Authorization": {"env": "MISSING"}}}, "headers.Authorization: the environment variable MISSING is not set"),
        ({"headers": {"Authorization": {"env": "EMPTY"}}}, "headers.Authorization: the environment variable EMPTY is empty"),
        ({"resource": {"Service Name": "x"}}, "resource.(a name that is not shown): expected a name such as service.name"),
    ],
)  # fmt: skip
def test_what_a_push_may_not_have_is_a_problem_that_shows_no_secret(tmp_path: Path, own: dict[str, Any], problem: str) -> None:
    found = problems(write(tmp_path, pushing(**own)))
    assert found == [f"push.otlp.{problem}"]
    assert CANARY not in str(found)


@pytest.mark.parametrize("text", ["Basic dXNlcjprZXk=", " Bearer abc \n", "team-a", "Api-Token dt0c01.ABC"])
def test_the_value_of_a_header_may_contain_a_space(text: str) -> None:
    assert HeaderSource(env="OTLP").read({"OTLP": text}).get_secret_value() == text.strip()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (" \n", "is empty"),
        (f"Bearer {CANARY}\nX: y", "a line break"),
        (f"Bearer {CANARY}é", "non-ASCII"),
        ("Bearer ${TOKEN}", "the reference to a variable that nothing has replaced"),
        ("Bearer <token>", "a placeholder"),
    ],
)
def test_what_cannot_be_a_header_is_refused_without_being_shown(text: str, problem: str) -> None:
    with pytest.raises(CredentialError, match=problem) as error:
        HeaderSource(env="OTLP").read({"OTLP": text})
    assert CANARY not in str(error.value)


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.proto"])
@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_push_without_its_package_is_a_problem_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    result = CliRunner(env=dict(ENVIRON)).invoke(main, [command, "--config.file", str(write(tmp_path, pushing()))])
    assert result.exit_code == 2
    assert "push: needs a package that is not installed: pip install 'ai-account-exporter[otlp]'" in result.stderr
