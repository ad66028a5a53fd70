"""The rules for all definitions that depend on no example: statuses, bodies that are no answer, credentials, addresses."""

from __future__ import annotations

import base64

import pytest

from exporter.errors import PollError
from exporter.model import Reason
from exporter.providers.request_fields import Request
from tests.providers.examples import DEFINITIONS, Example, read
from tests.providers.figures import figures
from tests.providers.places import each_happy, is_zero

REASON_OF_STATUS = {
    401: "unauthorized",
    402: "quota_exhausted",
    403: "forbidden",
    404: "client_error",
    408: "client_error",
    422: "client_error",
    429: "rate_limited",
    500: "server_error",
    502: "server_error",
    503: "server_error",
}
HTML = b"<!doctype html><html><body>Not the answer</body></html>"
NO_ANSWERS = {
    "HTML": HTML,
    "nothing": b"",
    "null": b"null",
    "an empty object": b"{}",
    "text": b'"text"',
    "a number": b"5",
    "invalid UTF-8": b'{"data": "\xff\xfe"}',
    "a nest of lists": b"[" * 100_000,
    "a nest of objects": b'{"data":' * 100_000 + b"1" + b"}" * 100_000,
}
each_provider = pytest.mark.parametrize("provider", DEFINITIONS)


def _reason(provider: str, status: int, content: bytes, request: Request | None = None) -> Reason | None:
    try:
        read(DEFINITIONS[provider], status, content, request)
    except PollError as error:
        return error.reason
    return None


@each_provider
def test_a_failure_without_a_code_is_classified_by_its_status(provider: str) -> None:
    for status, reason in REASON_OF_STATUS.items():
        for content in (b"", HTML, b"{}"):
            assert _reason(provider, status, content) == reason, (status, content)


@each_provider
def test_a_redirect_is_an_invalid_response(provider: str) -> None:
    assert {_reason(provider, status, b"") for status in (301, 302, 307, 308)} == {Reason.INVALID_RESPONSE}


@each_provider
def test_a_success_status_with_an_unusable_body_is_invalid(provider: str) -> None:
    for request in DEFINITIONS[provider].requests:
        for name, content in NO_ANSWERS.items():
            assert _reason(provider, 200, content, request) is Reason.INVALID_RESPONSE, (request.name, name)


@each_provider
def test_an_empty_list_is_invalid_or_a_sum_of_0(provider: str) -> None:
    for request in DEFINITIONS[provider].requests:
        if _reason(provider, 200, b"[]", request) is not Reason.INVALID_RESPONSE:
            assert all(is_zero(value) for value in figures(read(DEFINITIONS[provider], 200, b"[]", request)).values())


@each_happy
def test_a_good_body_with_another_status_is_a_failure(example: Example) -> None:
    provider = example.definition.name
    assert _reason(provider, 302, example.content, example.request) is Reason.INVALID_RESPONSE
    assert _reason(provider, 500, example.content, example.request) is Reason.SERVER_ERROR


@each_provider
def test_every_credential_is_sent_once(provider: str) -> None:
    definition = DEFINITIONS[provider]
    params = dict.fromkeys(definition.params, "made-up")
    for credential in definition.credentials.values():
        sent = {**credential.headers("made-up-key", params), **credential.query_parameters("made-up-key")}
        ((name, value),) = sent.items()
        assert name
        text = base64.b64decode(value.removeprefix("Basic ")).decode() if credential.basic else value
        assert text.count("made-up-key") == 1


@each_provider
def test_every_address_is_https(provider: str) -> None:
    definition = DEFINITIONS[provider]
    addresses = [definition.base_url or "https://own.example.com", definition.docs_url, *definition.regions.values()]
    addresses += [definition.billing_url] if definition.billing_url else []
    assert [address for address in addresses if not address.startswith("https://")] == []
