"""`providers test`: why a response fails the poll, and what cannot be tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from exporter.cli.main import main
from exporter.providers.response import MAX_BODY_BYTES
from tests.cli.acme import BODY, DEFINITION, tried


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"error": {"code": "no_scope"}}, 403, ["reason forbidden: HTTP 403 with the error code no_scope: the key needs the permission billing.read"]),
        ({}, 401, ["reason unauthorized: HTTP 401", "Check the key"]),
        ({"date": {}}, 200, ["reason invalid_response", "\nexpect is false: data is absent; did you mean 'date'?\nThe poll fails"]),
        ("<html>", 502, ["reason server_error: HTTP 502 with an HTML page"]),
        ("no JSON", 200, ["reason invalid_response", "it is not JSON"]),
    ],
)  # fmt: skip
def test_a_failure_is_explained(definition: Path, body: Any, status: int, expected: list[str]) -> None:
    result = tried(definition, body, "--status", str(status))
    assert result.exit_code == 1
    assert all(text in result.stdout for text in expected), result.stdout


def test_an_optional_request_that_fails_leaves_the_others(definition: Path) -> None:
    result = tried(definition, {}, "--request", "/v1/seats?since={month_start:date}", "--status", "403")
    assert "the other requests of the poll are not affected" in result.stdout
    assert result.exit_code == 1


def test_a_response_without_anything_to_export_is_exit_code_1(definition: Path) -> None:
    result = tried(definition, {"data": {}})
    assert result.exit_code == 1
    assert "No amount of this response would be exported." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["acmee"], "there is no provider 'acmee'; the command `providers` lists all\n"),
        (["missing.yaml"], "missing.yaml: no such file"),
        (["heygen", "--request", "/v3/users/mee"], "heygen has no request '/v3/users/mee'; did you mean '/v3/users/me'?\n"),
        (["openai", "--request", "x"], "openai has no request 'x'; its requests: /v1/organization/"),
        (["heygen", "--reason", "unauthorised"], "'unauthorised' is not one of"),
    ],
)
def test_what_cannot_be_tried_is_exit_code_2(arguments: list[str], expected: str) -> None:
    name, *rest = arguments
    result = tried(name, {"data": {}}, *rest)
    assert result.exit_code == 2
    assert expected in result.stderr


def test_a_file_that_cannot_be_read_or_is_too_large_is_exit_code_2(tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (5 * 2**20 + 1))
    for path, expected in ((tmp_path / "none.json", "No such file or directory"), (large, "larger than 5242880 bytes")):
        result = CliRunner().invoke(main, ["providers", "test", "heygen", "--answer", str(path)])
        assert (result.exit_code, expected in result.stderr) == (2, True)


ERRORS = "errors: {code: error.code, success: ['0'], reasons: {10009: unauthorized}}"


@pytest.mark.parametrize(
    ("errors", "body", "status", "expected"),
    [
        (ERRORS, {"errors": [{"code": 10009}]}, 401, "errors.code: error is absent; did you mean 'errors[0].code'?"),
        (ERRORS, {"message": "no"}, 401, "errors.code: error is absent\nthe definition finds no error code; the reason is from the HTTP status"),
        (ERRORS, {"error": {"code": None}}, 401, "errors.code: error.code is null\n"),
        (ERRORS, {"error": "no"}, 401, "errors.code: error is text\n"),
        (ERRORS, {"error": {"code": 99999}}, 403, "errors.code: error.code is 99999, which is not in errors.reasons; the reason is from the HTTP status"),
        (ERRORS, {"error": {"code": "99999"}}, 200, "errors.code: error.code is 99999, which is not in errors.reasons; it fails the poll: list it in errors.success if it means success; use `expect` for true and false, and for an object"),
        (ERRORS, {"error": {"code": {"a": 1}}}, 403, "errors.code: error.code is an object, which is not in errors.reasons"),
        (ERRORS, {"error": {"code": "10009"}}, 400, "errors.code: error.code is 10009; errors.reasons has unauthorized for it"),
        (ERRORS, {"error": {"code": 0}}, 500, "errors.code: error.code is 0, a code of errors.success"),
        (ERRORS, {"error": {"code": 0}, "data": []}, 200, "expect is false: data is a list of 0"),
        ("errors: {}", {"error": {"code": 0}}, 404, "the definition finds no error code; the reason is from the HTTP status"),
    ],
)  # fmt: skip
def test_a_failure_shows_what_its_expressions_find(tmp_path: Path, errors: str, body: Any, status: int, expected: str) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(f"{DEFINITION.partition('errors:')[0]}{errors}")
    result = tried(path, body, "--status", str(status))
    assert expected in result.stdout, result.stdout
    assert "The vendor sent no error code" not in result.stdout


def test_a_redirect_fails_whatever_its_body_contains(definition: Path) -> None:
    assert "errors.code" not in tried(definition, {"error": {"code": "no_scope"}}, "--status", "302").stdout


def test_an_expectation_that_finds_nothing_comes_first(definition: Path) -> None:
    lines = tried(definition, {"places": 4}, "--request", "/v1/seats").stdout.splitlines()
    assert lines[3] == "expect found nothing: seats is absent"


def test_a_response_that_a_poll_would_not_read_fails(definition: Path) -> None:
    result = tried(definition, {**BODY, "pad": "x" * MAX_BODY_BYTES})
    assert result.exit_code == 1
    assert (
        f"The poll fails with the reason invalid_response: the body of the response is larger than {MAX_BODY_BYTES} bytes." in result.stdout
    )
