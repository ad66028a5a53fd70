"""What a definition may contain, and how forms of YAML are read in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from exporter.errors import ConfigError, Problem
from exporter.model import Reason
from exporter.providers.credential import Credential
from exporter.providers.definition import Definition
from exporter.providers.library import load_definition
from exporter.validation.problems import problems_of
from tests.providers.examples import DEFINITIONS
from tests.providers.made_up import ACME, GET, WALLET, definition_of, refusal_of, with_quota


@pytest.mark.parametrize(
    "quotas",
    [
        [{**WALLET, "used": "a"}, {**WALLET, "limit": "b"}],
        [{**WALLET, "used": "a"}, {**WALLET, "unit": "credits", "used": "b"}],
        [{**WALLET, "used": "a"}, {**WALLET, "unit": {"select": "unit"}, "used": "b"}],
        [{**WALLET, "used": "a"}, {**WALLET, "resets_at": {"select": "end", "format": "unix"}}],
        [{**WALLET, "used": "a", "resets_at": {"period": "month"}}, {**WALLET, "limit": "b", "resets_at": {"period": "month"}}],
    ],
)
def test_one_resource_may_be_defined_in_parts_and_in_units(quotas: list[object]) -> None:
    assert len([*definition_of({"requests": [{**GET, "quotas": quotas}]}).quotas]) == 2


def test_the_same_part_may_be_in_requests_of_two_credentials() -> None:
    credentials = {"a": {"header": "X-A"}, "b": {"header": "X-B"}}
    requests = [{**GET, "credentials": [name], "optional": True, "quotas": [{**WALLET, "used": "a"}]} for name in credentials]
    requests.append({**GET, "path": "/v1/key"})
    assert len(definition_of({"credentials": credentials, "requests": requests}).requests_with("a")) == 2


@pytest.mark.parametrize("name", ["base_url", "verified", "min_interval"])
def test_a_definition_may_leave_out(name: str) -> None:
    assert getattr(Definition.model_validate({key: value for key, value in ACME.items() if key != name}), name) is None


def test_the_date_of_a_verification_is_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(f"{yaml.safe_dump(dict(ACME))}verified: {{level: documented, on: 2026-08-21, sources: ['https://docs.example.com']}}\n")
    verified = load_definition(path).verified
    assert verified is not None
    assert (verified.level, verified.on, verified.sources) == ("documented", date(2026, 8, 21), ("https://docs.example.com",))


def test_an_optional_request_is_named_by_its_path_and_its_query() -> None:
    first, second = definition_of({"requests": [GET, {**GET, "query": {"a": "{now:unix}", "b": "1"}, "optional": True}]}).requests
    assert (first.name, second.name) == ("/v1/balance", "/v1/balance?a={now:unix}&b=1")


@pytest.mark.parametrize(
    ("provider", "credential", "header"),
    [
        ("heygen", "api_key", {"X-Api-Key": "made-up"}),
        ("heygen", "access_token", {"Authorization": "Bearer made-up"}),
        ("elevenlabs", "api_key", {"xi-api-key": "made-up"}),
        ("liveavatar", "api_key", {"X-API-KEY": "made-up"}),
    ],
)
def test_a_credential_is_sent_in_the_vendors_header(provider: str, credential: str, header: dict[str, str]) -> None:
    assert DEFINITIONS[provider].credentials[credential].headers("made-up") == header


@pytest.mark.parametrize(
    ("credential", "headers", "query"),
    [
        ({"basic": {"user": "{sid}"}}, {"Authorization": "Basic QUMxOm1hZGUtdXA="}, {}),
        ({"basic": {"user": "fixed"}}, {"Authorization": "Basic Zml4ZWQ6bWFkZS11cA=="}, {}),
        ({"basic": {"password": ""}}, {"Authorization": "Basic bWFkZS11cDo="}, {}),
        ({"basic": {"password": "x y"}}, {"Authorization": "Basic bWFkZS11cDp4IHk="}, {}),
        ({"query": "api_key"}, {}, {"api_key": "made-up"}),
    ],
)
def test_a_secret_is_sent_as_its_credential_says(credential: object, headers: dict[str, str], query: dict[str, str]) -> None:
    own = Credential.model_validate(credential)
    assert own.headers("made-up", {"sid": "AC1"}) == headers
    assert own.query_parameters("made-up") == query


def test_codes_may_be_written_as_numbers() -> None:
    errors = definition_of({"errors": {"code": "code", "success": [100, "1000"], "reasons": {4003: "unauthorized"}}}).errors
    assert errors.success == {"100", "1000"}
    assert errors.reasons == {"4003": Reason.UNAUTHORIZED}


def test_a_shorthand_means_the_same_as_its_block() -> None:
    short, long = definition_of(with_quota(used="data.used")), definition_of(with_quota(used={"select": "data.used"}))
    assert short.model_dump(mode="json") == long.model_dump(mode="json")


def test_plain_http_is_accepted_for_loopback() -> None:
    assert definition_of({"base_url": "http://127.0.0.1:8080/"}).base_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("body: {from: {month_start:date}}", 'body.from: a placeholder needs quotes: "{month_start:date}"'),
        ("body:\n      from: {month_start:date}", 'body.from: a placeholder needs quotes: "{month_start:date}"'),
        ("body: {from: {month_start: date}}", 'body.from: a placeholder needs quotes: "{month_start:date}"'),
        ("body: {days: [{today-7d:date}, {today:date}]}", 'body.days[0]: a placeholder needs quotes: "{today-7d:date}"'),
        ("body: {team: {team}}", 'body.team: a placeholder needs quotes: "{team}"'),
        ("body: {team}", 'body: a placeholder needs quotes: "{team}"'),
        ("query: {from: {month_start:date}}", 'query.from: a placeholder needs quotes: "{month_start:date}"'),
        ("query: {team: {team}}", 'query.team: a placeholder needs quotes: "{team}"'),
    ],
)
def test_a_placeholder_without_quotes_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "acme.yaml"
    head = {**ACME, "params": {"team": {}}, "headers": {"x-team": "{team}"}}
    request = f"requests:\n  - path: /v1/balance\n    expect: data\n    method: POST\n    {text}\n"
    path.write_text(yaml.safe_dump({name: value for name, value in head.items() if name != "requests"}) + request)
    with pytest.raises(ConfigError) as caught:
        load_definition(path)
    assert f"requests[0].{problem}" in str(caught.value)


def test_a_placeholder_without_quotes_is_refused_in_headers_and_users(tmp_path: Path) -> None:
    changes = {"params": {"team": {}}, "headers": {"x-team": {"team": None}}, "credentials": {"key": {"basic": {"user": {"team": None}}}}}
    refusal = refusal_of(tmp_path / "acme.yaml", {**ACME, **changes})
    assert 'headers.x-team: a placeholder needs quotes: "{team}"' in refusal
    assert 'credentials.key.basic.user: a placeholder needs quotes: "{team}"' in refusal


@pytest.mark.parametrize(
    "body", [{"cursor": None}, {"variables": {"after": None, "first": 5}}, "text", {"query": "{ account { balance } }"}, None]
)
def test_a_body_may_contain_null_and_braces(body: Any) -> None:
    assert definition_of({"requests": [{**GET, "method": "POST", "body": body}]}).requests[0].body == body


@pytest.mark.parametrize("day", ["2026-11", "26.11.2026", "today", 2026, 1.5, True, ["2026-11-26"], None])
def test_a_date_is_expected(tmp_path: Path, day: Any) -> None:
    verified = {"level": "seen", "on": day, "sources": ["https://a.example"]}
    assert "verified.on: expected a date such as 2026-11-26" in refusal_of(tmp_path / "acme.yaml", {**ACME, "verified": verified})


@pytest.mark.parametrize(
    "changes",
    [
        {"requests": [{**GET, "status": "\ud800"}]},
        {"requests": [{**GET, "method": "POST", "body": {"\ud800": None, "{\ud800}": 1}}]},
        {"requests": [{**GET, "query": {"a": {"\ud800": None}}}]},
        with_quota(unit='"\\ud800".a', used="a"),
        with_quota(unit='"\ud800".a', used="a"),
        with_quota(limit={"select": '"\ud800"', "unlimited": None}),
        {"errors": {"reasons": {"a": "\ud800"}}},
        {"credentials": {"key": {"header": "A: \ud800"}}},
    ],
)
def test_half_a_character_is_reported_as_a_problem(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        definition_of(changes)
    assert all(str(Problem(found.place, found.message)) for found in problems_of(caught.value, Definition))


def test_a_placeholder_without_quotes_is_reported_with_the_other_problems(tmp_path: Path) -> None:
    request = {**GET, "method": "POST", "body": {"from": {"today:date": None}}, "expect": ".data"}
    refusal = refusal_of(tmp_path / "acme.yaml", {**ACME, "requests": [request]})
    assert "requests[0].body.from: a placeholder needs quotes" in refusal
    assert "requests[0].expect: " in refusal


def test_texts_of_several_lines_are_printed_on_one() -> None:
    """As YAML writes them with | and >."""
    definition = definition_of({"title": "Acme\nVoices\n", "notes": ["a\n  b\tc\n"], "permission": "read\nall"})
    assert (definition.title, definition.notes, definition.permission) == ("Acme Voices", ("a b c",), "read all")
