"""Whether a response is a success, and the reason if not: the body's code first, the HTTP status second."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from exporter.errors import Cause, PollError
from exporter.model import Reason
from exporter.providers.definition import Definition
from exporter.providers.response import accept, by_status
from tests.providers.examples import DEFINITIONS, read
from tests.providers.made_up import definition_of

ACME = definition_of(
    {"errors": {"code": ["error.kind", "error.code"], "success": [0], "reasons": {"no_money": "quota_exhausted", 42: "forbidden"}}}
)


def _reason_of(status: int, body: object) -> Reason | None:
    try:
        accept(ACME, ACME.requests[0], status, json.dumps(body).encode())
    except PollError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (199, "invalid_response"),
        (304, "invalid_response"),
        (400, "client_error"),
        (401, "unauthorized"),
        (402, "quota_exhausted"),
        (403, "forbidden"),
        (404, "client_error"),
        (418, "client_error"),
        (429, "rate_limited"),
        (499, "client_error"),
        (500, "server_error"),
        (529, "server_error"),
        (599, "server_error"),
    ],
)
def test_a_status_alone_has_a_reason(status: int, reason: str) -> None:
    assert by_status(status) == reason


def test_no_spend_limit_is_nothing_unless_the_body_has_another_reason() -> None:
    openai = DEFINITIONS["openai"]
    [request] = (each for each in openai.requests if each.optional)
    assert accept(openai, request, 404, b'{"error": {"type": "invalid_request_error"}}') is None
    for content, reason in ((b'{"error": {"code": "invalid_api_key"}}', Reason.UNAUTHORIZED), (b"<html>", Reason.CLIENT_ERROR)):
        with pytest.raises(PollError) as caught:
            accept(openai, request, 404, content)
        assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (401, {"code": "no_money"}, Reason.QUOTA_EXHAUSTED),
        (429, {"code": "no_money"}, Reason.QUOTA_EXHAUSTED),
        (500, {"code": "no_money"}, Reason.QUOTA_EXHAUSTED),
        (200, {"code": "no_money"}, Reason.QUOTA_EXHAUSTED),
        (200, {"code": 42}, Reason.FORBIDDEN),
        (200, {"code": "42"}, Reason.FORBIDDEN),
        (401, {"code": "novel"}, Reason.UNAUTHORIZED),
        (503, {"code": "novel"}, Reason.SERVER_ERROR),
        (200, {"code": "novel"}, Reason.INVALID_RESPONSE),
        (200, {"code": {}}, Reason.INVALID_RESPONSE),
        (200, {"code": True}, Reason.INVALID_RESPONSE),
        (403, {"code": {}}, Reason.FORBIDDEN),
        (401, {"kind": "no_money", "code": 42}, Reason.QUOTA_EXHAUSTED),
        (401, {"kind": "novel", "code": "no_money"}, Reason.QUOTA_EXHAUSTED),
        (200, {"kind": 0, "code": "no_money"}, Reason.QUOTA_EXHAUSTED),
        (401, {"code": 0}, Reason.UNAUTHORIZED),
        (200, {"code": 0}, None),
        (200, {"code": "0"}, None),
        (200, {"code": ""}, None),
        (200, {"code": None}, None),
        (200, {}, None),
        (204, None, None),
    ],
)
def test_a_known_code_takes_precedence_over_the_status(status: int, error: object, reason: Reason | None) -> None:
    assert _reason_of(status, {"data": {"left": 1}, "error": error}) == reason


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
def test_a_redirect_is_refused_with_any_code(status: int) -> None:
    assert _reason_of(status, {"data": {"left": 1}, "error": {"code": "no_money"}}) is Reason.INVALID_RESPONSE


@pytest.mark.parametrize("data", [None, False, "", [], {}])
def test_an_expectation_that_selects_nothing_fails(data: object) -> None:
    assert _reason_of(200, {"data": data}) is Reason.INVALID_RESPONSE


@pytest.mark.parametrize("data", [0, 0.0, True, "0", [None], {"left": None}])
def test_an_expectation_that_selects_zero_is_met(data: object) -> None:
    assert _reason_of(200, {"data": data}) is None


def test_an_expectation_that_cannot_be_computed_is_not_met() -> None:
    strict = definition_of({"requests": [{"path": "/", "expect": "sum(data)"}]})
    with pytest.raises(PollError) as caught:
        read(strict, 200, b'{"data": "text"}')
    assert caught.value.reason is Reason.INVALID_RESPONSE


def _error(status: int, content: bytes, definition: Definition = ACME, secret: SecretStr | None = None) -> PollError:
    with pytest.raises(PollError) as caught:
        accept(definition, definition.requests[0], status, content, secret)
    return caught.value


def _coded(code: object) -> bytes:
    return json.dumps({"error": {"code": code}}).encode()


@pytest.mark.parametrize(
    ("provider", "body"),
    [("heygen", {"error": {"code": "insufficient_api_key_scope"}}), ("elevenlabs", {"detail": {"status": "missing_permissions"}})],
)
def test_a_code_for_a_missing_permission_names_the_permission(provider: str, body: object) -> None:
    definition = DEFINITIONS[provider]
    error = _error(403, json.dumps(body).encode(), definition)
    assert str(error).endswith(f": the key needs the permission {definition.permission}")
    assert error.cause is Cause.PERMISSION


@pytest.mark.parametrize(
    ("provider", "code"),
    [
        ("heygen", "forbidden"),
        ("heygen", "restricted_region"),
        ("heygen", "account_suspended"),
        ("elevenlabs", "detected_unusual_activity"),
    ],
)
def test_another_code_is_shown_without_a_guess_at_its_cause(provider: str, code: str) -> None:
    error = _error(403, json.dumps({"error": {"code": code}, "detail": {"status": code}}).encode(), DEFINITIONS[provider])
    assert (str(error), error.reason, error.cause) == (f"HTTP 403 with the error code {code}", Reason.FORBIDDEN, Cause.OTHER_CODE)


def test_a_code_for_a_refused_key_is_the_cause() -> None:
    assert _error(403, b'{"error": {"code": "authentication_failed"}}', DEFINITIONS["heygen"]).cause is Cause.KEY


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"", "without a body"),
        (b" \n", "without a body"),
        (b"Forbidden", "with a body that is not JSON"),
        (b"<!DOCTYPE html>\n<HTML><body>Sorry</body></HTML>", "with an HTML page"),
        (b"<html><title>Attention Required! | Cloudflare</title></html>", "with an HTML page of Cloudflare"),
        (b"error code: 1020", "with a body that is not JSON"),
    ],
)
def test_a_refusal_that_is_not_json_is_described(status: int, content: bytes, shown: str) -> None:
    error = _error(status, content, DEFINITIONS["heygen"])
    assert (str(error), error.reason, error.cause) == (f"HTTP {status} {shown}", by_status(status), Cause.NOT_JSON)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refusal_without_a_code_has_no_cause(status: int) -> None:
    error = _error(status, b'{"message": "no"}')
    assert (str(error), error.cause) == (f"HTTP {status}", None)


@pytest.mark.parametrize("code", ["payment_issue", "Invalid.Request-Id", "E1020", 4003, 4003.0, "region:blocked", "a" * 24])
@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_a_code_that_looks_like_one_is_shown(status: int, code: object) -> None:
    text = str(int(code)) if isinstance(code, float) else str(code)
    assert f"with the error code {text}" in str(_error(status, _coded(code)))


@pytest.mark.parametrize(
    "code",
    [
        *("The key sk-live-abc is not valid", "https://example.com/x", "jane@example.com", "a" * 25, "x_" * 33, "5eC7et0a1b2c3d4e5f", ""),
        *(1234567, 0.5, "aGVsbG8gd29ybGQ=", "-", "a__b", "\u0440\u0443\u0441", "made_up_secret", "MADE_UP_SECRET"),
    ],
)
def test_a_code_that_does_not_look_like_one_or_contains_the_key_is_not_shown(code: object) -> None:
    for status in (400, 401, 403, 500):
        shown = str(_error(status, _coded(code), secret=SecretStr("made_up_secret")))
        assert shown in {f"HTTP {status}", f"HTTP {status} with an error code"}


@pytest.mark.parametrize("code", ["0", "0.0", "0e5", '"0"'])
def test_a_success_code_is_the_same_code_however_the_number_is_written(code: str) -> None:
    body = b'{"data": {"left": 1}, "error": {"code": ' + code.encode() + b"}}"
    assert accept(ACME, ACME.requests[0], 200, body)


def test_a_body_of_too_many_values_is_an_invalid_response() -> None:
    error = _error(200, b'{"data": [' + b"0," * 200_000 + b"0]}")
    assert (error.reason, str(error)) == (Reason.INVALID_RESPONSE, "HTTP 200, but the body cannot be read: too many values")


@settings(deadline=None)
@given(st.integers(min_value=200, max_value=599), st.text(min_size=8))
def test_a_message_contains_no_text_of_the_vendor(status: int, text: str) -> None:
    body = {"data": text, "error": {"code": f"canary {text}", "message": text}}
    with pytest.raises(PollError) as caught:
        accept(ACME, ACME.requests[0], status, json.dumps(body).encode())
    assert "canary" not in str(caught.value)
