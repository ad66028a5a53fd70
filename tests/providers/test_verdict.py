"""Whether an answer is a success, and if not, why: the body's code first, the HTTP status second."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import PollError
from exporter.model import Reason
from exporter.providers.verdict import accept, by_status
from tests.providers.examples import DEFINITIONS, read
from tests.providers.made_up import definition_of

ACME = definition_of(
    {"errors": {"code": ["error.kind", "error.code"], "success": [0], "reasons": {"no_money": "quota_exhausted", 42: "forbidden"}}}
)


def _verdict(status: int, body: object) -> Reason | None:
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
def test_a_status_alone_says(status: int, reason: str) -> None:
    assert by_status(status) == reason


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
def test_a_known_code_outranks_the_status(status: int, error: object, reason: Reason | None) -> None:
    assert _verdict(status, {"data": {"left": 1}, "error": error}) == reason


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_whatever_code_it_carries(status: int) -> None:
    assert _verdict(status, {"data": {"left": 1}, "error": {"code": "no_money"}}) is Reason.INVALID_RESPONSE


@pytest.mark.parametrize("data", [None, False, "", [], {}])
def test_what_selects_nothing_is_not_what_was_expected(data: object) -> None:
    assert _verdict(200, {"data": data}) is Reason.INVALID_RESPONSE


@pytest.mark.parametrize("data", [0, 0.0, True, "0", [None], {"left": None}])
def test_zero_is_something(data: object) -> None:
    assert _verdict(200, {"data": data}) is None


def test_an_expectation_that_cannot_be_computed_is_not_met() -> None:
    strict = definition_of({"requests": [{"path": "/", "expect": "sum(data)"}]})
    with pytest.raises(PollError) as caught:
        read(strict, 200, b'{"data": "text"}')
    assert caught.value.reason is Reason.INVALID_RESPONSE


def test_a_refused_permission_says_which_one_the_key_needs() -> None:
    with pytest.raises(PollError, match="needs the permission account:read"):
        read(DEFINITIONS["heygen"], 403, b"")


def test_a_refusal_of_another_kind_speaks_of_no_permission() -> None:
    with pytest.raises(PollError) as caught:
        read(DEFINITIONS["heygen"], 401, b"")
    assert "account:read" not in str(caught.value)


@settings(deadline=None)
@given(st.integers(min_value=200, max_value=599), st.text(min_size=8))
def test_a_message_holds_no_text_that_the_vendor_sent(status: int, text: str) -> None:
    body = {"data": text, "error": {"code": f"canary {text}", "message": text}}
    with pytest.raises(PollError) as caught:
        accept(ACME, ACME.requests[0], status, json.dumps(body).encode())
    assert "canary" not in str(caught.value)
