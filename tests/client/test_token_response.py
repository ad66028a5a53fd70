"""Any response of a token endpoint is accepted completely or not at all."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import example, given
from hypothesis import strategies as st

from exporter.client.token_response import TokenResponse
from exporter.client.transport import Response
from exporter.errors import PollError
from exporter.model import Reason


def judged(content: bytes, status: int = 200) -> TokenResponse | PollError:
    try:
        return TokenResponse.parse(Response(status, {}, content, []))
    except PollError as error:
        return error


ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["Bearer", "AT", "3600", 10**4000]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


FIELDS: Final = st.sampled_from(["access_token", "refresh_token", "token_type", "expires_in", "error"])


@given(st.dictionaries(FIELDS, ANYTHING))
@example({"access_token": "AT", "refresh_token": {}})
@example({"access_token": "AT", "expires_in": 10**4000})
def test_any_object_is_a_token_response_or_a_poll_error(body: dict[str, Any]) -> None:
    outcome = judged(json.dumps(body).encode())
    if isinstance(outcome, PollError):
        assert outcome.reason is Reason.INVALID_RESPONSE
        return
    assert outcome.lifetime >= 30
    for token in (outcome.access, outcome.refresh):
        assert token is None or (token.get_secret_value().isascii() and token.get_secret_value().isprintable())
        assert token is None or " " not in token.get_secret_value()


@given(st.binary(max_size=64))
@example(b'{"access_token": "AT", "expires_in": ' + b"9" * 5000 + b"}")
@example(b"\xff\xfe{")
@example(b'{"access_token": "\\ud800"}')
def test_any_bytes_are_a_token_response_or_a_poll_error(content: bytes) -> None:
    assert isinstance(judged(content), TokenResponse | PollError)
    refusal = judged(content, 400)
    assert isinstance(refusal, PollError)
    assert refusal.reason is Reason.CREDENTIAL
