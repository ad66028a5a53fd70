"""The rules for definition files, and the problems that are reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.errors import ConfigError
from exporter.model import Reason
from exporter.providers.library import load_definition
from tests.providers.examples import DEFINITIONS
from tests.providers.made_up import ACME, definition_of

GET = {"path": "/v1/balance", "expect": "data"}
WALLET = {"resource": "wallet", "unit": "usd"}


def _with_quota(**fields: object) -> dict[str, Any]:
    return {"requests": [{**GET, "quotas": [{**WALLET, **fields}]}]}


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({"colour": "blue"}, "colour: unknown key"),
    "an unknown key of a request": ({"requests": [{**GET, "body": "{}"}]}, "requests[0].body: unknown key"),
    "an unknown key of a quota": (_with_quota(left="a"), "requests[0].quotas[0].left: unknown key"),
    "an unknown info label": ({"requests": [{**GET, "info": {"email": "data.email"}}]}, "requests[0].info.email"),
    "bad JMESPath": (_with_quota(remaining="data..left"), "requests[0].quotas[0].remaining.select: is not a JMESPath expression"),
    "empty JMESPath": (_with_quota(remaining=""), "requests[0].quotas[0].remaining.select"),
    "bad JMESPath in `expect`": ({"requests": [{**GET, "expect": "data["}]}, "requests[0].expect: is not a JMESPath expression"),
    "bad JMESPath in a code": ({"errors": {"code": ["error.code", "error["]}}, "errors.code[1]: is not a JMESPath expression"),
    "a bad reason": ({"errors": {"code": "c", "reasons": {"broke": "poor"}}}, "errors.reasons.broke: expected "),
    "plain http": ({"base_url": "http://api.example.com"}, "base_url: plain http"),
    "plain http of a region": ({"regions": {"eu": "http://eu.example.com"}}, "regions.eu: plain http"),
    "an address with a key": ({"base_url": "https://api.example.com/?key=1"}, "base_url: expected a URL"),
    "a bad name": ({"name": "Acme Corp"}, "name: "),
    "a bad resource": (_with_quota(resource="Wallet"), "requests[0].quotas[0].resource: "),
    "a path without a slash": ({"requests": [{**GET, "path": "v1/balance"}]}, "requests[0].path: "),
    "a path with a line break": ({"requests": [{**GET, "path": "/v1\r\nX-Evil: 1"}]}, "requests[0].path: "),
    "no requests": ({"requests": []}, "requests: "),
    "no credentials": ({"credentials": {}}, "credentials: "),
    "a header with a colon": ({"credentials": {"key": {"header": "X: y"}}}, "credentials.key.header: "),
    "a bad time format": (_with_quota(resets_at={"select": "a", "format": "rfc2822"}), "requests[0].quotas[0].resets_at.format: expected "),
    "a time without a format": (_with_quota(resets_at={"select": "a"}), "requests[0].quotas[0].resets_at.format: is required"),
    "an endless scale": (_with_quota(used={"select": "a", "scale": float("inf")}), "requests[0].quotas[0].used.scale: "),
    "no unit": ({"requests": [{**GET, "quotas": [{"resource": "wallet"}]}]}, "requests[0].quotas[0].unit: is required"),
}  # fmt: skip


def _refusal(path: Path, content: object) -> str:
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_definition(path)
    return str(caught.value)


@pytest.mark.parametrize(("changes", "problem"), INVALID.values(), ids=INVALID)
def test_an_invalid_file_is_refused_with_its_name_and_the_path_of_the_problem(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    path = tmp_path / "acme.yaml"
    assert f"{path}: {problem}" in _refusal(path, {**ACME, **changes})


@pytest.mark.parametrize("changes", [changes for changes, _ in INVALID.values() if "requests" not in changes])
def test_one_problem_is_reported_once(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert len(_refusal(tmp_path / "acme.yaml", {**ACME, **changes}).splitlines()) == 1


@pytest.mark.parametrize("changes", [changes for changes, problem in INVALID.values() if problem.startswith("requests[")])
def test_one_problem_inside_a_request_is_reported_once(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert len(_refusal(tmp_path / "acme.yaml", {**ACME, **changes}).splitlines()) == 1


def test_an_invalid_selected_unit_is_reported_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    assert f"{path}: requests[0].quotas[0].unit.select: " in _refusal(path, {**ACME, **_with_quota(unit={"select": "a["})})


@pytest.mark.parametrize(
    "requests",
    [[{**GET, "quotas": [WALLET, WALLET]}], [{**GET, "quotas": [WALLET]}, {**GET, "quotas": [{**WALLET, "unit": "credits"}]}]],
    ids=["in one request", "in two requests"],
)
def test_a_resource_that_is_defined_twice_is_refused(tmp_path: Path, requests: list[object]) -> None:
    path = tmp_path / "acme.yaml"
    refusal = _refusal(path, {**ACME, "requests": requests})
    assert str(path) in refusal
    assert "the resource 'wallet' is defined twice" in refusal


@pytest.mark.parametrize("content", [None, [], "text", 5], ids=str)
def test_a_file_that_is_no_mapping_is_refused_with_its_name(tmp_path: Path, content: object) -> None:
    path = tmp_path / "acme.yaml"
    assert _refusal(path, content) == f"{path}: expected a block of `key: value` lines"


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path / "acme.yaml", {**ACME, "title": "", "base_url": "http://api.example.com", "colour": "blue"})
    assert [place in refusal for place in ("title: ", "base_url: ", "colour: ")] == [True, True, True]


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


def test_codes_may_be_written_as_numbers() -> None:
    errors = definition_of({"errors": {"code": "code", "success": [100, "1000"], "reasons": {4003: "unauthorized"}}}).errors
    assert errors.success == {"100", "1000"}
    assert errors.reasons == {"4003": Reason.UNAUTHORIZED}


def test_a_shorthand_means_the_same_as_its_block() -> None:
    short, long = definition_of(_with_quota(used="data.used")), definition_of(_with_quota(used={"select": "data.used"}))
    assert short.model_dump(mode="json") == long.model_dump(mode="json")


def test_plain_http_is_accepted_for_loopback() -> None:
    assert definition_of({"base_url": "http://127.0.0.1:8080/"}).base_url == "http://127.0.0.1:8080"
